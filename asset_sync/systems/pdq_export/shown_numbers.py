"""Numbers as a workbook's cells show them, where the format gives them more than their digits: 0004711042, SN-0042.

Of the libraries for Excel's formats, the one in Python (ssf) has been left since 2020; identifiers need this part alone.
"""

import re
from functools import cache
from typing import Final

_PIECES: Final = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(.)', re.DOTALL)
_LITERALS: Final = frozenset(" -/():+")


def shown(number: float, number_format: str) -> str | None:
    """Return a whole number as its format shows it, None where that adds nothing to its digits (or changes what it is)."""
    pieces = _pieces(number_format)
    if pieces is None or number != number // 1 or number < 0:
        return None
    digits, placed = list(str(int(number))), []
    places = sum(is_digit for _, is_digit in pieces)
    for piece, is_digit in reversed(pieces):
        if not is_digit:
            placed.append(piece)
            continue
        places -= 1
        # Whatever has no place of its own stands at the first one.
        own = "".join(digits) if not places else digits[-1] if digits else ""
        digits = [] if not places else digits[:-1]
        placed.append(own or ("0" if piece == "0" else ""))
    return "".join(reversed(placed))


@cache
def _pieces(number_format: str) -> tuple[tuple[str, bool], ...] | None:
    """Return what a format consists of, texts and places of digits; None for General and for all that counts otherwise."""
    pieces: list[tuple[str, bool]] = []
    for found in _PIECES.finditer(number_format.partition(";")[0]):
        quoted, escaped, plain = found.groups()
        if plain is None:
            pieces.append((quoted or escaped or "", False))
        elif plain in "0#?":
            pieces.append((plain, True))
        elif plain in _LITERALS:
            pieces.append((plain, False))
        else:
            return None
    return tuple(pieces) if any(is_digit for _, is_digit in pieces) else None
