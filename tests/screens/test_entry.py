"""What people type, press and touch arrives; what they should not be able to send does not."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events

from kiosk.proofs.questions import CATALOGUE
from kiosk.steps import (
    AnswerQuestions,
    CodeChoice,
    ConfirmEmail,
    EnterAssistance,
    EnterCode,
    EnterPasscode,
    NewPasscode,
    Offer,
    Privacy,
    Purpose,
    SetQuestions,
    Welcome,
)
from screens.widgets.fields import Entry
from screens.widgets.keyboard import Letter, Turn
from screens.widgets.keys import Key
from screens.widgets.refusal import Refusal
from screens.widgets.say import Say, clean
from screens.widgets.slots import Slots
from tests.screens.gallery import DOMAINS, FORMAT, GALLERY, MASKED, QUESTIONS
from tests.screens.hall import Hall, hall

_PASSCODE = EnterPasscode(purpose=Purpose.REGISTER, tries_left=3, format=FORMAT)
_ANSWERS = AnswerQuestions(questions=QUESTIONS, attempts_left=3)
_QUESTIONS = SetQuestions(catalogue=tuple(CATALOGUE))
_HOSTILE = (
    "[/]",
    "Ann [HR]",
    "[@click=app.quit]x[/]",
    "\x1b]52;c;aGk=\x07",
    "\x9b31m",
    "{name}",
    "%s",
    "a\u202eb",
)


def _code(**changes: Any) -> EnterCode:
    sample = next(sample for sample in GALLERY if sample.name == "code").shown
    assert isinstance(sample, EnterCode)
    return EnterCode(**{**vars(sample), **changes})


async def _pose(there: Hall, step: Any) -> Any:
    answer = there.stage.pose(step)
    await there.settle()
    return answer


async def test_an_unlock_by_keys_takes_no_more_keys_than_promised() -> None:
    """Four answers, 8 digits, 2 x 6 digits, and 6 other keys."""
    typed = ("Hill Road", "Elm Row", "Mini", "Jones")
    others = 0
    async with hall() as there:
        answers = await _pose(there, _ANSWERS)
        for each in typed:
            await there.pilot.press(*(" " if sign == " " else sign for sign in each), "enter")
            others += 1
        assert tuple(one.get_secret_value() for one in await answers) == typed
        code = await _pose(there, _code())
        await there.pilot.press(*"41920635")
        assert (await code).get_secret_value() == "41920635"
        chosen = await _pose(there, NewPasscode(format=FORMAT))
        for _ in range(2):
            await there.pilot.press(*"193728", "enter")
            others += 1
        assert [one.get_secret_value() for one in await chosen] == ["193728", "193728"]
    assert others <= 6


async def test_a_passcode_by_touch_alone() -> None:
    async with hall() as there:
        answer = await _pose(there, _PASSCODE)
        pads = {pad.said: pad for pad in there.screen.query(Key) if pad.has_class("pad")}
        for sign in "1937":
            await there.touch(pads[sign])
        await there.touch(pads["OK"])
        assert not answer.done()
        assert "No try was lost" in there.screen.query_one(Refusal).said
        for sign in ("2", "9", "←", "8"):
            await there.touch(pads[sign])
        await there.touch(pads["OK"])
        assert (await answer).get_secret_value() == "193728"


async def test_an_address_by_touch_alone() -> None:
    async with hall(touch=True) as there:
        answer = await _pose(there, ConfirmEmail(masked=None, may_overwrite=True, domains=DOMAINS))
        for sign in "ann@nhs.net":
            await there.touch(next(key for key in there.screen.query(Letter) if key.said == sign))
        await there.touch(next(key for key in there.screen.query(Key) if key.said == "Next"))
        assert await answer == "ann@nhs.net"


async def test_accents_and_capitals_by_touch() -> None:
    async with hall(touch=True) as there:
        await _pose(there, _ANSWERS)
        capitals, accents = there.screen.query(Turn)

        async def type_(sign: str) -> None:
            await there.touch(next(key for key in there.screen.query(Letter) if key.said == sign))

        await there.touch(accents)
        await type_("ŵ")
        await there.touch(capitals)
        await type_("É")
        await there.touch(accents)
        await type_("Q")
        assert there.screen.query(Entry).first().value == "ŵÉQ"


async def test_fields_by_touch_alone_without_touch_mode() -> None:
    async with hall() as there:
        answer = await _pose(there, _ANSWERS)
        entries = list(there.screen.query(Entry))
        for entry in reversed(entries):
            await there.touch(entry)
            await there.pilot.press("x")
        button = next(key for key in there.screen.query(Key) if key.said == "Continue")
        await there.touch(entries[-1])
        await there.touch(button)
        assert len(await answer) == 4


@pytest.mark.parametrize("number", [1, 3])
async def test_a_choice_by_touch(number: int) -> None:
    offers = (Offer.CHANGE_PASSCODE, Offer.FORGOTTEN, Offer.WITHDRAW)
    async with hall() as there:
        answer = await _pose(there, Welcome(first_name="Ann", offers=offers))
        await there.touch(list(there.screen.query(".choice"))[number - 1])
        assert await answer is offers[number - 1]


async def test_help_language_contrast_and_stop_by_touch() -> None:
    async with hall() as there:
        answer = await _pose(there, _PASSCODE)

        async def touch(name: str) -> None:
            foot = [key for key in there.screen.query(Key) if key.has_class("foot-key")]
            await there.touch(next(key for key in foot if key.key == name))

        await touch("f1")
        assert there.screen.query_one("#explanation").has_class("-open")
        await there.touch(there.screen.query("#explanation Button").first())
        assert not there.screen.query_one("#explanation").has_class("-open")
        theme = there.app.theme
        await touch("f7")
        assert there.app.theme != theme
        await touch("f3")
        assert there.stage.language == "cy"
        await touch("escape")
        assert answer.exception() is not None


async def test_sending_again_waits_for_its_time() -> None:
    async with hall() as there:
        answer = await _pose(there, _code())
        await there.pilot.press("f4")
        assert not answer.done()
        again = await _pose(there, _code(resend_at=_code().expires_at.replace(year=2020)))
        await there.pilot.press("f4")
        assert await again is CodeChoice.SEND_AGAIN
        none = await _pose(there, _code(resend_at=None))
        await there.pilot.press("f4", "f5")
        assert not none.done()
        other = await _pose(there, _code(something_else=True))
        await there.pilot.press("f5")
        assert await other is CodeChoice.SOMETHING_ELSE


async def test_ten_digits_of_assistance() -> None:
    async with hall() as there:
        answer = await _pose(there, EnterAssistance())
        await there.pilot.press("1", "x", "backspace", *"4192063512")
        assert (await answer).get_secret_value() == "4192063512"


async def test_an_address_shown_is_confirmed_by_enter_alone() -> None:
    async with hall() as there:
        for may in (True, False):
            answer = await _pose(there, ConfirmEmail(masked=MASKED, may_overwrite=may, domains=DOMAINS))
            await there.pilot.press("enter")
            assert await answer is None


async def test_a_notice_is_accepted_and_a_long_one_can_be_read() -> None:
    async with hall() as there:
        answer = await _pose(there, Privacy(texts={"en": "line\n" * 60}))
        paper = there.screen.query_one(".paper")
        await there.pilot.press("down")
        assert paper.scroll_y > 0
        await there.pilot.press("enter")
        assert answer.done()


@pytest.mark.parametrize("hostile", _HOSTILE)
async def test_hostile_strings_are_drawn_as_they_are(hostile: str) -> None:
    shown = clean(hostile)
    async with hall(service_name=hostile[:40], ra_contact=hostile[:40]) as there:
        await _pose(there, Welcome(first_name=hostile, offers=(Offer.UNLOCK,)))
        assert shown in there.screen.query_one(".heading", Say).said
        assert shown in str(there.screen.query_one(".service", Say).visual)
        await _pose(
            there, ConfirmEmail(masked=hostile, may_overwrite=True, domains=(hostile,), typed=hostile)
        )
        assert "\x1b" not in there.app.export_screenshot()
        assert there.app.is_running


async def test_control_characters_cannot_be_typed_or_pasted() -> None:
    async with hall() as there:
        await _pose(there, _ANSWERS)
        entry = there.screen.query(Entry).first()
        entry.post_message(events.Paste("a\x1b[31mb\u202e\x9bc"))
        await there.settle()
        assert entry.value == "a[31mbc"


async def test_a_paste_of_five_megabytes() -> None:
    async with hall() as there:
        await _pose(there, _ANSWERS)
        entry = there.screen.query(Entry).first()
        entry.post_message(events.Paste("x" * 5_000_000))
        await there.settle()
        assert len(entry.value) == 100
        await _pose(there, _PASSCODE)
        slots = there.screen.query_one(Slots)
        slots.post_message(events.Paste("7" * 5_000_000))
        await there.settle()
        assert slots.count == FORMAT.max_length


async def test_secrets_are_in_no_repr_and_no_picture() -> None:
    async with hall() as there:
        await _pose(there, _ANSWERS)
        await there.pilot.press(*"Zebra")
        reprs = [repr(one) for one in there.screen.query("*")]
        assert "Zebra" not in "".join(reprs) + there.app.export_screenshot()
        await _pose(there, NewPasscode(format=FORMAT))
        await there.pilot.press(*"80418041")
        reprs = [repr(one) for one in there.screen.query("*")]
        assert "80418041" not in "".join(reprs) + there.app.export_screenshot()


async def test_show_shows_for_a_while_and_hides_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.screens.hall import wait_until

    monkeypatch.setattr("screens.step._SHOWN_FOR", 0.2)
    async with hall() as there:
        await _pose(there, _ANSWERS)
        await there.pilot.press(*"Zebra", "f6")
        entry = there.screen.query(Entry).first()
        assert not entry.password
        await wait_until(lambda: bool(entry.password))


async def test_an_address_is_never_masked_again_by_show() -> None:
    async with hall() as there:
        await _pose(there, ConfirmEmail(masked=None, may_overwrite=True, domains=DOMAINS))
        await there.pilot.press("a", "f6")
        assert not there.screen.query_one(Entry).password


async def test_slots_never_tell_an_earlier_length() -> None:
    async with hall() as there:
        pictures = []
        for typed in ("193728", "19372846"):
            await _pose(there, _PASSCODE)
            await there.pilot.press(*typed)
            answered = there.screen.query_one(Slots)
            await _pose(there, _PASSCODE)
            pictures.append(there.screen.query_one(Slots).render().plain)
            assert answered is not there.screen.query_one(Slots)
        assert pictures[0] == pictures[1]
