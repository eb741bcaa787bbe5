#!/bin/sh
# Prepares this checkout: the Debian packages that are missing, and .venv with pinned versions.
#   tools/setup.sh run           what the kiosk needs (make demo)
#   tools/setup.sh test          that, and what the checks need (make setup, make test): also
#                                build/cards-venv, with the virtual cards that others wrote
#   tools/setup.sh screenshots   that, and a browser that draws the pictures
# Takes a few milliseconds where nothing has changed: a stamp in each holds what it was made from.
# PYTHON=/path/to/python3 chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

level=${1:-test}
case $level in
    run) levels="run test screenshots" ;;
    test) levels="test screenshots" ;;
    screenshots) levels="screenshots" ;;
    *) echo "usage: tools/setup.sh run|test|screenshots" >&2; exit 2 ;;
esac

stop() {
    echo "setup: $*" >&2
    exit 1
}

# Everything that they are made from; the place too, because their scripts hold absolute paths.
fingerprint() {
    { pwd; cat constraints/*.txt pyproject.toml tools/setup.sh tools/build_hook.py tools/cards_build/*.py; } | sha256sum
}

ready() {
    [ -x .venv/bin/python ] || return 1
    [ "$level" = run ] || cards_ready || return 1
    for made in $levels; do
        if [ -f ".venv/ready-$made" ] && [ "$(cat ".venv/ready-$made")" = "$wanted" ]; then return 0; fi
    done
    return 1
}

cards_ready() {
    [ -x "$cards/bin/python" ] && [ -f "$cards/ready" ] && [ "$(cat "$cards/ready")" = "$wanted" ]
}

# The first Python of 3.11 or newer, or nothing.
find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

# The Debian packages of this level, one a line.
packages() {
    printf '%s\n' gcc libc6-dev swig libpcsclite-dev pkg-config # pyscard comes as source
    "$python" -c 'import os, sysconfig as s, sys; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' ||
        echo "python$version-dev"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "python$version-venv"
    if [ "$level" != run ]; then printf '%s\n' pcscd vsmartcard-vpcd yubico-piv-tool opensc openssl gnupg scdaemon tmux \
        postgresql softhsm2; fi
    if [ "$level" = screenshots ]; then printf '%s\n' chromium fonts-firacode; fi
}

missing_packages() {
    for package in $(packages); do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
            *" installed") ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

# Without systemd, pcscd's package would start the daemon by its old init script, and fail where that
# cannot be. The tests start their own; so no daemon starts while we install.
keep_daemons_down() {
    policy=/usr/sbin/policy-rc.d
    if [ -d /run/systemd/system ] || [ -e $policy ]; then return; fi
    trap '$as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
}

install_packages() {
    missing=$(missing_packages)
    missing=${missing% }
    [ -n "$missing" ] || return 0
    as_root=
    by_hand="apt-get update && apt-get install $missing"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || stop "missing: $missing. As root: $by_hand"
        as_root=sudo
        by_hand="sudo apt-get update && sudo apt-get install $missing"
    fi
    echo "setup: installing $missing"
    keep_daemons_down
    { $as_root apt-get -q update || true; $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=120 --no-install-recommends install $missing; } >"$log" 2>&1 </dev/null ||
        stop "missing: $missing. Install by hand: $by_hand (details: $log)"
}

# Into the environment that is the first argument.
pip_install() {
    environment=$1
    shift
    "$environment/bin/python" -m pip --quiet --disable-pip-version-check --no-input install \
        --no-build-isolation "$@" >>"$log" 2>&1
}

# A catalogue that was changed since it was compiled, by hand or by a pull, is compiled again.
compile_messages() {
    for catalogue in kiosk/locale/*/LC_MESSAGES/*.po; do
        if [ "$catalogue" -nt "${catalogue%.po}.mo" ]; then
            .venv/bin/python -m tools.build_hook || stop "the translations cannot be compiled"
            return
        fi
    done
}

make_venv() {
    if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        "$python" -m venv --clear .venv >"$log" 2>&1 || stop "missing: a .venv. Make one: $python -m venv .venv"
    fi
    rm -f .venv/ready-*
    pins=$level
    [ "$pins" != screenshots ] || pins=test
    for file in build "$pins"; do
        echo "setup: installing constraints/$file.txt into .venv"
        pip_install .venv --require-hashes --only-binary :all: --no-binary pyscard -r "constraints/$file.txt" ||
            stop "missing: packages of constraints/$file.txt. Try: .venv/bin/pip install" \
                "--no-build-isolation --require-hashes -r constraints/$file.txt (details: $log)"
    done
    pip_install .venv --no-deps --editable . ||
        stop "missing: the command kiosk. Try: .venv/bin/pip install --no-deps --no-build-isolation -e . (details: $log)"
}

# One package in it is called smartcard, as pyscard's is. Two come as source, and are built with
# tools/cards_build at hand: their build scripts ask for what Python 3.12 took away.
make_cards_venv() {
    "$cards/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        "$python" -m venv --clear "$cards" >>"$log" 2>&1 || stop "$cards cannot be made (details: $log)"
    rm -f "$cards/ready"
    for file in build cards; do
        echo "setup: installing constraints/$file.txt into $cards"
        PYTHONPATH=$PWD/tools/cards_build pip_install "$cards" --require-hashes --only-binary :all: \
            --no-binary smartcard,smartcard-app-openpgp -r "constraints/$file.txt" ||
            stop "missing: packages of constraints/$file.txt in $cards (details: $log)"
    done
    echo "$wanted" >"$cards/ready"
}

cards=build/cards-venv
wanted=$(fingerprint)
if ready; then
    compile_messages
    exit 0
fi

python=$(find_python)
[ -n "$python" ] || stop "missing: Python 3.11 or newer. Install it: apt-get install python3 (or give one: make PYTHON=/path/to/python3)"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
mkdir -p build
log=build/setup.log
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then install_packages; fi
make_venv
if [ "$level" != run ] && ! cards_ready; then make_cards_venv; fi
echo "$wanted" >".venv/ready-$level"
