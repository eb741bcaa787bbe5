"""`kiosk card enrol --fresh`, the admin key of a GIDS card, and `kiosk card clear-secret`."""

from __future__ import annotations

import pytest

from cardio.virtual.card import VirtualCard
from cardio.virtual.gids import GidsCard
from cardio.virtual.openpgp import OpenPgpCard
from cardio.virtual.piv import PivCard
from cardio.virtual.reader import VirtualReader
from kiosk import wiring
from kiosk.settings import Settings
from tests.kiosk.commands.shell import AN_OFFICER, GUID, PUK, Shell
from tests.kiosk.commands.test_cli_card import Desk

FACTORY_PUK, ADMIN_PIN, WRONG = "12345678", "60218834", "99990000"
KEY = bytes(range(24))
FRESH = ("card", "enrol", "40017", "--fresh", "--secret-stdin")
ENROL = ("card", "enrol", "40017", "--secret-stdin")
CHANGE, PUT_DATA = 0x24, 0xDA


def desk_with(shell: Shell, card: VirtualCard, monkeypatch: pytest.MonkeyPatch, family: str = "") -> Desk:
    """The desk of a site that has cards of that family."""
    if family:
        shell.add_settings(f'[cards]\nfamilies = ["{family}"]\n')
    return Desk(shell, card, monkeypatch)


@pytest.fixture
def card() -> PivCard:
    return PivCard(guid=bytes.fromhex(GUID), puk=FACTORY_PUK, tries=5)


@pytest.fixture
def desk(shell: Shell, card: PivCard, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(shell, card, monkeypatch)


def secret_kept(desk: Desk) -> str:
    """How the list tells of the only card's secret."""
    (listed,) = desk.shell.json("card", "list")
    return str(listed["unblock_secret"])


def sent(desk: Desk) -> int:
    """How many commands held a secret."""
    return sum(1 for each in desk.reader.faults.trace if each.header[1] in (0x20, CHANGE, 0x2C) and each.lc)


def test_a_fresh_puk_is_set_and_neither_is_shown(desk: Desk, card: PivCard) -> None:
    told = desk.shell.ok(*FRESH[:-1], typed=f"{FACTORY_PUK}\n{FACTORY_PUK}\n")
    assert "Present PUK" in told
    assert "A fresh PUK was set on the card, and is kept." in told
    assert card.state().puk != FACTORY_PUK
    assert FACTORY_PUK not in told
    assert card.state().puk not in told
    assert (secret_kept(desk), card.state().puk_tries_left) == ("kept", 5)
    audited = "SELECT actor, outcome FROM audit_event WHERE event = 'unblock-secret.replaced'"
    assert desk.shell.query(audited) == [(AN_OFFICER, "ok")]


def test_a_fresh_resetting_code_is_set_with_the_admin_pin_which_is_not_kept(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = OpenPgpCard(admin_pin=ADMIN_PIN)
    desk = desk_with(shell, card, monkeypatch, "openpgp")
    told = desk.shell.ok(*FRESH[:-1], typed=f"{ADMIN_PIN}\n{ADMIN_PIN}\n")
    assert "Present admin PIN" in told
    assert "A fresh resetting code was set on the card, and is kept." in told
    assert card.state().code_tries_left == 3
    assert (secret_kept(desk), card.state().admin_pin) == ("kept", ADMIN_PIN)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (PivCard(metadata=False), "does not tell how many tries of the PUK are left"),
        (PivCard(puk_tries_left=2), "the card has 2 tries of the PUK left, and 3 are needed"),
    ],
)
def test_a_card_without_tries_enough_is_refused_before_anything_is_asked(
    desk: Desk, card: PivCard, said: str
) -> None:
    desk.swap(card)
    told = desk.shell.fails(*FRESH[:-1])
    assert said in told
    assert "Present PUK" not in told
    assert (desk.shell.json("card", "list"), sent(desk)) == ([], 0)


