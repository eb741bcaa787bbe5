"""On a console only signs are drawn that its font has: letters, Latin-1, single and double lines."""

from __future__ import annotations

from tests.sampling import sample
from tests.screens.gallery import GALLERY
from tests.screens.hall import hall

_LINES = set("─│┌┐└┘├┤┬┴┼═║╔╗╚╝")
_TEXT = {"…"}  # in the masked address; every Lat font of Debian's console-setup has it


async def test_a_console_can_draw_every_sign() -> None:
    strange: dict[str, str] = {}
    for touch in (False, True):
        async with hall(sixteen=True, touch=touch) as there:
            pictured = [one for one in GALLERY if one.picture and one.touch is touch]
            for hung in sample(pictured, 6):
                await there.hang(hung)
                for line in there.screen._compositor.render_strips():
                    for sign in line.text:
                        if ord(sign) > 0xFF and not sign.isalpha() and sign not in _LINES | _TEXT:
                            strange[sign] = hung.name
    assert not strange
