"""Bodies as they are sent: how large one may be, and that it says each thing once."""

import json
from collections import Counter
from typing import Any, Final

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError

_MOST_DIGITS: Final = 4_300
"""Python makes no number of more, so that nobody has it count for hours."""
_TOO_LONG: Final = f"it has a number of more than {_MOST_DIGITS:,} digits"
_TOO_DEEP: Final = "it nests too deep"


async def each_key_once(request: Request) -> None:
    """Refuse a JSON body that has a key twice: of two modes the last one would count, whatever the first one says."""
    check_keys(await request.body())


async def body_of(request: Request, most: int) -> bytes:
    """Return a body of at most so many bytes, with each key once; 413 for a larger one, which is not read to its end."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413, f"the body is larger than {most} bytes")
    check_keys(bytes(body))
    return bytes(body)


def check_keys(body: bytes) -> None:
    """Raise RequestValidationError for JSON with a key twice in one object; what is no JSON is left to who reads it.

    So for what cannot be looked through here, though another reader might: numbers without end, and what nests too deep.
    """
    try:
        json.loads(body, object_pairs_hook=_once, parse_int=_short)
    except RecursionError:
        raise _refused("too_deep", _TOO_DEEP) from None
    except ValueError:
        return


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise _refused("key_twice", f"it is there {count} times; send each key once", name)
    return dict(pairs)


def _short(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _refused("too_long", _TOO_LONG)
    return int(digits)


def unreadable(cause: BaseException | None) -> str | None:
    """Return in words why FastAPI, which comes before all that is here, could not read a body; None for any other cause."""
    if isinstance(cause, RecursionError):
        return f"the body cannot be read: {_TOO_DEEP}"
    if isinstance(cause, UnicodeDecodeError):
        return "the body cannot be read: it is no UTF-8"
    return f"the body cannot be read: {_TOO_LONG}" if isinstance(cause, ValueError) else None


def _refused(kind: str, why: str, *key: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body", *key), "msg": why}])
