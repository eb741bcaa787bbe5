"""The log in memory: the newest lines, messages alone."""

from __future__ import annotations

import logging

from kiosk.logbook import Logbook

log = logging.getLogger("kiosk.somewhere")


def test_the_newest_are_kept_and_counted() -> None:
    book = Logbook(kept=3)
    with book.listening():
        for number in range(5):
            log.info("line %d", number)
        logging.getLogger("screens.x").warning("from a screen")
        logging.getLogger("sqlalchemy").warning("not ours")
        log.debug("too fine")
    log.error("nobody listens any more")
    assert [record.text for record in book.records()] == ["line 3", "line 4", "from a screen"]
    assert book.count == 6
    assert [record.number for record in book.records()] == [4, 5, 6]


def test_of_an_exception_its_text_is_left_out() -> None:
    book = Logbook()
    with book.listening():
        try:
            raise ValueError("zebra-80418041")
        except ValueError:
            log.exception("it failed")
    (record,) = book.records()
    assert record.text == "it failed"


def test_levels_that_somebody_has_set_stay() -> None:
    logger = logging.getLogger("kiosk")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        book = Logbook()
        with book.listening():
            log.warning("not told")
        assert (book.count, logger.level) == (0, logging.ERROR)
    finally:
        logger.setLevel(before)
