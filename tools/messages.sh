#!/bin/sh
# Takes the sentences of kiosk and screens into every catalogue of kiosk/locale, and compiles them.
# New sentences arrive untranslated; those that are gone are kept at the end, commented out.
set -eu
cd "$(dirname "$0")/.."
template=build/kiosk.pot

mkdir -p build
.venv/bin/pybabel --quiet extract --no-default-keywords --keyword=_ --keyword=n:1,2 \
    --add-comments=Translators: --add-location=file --sort-by-file --no-wrap \
    --project=unlock-kiosk --output-file="$template" kiosk screens
for catalogue in kiosk/locale/*/LC_MESSAGES/kiosk.po; do
    if [ -e "$catalogue" ]; then
        language=$(basename "$(dirname "$(dirname "$catalogue")")")
        .venv/bin/pybabel --quiet update --domain=kiosk --locale="$language" --no-fuzzy-matching \
            --ignore-pot-creation-date --no-wrap --input-file="$template" --output-file="$catalogue"
    fi
done
.venv/bin/python -m tools.build_hook