def test_a_card_that_takes_no_fresh_secret_is_said_to(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_with(shell, GidsCard(), monkeypatch, "gids")
    assert "no fresh admin key can be set on cards of family 'gids'" in desk.shell.fails(*FRESH, typed="x")


@pytest.mark.parametrize("given", ["4821507", "482150777", "4821 5077", ""])
def test_what_can_be_no_puk_is_not_sent(desk: Desk, given: str) -> None:
    told = desk.shell.fails(*FRESH, typed=given)
    assert "PUK must" in told or "unblock secret as one line" in told
    assert not given or given not in told
    assert sent(desk) == 0


def test_a_wrong_puk_is_sent_once_and_another_gets_its_chance(desk: Desk, card: PivCard) -> None:
    told = desk.shell.fails(*FRESH, typed=WRONG)
    assert "the card refused the PUK you gave, which has 4 tries left: nothing was set" in told
    assert WRONG not in told
    assert desk.shell.json("card", "list") == [], "nothing is kept of it"
    assert "has refused this PUK before, so it is not sent again" in desk.shell.fails(*FRESH, typed=WRONG)
    assert "has refused this unblock secret before" in desk.shell.fails(*ENROL, typed=WRONG)
    assert card.state().puk_tries_left == 4
    desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    assert (secret_kept(desk), card.state().puk_tries_left) == ("kept", 5)


def test_a_mistyped_puk_does_not_take_the_place_of_the_right_one(desk: Desk, card: PivCard) -> None:
    desk.shell.ok(*ENROL, typed=FACTORY_PUK)
    kept = desk.shell.query("SELECT ciphertext FROM unblock_secret")
    assert "nothing was set" in desk.shell.fails(*FRESH, typed=WRONG)
    assert desk.shell.query("SELECT ciphertext FROM unblock_secret") == kept
    assert desk.shell.query("SELECT unblock_state FROM card") == [("usable",)]
    audited = "SELECT actor, outcome, reason FROM audit_event WHERE event = 'unblock-secret.failed'"
    assert desk.shell.query(audited) == [(AN_OFFICER, "refused", "at an officer's desk")]
    desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    assert (card.state().puk != FACTORY_PUK, card.state().puk_tries_left) == (True, 5)


def test_what_the_card_refuses_although_it_is_kept_is_marked(desk: Desk, card: PivCard) -> None:
    desk.shell.ok(*ENROL, typed=WRONG)
    desk.shell.fails(*FRESH, typed=WRONG)
    assert secret_kept(desk) == "refused"
    assert "has refused this PUK before" in desk.shell.fails(*FRESH, typed=WRONG)
    assert card.state().puk_tries_left == 4


def test_somebody_who_has_looked_lets_it_be_sent_again(desk: Desk, card: PivCard) -> None:
    desk.shell.fails(*FRESH, typed=WRONG)
    told = desk.shell.ok("card", "clear-secret", GUID, "--reason", "as in T-4711")
    assert f"The unblock secret of card piv:guid:{GUID} may be sent again." in told
    query = "SELECT actor, reason FROM audit_event WHERE event = 'unblock-secret.cleared'"
    assert desk.shell.query(query) == [(AN_OFFICER, "as in T-4711")]
    desk.shell.fails(*FRESH, typed=WRONG)
    assert card.state().puk_tries_left == 3


def test_clearing_needs_a_card_and_a_reason(desk: Desk) -> None:
    assert f"there is no card piv:guid:{GUID}" in desk.shell.fails(
        "card", "clear-secret", GUID, "--reason", "x"
    )
    desk.shell.fails(*FRESH, typed=WRONG)
    assert "the reason is empty" in desk.shell.fails("card", "clear-secret", GUID, "--reason", "")
    desk.shell.fails("card", "clear-secret", GUID, code=2)
    assert "has refused this PUK before" in desk.shell.fails(*FRESH, typed=WRONG)


def test_a_secret_that_the_card_has_accepted_does_not_give_way(desk: Desk, card: PivCard) -> None:
    desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    fresh, before = card.state().puk, sent(desk)
    told = desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    assert "Nothing was sent to it: it has accepted another PUK, which stays kept." in told
    assert "clear-secret" in told
    assert (card.state().puk, sent(desk)) == (fresh, before)
    kept = desk.shell.ok(*ENROL, typed=FACTORY_PUK)
    assert "It has accepted another PUK, which stays kept; the one you gave is not." in kept


def test_a_card_that_was_reset_is_enrolled_anew_once_somebody_has_looked(desk: Desk) -> None:
    desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    reset = PivCard(guid=bytes.fromhex(GUID), puk=FACTORY_PUK)
    desk.swap(reset)
    desk.shell.ok("card", "clear-secret", GUID, "--reason", "reset by the RA")
    desk.shell.ok(*FRESH, "--replace-key", typed=FACTORY_PUK)
    assert (reset.state().puk != FACTORY_PUK, reset.state().puk_tries_left) == (True, 3)


@pytest.mark.parametrize("happened", [True, False])
def test_torn_out_the_list_says_so_and_the_same_command_finishes(
    desk: Desk, card: PivCard, happened: bool
) -> None:
    fault = desk.reader.faults.lose_reply if happened else desk.reader.faults.pull_before
    fault(2, ins=CHANGE)  # the first is the card's answer to the present one
    assert "give the same command again" in desk.shell.fails(*FRESH, typed=FACTORY_PUK)
    assert secret_kept(desk) == "being replaced"
    desk.reader.insert(card)
    told = desk.shell.ok(*FRESH, typed=FACTORY_PUK)
    finished = "The fresh PUK of an earlier try is on the card, and is kept."
    assert (finished if happened else "A fresh PUK was set on the card") in told
    assert (secret_kept(desk), card.state().puk_tries_left) == ("kept", 5)


def test_a_wrong_admin_pin_does_not_end_what_was_begun(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    card = OpenPgpCard(admin_pin=ADMIN_PIN, resetting_code=PUK, tries=5)
    desk = desk_with(shell, card, monkeypatch, "openpgp")
    desk.reader.faults.lose_reply(ins=PUT_DATA)
    desk.shell.fails(*FRESH, typed=ADMIN_PIN)
    code = card.state().resetting_code
    assert code != PUK
    desk.reader.insert(card)
    told = desk.shell.fails(*FRESH, typed=WRONG)
    assert "the card refused the admin PIN you gave, which has 4 tries left: nothing was set" in told
    assert secret_kept(desk) == "being replaced"
    desk.shell.ok(*FRESH, typed=ADMIN_PIN)
    assert (secret_kept(desk), card.state().resetting_code) == ("kept", code)


def test_anothers_card_gets_no_fresh_secret(desk: Desk, card: PivCard) -> None:
    desk.shell.ok(*ENROL, typed=FACTORY_PUK)
    desk.shell.ok("holder", "add", "2", "Bob Smith")
    told = desk.shell.fails("card", "enrol", "2", "--fresh", "--secret-stdin", typed=FACTORY_PUK)
    assert "belongs to another holder" in told
    assert (card.state().puk, sent(desk)) == (FACTORY_PUK, 0)


def test_a_card_that_was_swapped_meanwhile_gets_none(
    desk: Desk, card: PivCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command reads the card, asks for the secret, and looks again."""
    swapped = PivCard(puk=FACTORY_PUK)

    def reader_of(_: Settings) -> VirtualReader:
        desk.swap(card if not desk.reader.faults.trace else swapped)
        return desk.reader

    monkeypatch.setattr(wiring, "pcsc_reader", reader_of)
    assert "this is another card than the one that was read" in desk.shell.fails(*FRESH, typed=FACTORY_PUK)
    assert {card.state().puk, swapped.state().puk} == {FACTORY_PUK}
    assert (desk.shell.json("card", "list"), sent(desk)) == ([], 0)


# -- a card that proves itself by its admin key -------------------------------------------------


def test_an_admin_key_is_tried_and_then_kept_as_proven(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_with(shell, GidsCard(admin_key=KEY), monkeypatch, "gids")
    told = desk.shell.ok(*ENROL, typed=KEY.hex())
    assert "the admin key is what proves it" in told
    assert KEY.hex() not in told
    assert desk.shell.query("SELECT unblock_state, secret_proven FROM card") == [("usable", 1)]


def test_a_wrong_admin_key_is_not_kept(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    number = bytes(range(16))
    card = GidsCard(admin_key=KEY, admin_tries=3, card_id=number)
    desk = desk_with(shell, card, monkeypatch, "gids")
    told = desk.shell.fails(*ENROL, typed=KEY[::-1].hex())
    assert "card and admin key do not know each other" in told
    assert "nothing was kept" in told
    assert (desk.shell.json("card", "list"), card.state().admin_tries_left) == ([], 2)
    for again in (KEY[::-1], KEY):
        assert "see 'kiosk card clear-secret'" in desk.shell.fails(*ENROL, typed=again.hex())
    assert card.state().admin_tries_left == 2
    clear = ("card", "clear-secret", f"gids:card-id:{number.hex()}", "--reason", "it was mistyped")
    desk.shell.ok(*clear)
    assert "there is no card" in desk.shell.fails(*clear), "there is nothing left to clear"
    desk.shell.ok(*ENROL, typed=KEY.hex())
    assert card.state().admin_tries_left == 3
