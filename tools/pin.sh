#!/bin/sh
# Writes constraints/: exact versions with hashes for every Python and platform, and no index's address.
#   build.txt   what builds pyscard and this project
#   run.txt     what the kiosk needs; a deployment installs this and the wheel
#   test.txt    all of it, and what the checks need
#   cards.txt   the virtual cards that others wrote, in an environment of their own
# Each file is held to the versions of the one before. Options go to uv (--upgrade).
set -eu
cd "$(dirname "$0")/.."

pin() {
    target=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command 'make constraints' --output-file "constraints/$target.txt" "$@"
    echo "constraints/$target.txt: $(grep -c '==' "constraints/$target.txt") packages"
}

pin test "$@" --group test pyproject.toml
pin run --constraints constraints/test.txt pyproject.toml
pin build --constraints constraints/test.txt --group build
pin cards --constraints constraints/test.txt --group cards
