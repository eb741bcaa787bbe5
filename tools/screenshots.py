"""Pictures of every screen, for the README and docs/screens.md: the gallery of the tests, drawn by Chromium.

Textual draws a screen as SVG; Chromium with Fira Code is the renderer that keeps its boxes aligned.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.screens.gallery import GALLERY
from tests.screens.hall import hall
from tests.screens.maintenance.gallery import EVERYTHING as STAFF
from tests.screens.maintenance.gallery import hung

DOCS = Path(__file__).parent.parent / "docs"
PICTURES = DOCS / "screens"
SIZES = ((80, 24), (120, 40))
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)


async def drawings(size: tuple[int, int]) -> AsyncIterator[tuple[str, str]]:
    """Name and SVG of each screen that is pictured, on a terminal of this size."""
    for touch in (False, True):
        async with hall(size=size, touch=touch) as there:
            for sample in GALLERY:
                if sample.picture and sample.touch is touch:
                    await there.hang(sample)
                    await there.pilot.pause()
                    yield sample.name, there.app.export_screenshot(title="Unlock Kiosk")
    for name, posed in STAFF.items():
        async with hung(posed, size) as app:
            yield f"staff-{name}", app.export_screenshot(title="Unlock Kiosk")


def paint(svg: str, target: Path, scratch: Path) -> None:
    """Draw an SVG as PNG of its own size, with few colours where ImageMagick is there to count them."""
    width, height = (round(float(length)) for length in _VIEW_BOX.findall(svg)[0])
    source, page = scratch / "screen.svg", scratch / "page.html"
    source.write_text(svg, encoding="utf-8")
    page.write_text(f'<body style="margin:0"><img src="{source.name}" width={width} height={height}>')
    subprocess.run(
        (
            *_CHROMIUM,
            f"--user-data-dir={scratch / 'profile'}",
            f"--window-size={width},{height}",
            f"--screenshot={target}",
            page.as_uri(),
        ),
        check=True,
        capture_output=True,
        timeout=120,
    )
    if shrink := shutil.which("convert"):
        few = (str(target), "-strip", "-dither", "None", "-colors", "64", f"png8:{target}")
        subprocess.run((shrink, *few), check=True)


def index(names: list[str]) -> str:
    """docs/screens.md: every picture with its name."""
    lines = ["# The screens", "", "Made by `make screenshots` from the gallery that the tests use.", ""]
    for name in names:
        lines += [f"## {name.replace('-', ' ').capitalize()}", "", f"![{name}](screens/{name}.png)", ""]
        lines += [f"[at 120x40](screens/{name}-120x40.png)", ""]
    return "\n".join(lines)


async def main() -> None:
    """Paint every picture anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    names: list[str] = []
    for size in SIZES:
        ending = "" if size == SIZES[0] else f"-{size[0]}x{size[1]}"
        async for name, svg in drawings(size):
            with tempfile.TemporaryDirectory() as scratch:
                await asyncio.to_thread(paint, svg, PICTURES / f"{name}{ending}.png", Path(scratch))
            if not ending:
                names.append(name)
    (DOCS / "screens.md").write_text(index(names), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
