"""What PIV cards in the field do differently from SP 800-73-4."""

from __future__ import annotations

from dataclasses import dataclass

from cardio.apdu import SW


@dataclass(frozen=True)
class Quirks:
    """How this card differs from the standard; each default is what the standard says."""

    wrong: int | None = None  # status word for a wrong passcode; None: 63Cx
    wrong_puk: int | None = None  # likewise for a wrong PUK
    locked: int = SW.AUTHENTICATION_METHOD_BLOCKED
    bad_format: int = SW.INCORRECT_DATA
    bad_format_costs_a_try: bool = False
    only_short_aid: bool = False  # SELECT takes the 5-byte form alone
    select_refuses_le: bool = False
    empty_select_response: bool = False
    gzip_certificates: bool = False
    other_aid: int = SW.NOT_FOUND  # status word for an application that is not there
    contactless: bool = False  # PIN and PUK are not to be given over this interface (part 2, 3.2.1)
    weak: tuple[
        str, ...
    ] = ()  # new PINs and PUKs that are refused with 6985, as by YubiKey's complexity rule
    refuses_equal: int | None = None  # status word for a new PUK that is the present one
    compares_anything: bool = False  # 8 bytes that are no PIN count as a wrong one, as on YubiKeys
