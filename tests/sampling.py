"""How much of everything a run looks at: `make check` takes a seeded sample, `make check-long` takes it all.

The environment decides: CHECK_LONG=1 for everything, CHECK_SEED=<number> for another sample.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import TypeVar

LONG = os.environ.get("CHECK_LONG", "") not in {"", "0"}
SEED = int(os.environ.get("CHECK_SEED", "1"))

T = TypeVar("T")


def sample(items: Iterable[T], size: int, of: str = "") -> list[T]:
    """All the items in a long run; otherwise ``size`` of them, in their order, the same for the same seed.

    ``of``: names what is sampled, where several lists are of one length and each wants others.
    """
    everything = list(items)
    if LONG or len(everything) <= size:
        return everything
    chosen = random.Random(f"{SEED} {of}" if of else SEED).sample(range(len(everything)), size)
    return [everything[index] for index in sorted(chosen)]
