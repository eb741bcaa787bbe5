"""Text keeps 7:1 in every theme, whatever blue a site sets."""

from __future__ import annotations

import pytest
from textual.color import Color

from kiosk.settings import Site
from screens.look import Look, sixteen_colours
from screens.themes import AAA, PAIRS, contrast, readable, themes

# What the Linux console draws (drivers/tty/vt/vt.c, default_red and its sisters).
_VGA = {
    "ansi_black": "#000000",
    "ansi_red": "#aa0000",
    "ansi_green": "#00aa00",
    "ansi_yellow": "#aa5500",
    "ansi_blue": "#0000aa",
    "ansi_magenta": "#aa00aa",
    "ansi_cyan": "#00aaaa",
    "ansi_white": "#aaaaaa",
    "ansi_bright_black": "#555555",
    "ansi_bright_red": "#ff5555",
    "ansi_bright_green": "#55ff55",
    "ansi_bright_yellow": "#ffff55",
    "ansi_bright_blue": "#5555ff",
    "ansi_bright_magenta": "#ff55ff",
    "ansi_bright_cyan": "#55ffff",
    "ansi_bright_white": "#ffffff",
}


def _colour(name: str) -> Color:
    return Color.parse(_VGA.get(name, name))


@pytest.mark.parametrize("blue", ["#004cb8", "#7fb2ff", "#ffffff", "#000000"])
@pytest.mark.parametrize("sixteen", [False, True])
def test_text_keeps_its_contrast(sixteen: bool, blue: str) -> None:
    for theme in themes(Look(site=Site(blue=blue), sixteen=sixteen)):
        for text, ground in PAIRS:
            found = contrast(_colour(theme.variables[text]), _colour(theme.variables[ground]))
            assert found >= AAA, f"{theme.name}: {text} on {ground} has {found:.1f}"


def test_a_console_gets_nothing_but_its_sixteen_colours() -> None:
    for theme in themes(Look(sixteen=True)):
        assert set(theme.variables.values()) <= set(_VGA)


def test_a_good_blue_is_left_alone() -> None:
    assert readable("#004cb8") == "#004cb8"
    assert readable("#7fb2ff") != "#7fb2ff"


def test_contrast_is_that_of_the_standard() -> None:
    black, white = Color.parse("#000000"), Color.parse("#ffffff")
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), white) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("colours", "term", "sixteen"),
    [
        ("auto", "xterm-256color", False),
        ("auto", "linux", True),
        ("auto", "linux-16color", True),
        ("16", "xterm-256color", True),
        ("auto", "", False),
    ],
)
def test_who_gets_sixteen_colours(colours: str, term: str, sixteen: bool) -> None:
    assert sixteen_colours(Site.model_validate({"colours": colours}), term) is sixteen
