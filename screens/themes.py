"""The colours: light, high contrast, and both again in the 16 colours of a console.

Screens know these names only. Each stands for a meaning, not for a colour: `here` is where the
person is, `go` what to do next or what is done, `no` a refusal, `care` a warning.
"""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

from screens.look import Look

AA_LARGE, AAA = 3.0, 7.0  # contrast ratios, WCAG 2.2, 1.4.11 and 1.4.6

# Text and what it stands on: each pair keeps 7:1 in every theme.
PAIRS = (
    ("ink", "paper"),
    ("soft", "paper"),
    ("here", "paper"),
    ("go-ink", "paper"),
    ("no-ink", "paper"),
    ("bar-ink", "bar"),
    ("foot-ink", "foot"),
    ("go-text", "go"),
    ("no-text", "no"),
    ("care-text", "care"),
    ("key-ink", "key"),
    ("staff-ink", "staff"),
)

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#10151c",
    "soft": "#46505f",
    "line": "#6f7c91",
    "bar-ink": "#ffffff",
    "foot": "#e6ebf5",
    "foot-ink": "#1d2733",
    "go": "#005e2b",
    "go-text": "#ffffff",
    "go-ink": "#005e2b",
    "no": "#fdecec",
    "no-text": "#9b0000",
    "no-ink": "#a30000",
    "care": "#ffe08a",
    "care-text": "#332400",
    "key": "#e6ebf5",
    "key-ink": "#10151c",
    "staff": "#20262e",
    "staff-ink": "#ffffff",
}
_CONTRAST = {
    "paper": "#000000",
    "ink": "#ffffff",
    "soft": "#dcdcdc",
    "line": "#a8a8a8",
    "here": "#ffdd00",
    "bar": "#00267a",
    "bar-ink": "#ffffff",
    "foot": "#262626",
    "foot-ink": "#ffffff",
    "go": "#62f08c",
    "go-text": "#000000",
    "go-ink": "#62f08c",
    "no": "#3a0000",
    "no-text": "#ffc4c4",
    "no-ink": "#ff9e9e",
    "care": "#ffdd00",
    "care-text": "#000000",
    "key": "#333333",
    "key-ink": "#ffffff",
    "staff": "#4a0038",
    "staff-ink": "#ffffff",
}
# On a console a bright background may not exist, so only the eight dark ones are used as such.
_CONSOLE = {
    "paper": "ansi_black",
    "ink": "ansi_white",
    "soft": "ansi_white",
    "line": "ansi_white",
    "here": "ansi_bright_cyan",
    "bar": "ansi_blue",
    "bar-ink": "ansi_bright_white",
    "foot": "ansi_white",
    "foot-ink": "ansi_black",
    "go": "ansi_black",
    "go-text": "ansi_bright_green",
    "go-ink": "ansi_bright_green",
    "no": "ansi_red",
    "no-text": "ansi_bright_white",
    "no-ink": "ansi_bright_yellow",
    "care": "ansi_black",
    "care-text": "ansi_bright_yellow",
    "key": "ansi_black",
    "key-ink": "ansi_white",
    "staff": "ansi_white",
    "staff-ink": "ansi_black",
}
_CONSOLE_CONTRAST = _CONSOLE | {
    "ink": "ansi_bright_white",
    "soft": "ansi_bright_white",
    "line": "ansi_bright_white",
    "here": "ansi_bright_yellow",
    "key-ink": "ansi_bright_white",
}


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def readable(colour: str, on: str = "#ffffff") -> str:
    """The colour, made darker until it keeps 7:1 with ``on``: a site may set a blue that does not."""
    found, ground = Color.parse(colour), Color.parse(on)
    while contrast(found, ground) < AAA:
        found = found.darken(0.02)
    return found.hex6.lower()


def themes(look: Look) -> tuple[Theme, Theme]:
    """The ordinary theme and the high-contrast one."""
    if look.sixteen:
        return _theme("console", _CONSOLE, ansi=True), _theme(
            "console-contrast", _CONSOLE_CONTRAST, ansi=True
        )
    blue = readable(look.site.blue)
    light = _LIGHT | {"here": blue, "bar": blue}
    return _theme("light", light, dark=False), _theme("contrast", _CONTRAST)


def _theme(name: str, colours: dict[str, str], *, dark: bool = True, ansi: bool = False) -> Theme:
    return Theme(
        name=name,
        primary=colours["here"],
        success=colours["go"],
        error=colours["no-ink"],
        warning=colours["care"],
        foreground=colours["ink"],
        background=colours["paper"],
        surface=colours["paper"],
        panel=colours["foot"],
        dark=dark,
        ansi=ansi,
        variables={
            **colours,
            "ansi-background": colours["paper"],
            "ansi-foreground": colours["ink"],
            "input-cursor-background": colours["ink"],
            "input-cursor-foreground": colours["paper"],
            "input-selection-background": colours["key"],
        },
    )
