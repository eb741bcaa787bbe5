"""The table "When a card goes in", for every state there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cardio.card import CardId, PasscodeFormat
from kiosk.journeys.offers import JOURNEY_OF, can_unblock, decide, has_secret, pending_code, refusal
from kiosk.refusals import Why
from kiosk.settings import Settings
from kiosk.steps import Offer, Purpose
from kiosk.storage.models import CardState
from kiosk.visit import Belief, Known, Pending, Sight, Visit

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
CARD = CardId("piv", "guid", "00")
TIMES = st.none() | st.timedeltas(timedelta(hours=-48), timedelta(hours=48)).map(lambda delta: NOW + delta)
RECOVERIES = {Offer.UNLOCK, Offer.FORGOTTEN, Offer.ASSISTANCE}


@st.composite
def pendings(draw: st.DrawFn) -> tuple[Pending, ...]:
    """Records that may be pending, one for each purpose."""
    purposes = draw(st.lists(st.sampled_from(list(Purpose)), unique=True, max_size=4))
    return tuple(
        Pending(
            id=number,
            purpose=purpose,
            email="ann@nhs.net",
            code_expires_at=draw(st.none() | st.just(NOW + timedelta(minutes=5))),
            sent_at=None,
            questions_at=draw(st.none() | st.just(NOW)),
            assisted=draw(st.booleans()),
        )
        for number, purpose in enumerate(purposes)
    )


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    """Any card of any holder."""
    registered = draw(st.booleans())
    known = Known(
        id=CARD,
        card=1,
        card_key="c",
        state=draw(st.sampled_from(CardState)),
        public_key=None,
        has_unblock_secret=draw(st.booleans()),
        holder=1,
        holder_key="h",
        holder_id="H1",
        name="Ann Jones",
        attempts_left=draw(st.integers(0, 3)),
        blocked=draw(st.booleans()),
        ra_email=draw(st.sampled_from(["", "ann@nhs.net"])),
        own_email="own@nhs.net" if registered else "",
        questions=("first-school",) * 4 if registered else (),
        registered=registered,
        usable_from=draw(TIMES) if registered else None,
        assistance=draw(st.booleans()),
        pending=draw(pendings()),
        open_write=None,
    )
    sight = Sight(
        id=CARD,
        tries_left=draw(st.none() | st.integers(0, 3)),
        unblock_tries=draw(st.none() | st.integers(0, 3)),
        passcode_format=PasscodeFormat(),
        certificate_ends=draw(TIMES),
        belief=draw(st.sampled_from(Belief)),
    )
    return Visit("AAA-BBB", 1, known, sight)


settings = st.sampled_from(
    [
        Settings().changed(unlock={"proofs": proofs})
        for proofs in (["questions", "email-code"], ["email-code", "questions"], ["email-code"])
    ]
)


@given(visits(), settings)
def test_no_recovery_without_an_unblock_secret_that_can_be_used(visit: Visit, settings: Settings) -> None:
    if not can_unblock(visit.known, visit.sight, settings):
        decision = decide(visit, settings, NOW)
        assert not RECOVERIES & set(decision.offers)
        if Offer.REGISTER not in decision.offers:
            assert decision.note in {Why.NO_UNBLOCK, Why.BLOCKED}


@given(visits(), settings)
def test_no_registration_that_could_never_lead_to_an_unlock(visit: Visit, settings: Settings) -> None:
    if Offer.REGISTER in decide(visit, settings, NOW).offers:
        assert has_secret(visit.known, visit.sight, settings)
        assert visit.sight.belief is not Belief.DOUBTED


@given(visits(), settings)
def test_a_usable_secret_is_there_was_never_refused_and_is_not_at_its_last_try(
    visit: Visit, settings: Settings
) -> None:
    usable = has_secret(visit.known, visit.sight, settings)
    assert usable == (visit.known.has_unblock_secret and visit.sight.unblock_tries in {None, 2, 3})


@given(visits(), settings)
def test_a_secret_is_sent_to_a_card_that_has_proven_itself_or_is_believed(
    visit: Visit, settings: Settings
) -> None:
    trusted = visit.sight.belief in {Belief.PROVEN, Belief.MUTUAL, Belief.BELIEVED}
    usable = has_secret(visit.known, visit.sight, settings)
    assert can_unblock(visit.known, visit.sight, settings) is (usable and trusted)


@given(visits(), settings)
def test_the_blocked_change_their_passcode_or_have_the_ras_word(visit: Visit, settings: Settings) -> None:
    if visit.known.blocked:
        decision = decide(visit, settings, NOW)
        assert set(decision.offers) <= {Offer.CHANGE_PASSCODE, Offer.ASSISTANCE}
        assert decision.note in {Why.BLOCKED, Why.NO_UNBLOCK}


@given(visits(), settings)
def test_a_locked_card_can_only_be_unlocked(visit: Visit, settings: Settings) -> None:
    decision = decide(visit, settings, NOW)
    if visit.sight.locked:
        assert set(decision.offers) <= {Offer.UNLOCK, Offer.ASSISTANCE}
        assert decision.offers or decision.note, "a dead end says why"
    else:
        assert Offer.CHANGE_PASSCODE in decision.offers
        assert Offer.UNLOCK not in decision.offers


@given(visits(), settings)
def test_unlocking_needs_every_proof(visit: Visit, settings: Settings) -> None:
    known = visit.known
    if {Offer.UNLOCK, Offer.FORGOTTEN} & set(decide(visit, settings, NOW).offers):
        assert known.email
        assert known.registered or "questions" not in settings.unlock.proofs
        assert known.usable_from is None or known.usable_from <= NOW


@given(visits(), settings)
def test_an_assistance_code_needs_an_address(visit: Visit, settings: Settings) -> None:
    if Offer.ASSISTANCE in decide(visit, settings, NOW).offers:
        assert visit.known.email


@given(visits(), settings)
def test_only_the_unregistered_register_and_only_the_registered_change(
    visit: Visit, settings: Settings
) -> None:
    offers = set(decide(visit, settings, NOW).offers)
    if Offer.REGISTER in offers:
        assert not visit.known.registered
    if {Offer.CHANGE_DETAILS, Offer.WITHDRAW} & offers:
        assert visit.known.registered


@given(visits(), settings)
def test_every_offer_is_made_once(visit: Visit, settings: Settings) -> None:
    offers = decide(visit, settings, NOW).offers
    assert len(offers) == len(set(offers))


@given(visits(), settings)
def test_a_code_is_only_asked_for_where_its_journey_can_go_on(visit: Visit, settings: Settings) -> None:
    pending = pending_code(visit, settings)
    if pending is None:
        return
    assert pending.code_expires_at is not None
    assert pending.purpose in JOURNEY_OF
    assert not visit.known.blocked or (pending.assisted and pending.purpose is Purpose.UNLOCK)
    if pending.purpose is Purpose.UNLOCK:
        assert can_unblock(visit.known, visit.sight, settings)
    else:
        assert not visit.sight.locked
    if pending.purpose is Purpose.REGISTER:
        assert not visit.known.registered


@given(visits(), settings)
def test_only_an_active_card_with_a_certificate_in_force_gets_so_far(
    visit: Visit, settings: Settings
) -> None:
    why = refusal(visit.sight, visit.known, settings, NOW)
    ends = visit.sight.certificate_ends
    if visit.known.state is not CardState.ACTIVE:
        assert why is Why.UNKNOWN_CARD
    else:
        assert why is (Why.CERTIFICATE_EXPIRED if ends is not None and ends <= NOW else None)


@given(visits(), settings)
def test_unknown_comes_before_everything(visit: Visit, settings: Settings) -> None:
    assert refusal(visit.sight, None, settings, NOW) is Why.UNKNOWN_CARD


@given(visits())
def test_beginning_afresh_forgets_drafts_and_keeps_proofs(visit: Visit) -> None:
    kept = {pending.purpose for pending in visit.afresh().known.pending}
    before = {pending.purpose for pending in visit.known.pending}
    assert before - kept == before & {Purpose.REGISTER, Purpose.CHANGE_EMAIL}


@given(visits(), settings)
def test_other_purposes_codes_do_not_change_what_is_offered(visit: Visit, settings: Settings) -> None:
    without = replace(visit, known=replace(visit.known, pending=()))
    assert decide(visit, settings, NOW) == decide(without, settings, NOW)
