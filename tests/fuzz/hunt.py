"""Coverage-guided fuzzing of one target: ``python -m tests.fuzz.hunt TARGET --runs N --seed N``.

What it finds it prints as one line of hexadecimal, to be added to the corpus with a remark.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["cardio"]):
    from tests.fuzz.corpus import seeds
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until so many runs are done, or something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=4096, help="of what is made up, in bytes")
    options = parser.parse_args()
    target = TARGETS[options.target]

    def once(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            print(f"found for {options.target}: {data.hex()}", file=sys.stderr, flush=True)
            raise

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(options.target)):
            (Path(folder) / f"{number:04}").write_bytes(seed)
        flags = [
            f"-runs={options.runs}",
            f"-seed={options.seed}",
            f"-max_len={options.max_length}",
            "-timeout=60",
        ]
        atheris.Setup(
            [
                sys.argv[0],
                folder,
                *flags,
                f"-artifact_prefix={folder}/",
                "-verbosity=0",
                "-print_final_stats=1",
            ],
            once,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
