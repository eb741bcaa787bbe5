"""Every screen of the technician's side looks as it did."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.screens.maintenance.gallery import TOOLS, stage


@pytest.mark.parametrize("name", TOOLS)
def test_looks_as_it_did(name: str, snap_compare: Any) -> None:
    app, pose, _ = stage()
    assert snap_compare(app, run_before=partial(pose, posed=TOOLS[name]), terminal_size=(80, 24))
