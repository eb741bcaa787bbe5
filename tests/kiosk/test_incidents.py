"""What the log may say of an exception nobody expected: types and places."""

from __future__ import annotations

from kiosk.incidents import redacted

SECRET = "58392017"


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """The exception as it is when it has been raised, with a secret in a local variable."""
    passcode = SECRET
    try:
        try:
            if cause is not None:
                raise cause
        except BaseException as first:
            raise error from first
        raise error
    except BaseException as raised:
        assert passcode
        return raised


def test_types_files_lines_and_functions() -> None:
    text = redacted(caught(KeyError(SECRET)))
    assert text.startswith("KeyError\n")
    assert "test_incidents.py:" in text
    assert " in caught" in text


def test_the_chain_of_causes() -> None:
    text = redacted(caught(RuntimeError(SECRET), cause=ValueError(SECRET)))
    assert [line for line in text.splitlines() if not line.startswith("  ")] == [
        "RuntimeError",
        "because of ValueError",
    ]


def test_a_context_that_was_suppressed_stays_so() -> None:
    error = RuntimeError(SECRET)
    error.__context__ = ValueError(SECRET)
    assert "because of ValueError" in redacted(error)
    error.__suppress_context__ = True
    assert "ValueError" not in redacted(error)


def test_no_message_no_argument_no_local_variable() -> None:
    for error in (
        caught(ValueError(f"no such passcode: {SECRET}")),
        caught(OSError(2, SECRET, SECRET), cause=KeyError(SECRET)),
        caught(ExceptionGroup(SECRET, [ValueError(SECRET)])),
        caught(UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET)),
    ):
        assert SECRET not in redacted(error)
