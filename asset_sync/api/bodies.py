"""Bodies as they are sent: how large one may be, and that it says each thing once."""

import json
from collections import Counter
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError


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
    """Raise RequestValidationError for JSON with a key twice in one object; what is no JSON is left to who reads it."""
    try:
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            told = {"type": "key_twice", "loc": ("body", name), "msg": f"it is there {count} times; send each key once"}
            raise RequestValidationError([told])
    return dict(pairs)
