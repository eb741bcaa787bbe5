"""References of visits, as people read them out and type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.visit import new_reference, reference_in


@pytest.mark.parametrize("typed", ["B9M-9ZK", "b9m-9zk", " b9m9zk ", "B9M 9ZK", "b9m–9zk", "b 9 m 9 z k"])
def test_a_reference_is_read_however_it_is_typed(typed: str) -> None:
    assert reference_in(typed) == "B9M-9ZK"


@pytest.mark.parametrize(
    "typed", ["", "-", "B9M-9Z", "B9M-9ZKK", "jones1", "B9M-9Z0", "ann@nhs.net", "bß9m-zk"]
)
def test_what_cannot_be_one_is_none(typed: str) -> None:
    assert reference_in(typed) == ""


@given(st.text(max_size=12))
def test_whatever_is_read_is_written_as_references_are(typed: str) -> None:
    read = reference_in(typed)
    assert read in ("", reference_in(read))


def test_every_new_one_is_read() -> None:
    for one in (new_reference() for _ in range(200)):
        assert reference_in(one.lower().replace("-", "")) == one
