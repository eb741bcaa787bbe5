"""The self-test goes through, whatever cards the site has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes

from cardio.virtual.piv_ca import CardCa
from kiosk.keyring import ring_in_memory
from kiosk.selftest.run import Selftest
from kiosk.settings import Settings
from kiosk.wiring import selftest_parts
from tests.stories.profiles import SILENT, described
from tests.stories.world import Post, empty_database

SITES: dict[str, dict[str, Any]] = {
    "piv": {},
    "piv-required": {"piv": {"card_authentication": "required"}},
    "piv-diversified": {"piv": {"unblock_secret": "diversified"}},
    "openpgp": {"families": ["openpgp"], "openpgp": {"card_authentication": "required"}},
    "gids": {"families": ["gids"]},
    "profile": described(SILENT)["cards"],
}


@pytest.mark.parametrize("cards", SITES.values(), ids=SITES)
@pytest.mark.parametrize("with_ca", [False, True])
async def test_it_goes_through(tmp_path: Path, cards: dict[str, Any], with_ca: bool) -> None:
    if with_ca:
        (tmp_path / "ca.pem").write_bytes(CardCa().pem)
        cards = {**cards, "piv": {**cards.get("piv", {}), "ca_file": tmp_path / "ca.pem"}}
    (tmp_path / "kiosk.db").write_bytes(empty_database())
    settings = Settings().changed(
        cards=cards, state={"directory": tmp_path}, mail={"sender": "kiosk@example.org"}, hashing={"cost": 10}
    )
    keys = ring_in_memory(SecretBytes(b"v" * 32), SecretBytes(b"p" * 32))
    report = await Selftest(selftest_parts(settings, keys, Post()), lambda _: None).run()
    assert report.ok, [step for step in report.steps if not step.ok]
