"""Figures at several sizes, and whether they grow as documented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.bench.steps import Figure, Growth

_FACTOR = 2  # how much an item may take in one size of what it takes in another
_MB = 2**20

Figures = Mapping[int, Figure]  # by size


def worsening(figures: Figures, growth: Growth) -> float:
    """What an item takes in the largest store, as a multiple of what it takes in the smallest.

    What is long is judged by the work: for minutes on end no machine is left alone.
    """
    each = [_taken(figures[size], growth) / max(1, figures[size].items) for size in sorted(figures)]
    return each[-1] / each[0]


def as_documented(figures: Figures, growth: Growth) -> bool:
    """Whether an item takes as long in a large store as in a small one, or nearly, or less."""
    return worsening(figures, growth) < _FACTOR


def _taken(figure: Figure, growth: Growth) -> float:
    return figure.work if growth is Growth.LINEAR else figure.seconds


def headings(sizes: Sequence[int]) -> list[str]:
    """The columns of `row`."""
    return ["", *(f"{size} cards" for size in sorted(sizes)), "an item", "work", "ratio", "memory", "growth"]


def row(name: str, figures: Figures, growth: Growth) -> list[str]:
    """What a step took at each size; an item, and memory beyond that of the bare program, at the largest."""
    largest = figures[max(figures)]
    verdict = growth.value if as_documented(figures, growth) else f"NOT {growth.value}"
    return [
        name,
        *(_time(figures[size].seconds) for size in sorted(figures)),
        _time(largest.seconds / max(1, largest.items)),
        _time(_taken(largest, growth) / max(1, largest.items)),
        f"{worsening(figures, growth):.2f}",
        f"{largest.peak / _MB:.0f} MB",
        verdict,
    ]


def _time(seconds: float) -> str:
    for unit, factor in (("s", 1), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.1f} {unit}"
    return f"{seconds * 1e6:.0f} µs"
