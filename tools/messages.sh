#!/bin/sh
# Takes the sentences of kiosk and screens into every catalogue of kiosk/locale, and compiles them.
# New sentences arrive untranslated; those that are gone are kept at the end, commented out.
# A language that kiosk.i18n names and that has no catalogue yet gets one.
set -eu
cd "$(dirname "$0")/.."
template=build/kiosk.pot

mkdir -p build
.venv/bin/pybabel --quiet extract --no-default-keywords --keyword=_ --keyword=n:1,2 \
    --add-comments=Translators: --add-location=file --sort-by-file --no-wrap \
    --project=unlock-kiosk --copyright-holder='Unlock Kiosk' --output-file="$template" kiosk screens
for language in $(.venv/bin/python -c 'from kiosk.i18n import LANGUAGES; print(*LANGUAGES[1:])'); do
    catalogue=kiosk/locale/$language/LC_MESSAGES/kiosk.po
    if [ -e "$catalogue" ]; then
        .venv/bin/pybabel --quiet update --domain=kiosk --locale="$language" --no-fuzzy-matching \
            --ignore-pot-creation-date --no-wrap --input-file="$template" --output-file="$catalogue"
    else
        mkdir -p "$(dirname "$catalogue")"
        .venv/bin/pybabel --quiet init --domain=kiosk --locale="$language" --no-wrap \
            --input-file="$template" --output-file="$catalogue"
    fi
done
.venv/bin/python -m tools.build_hook
