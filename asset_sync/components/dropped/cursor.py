"""What a look at a folder saw, for the next one: files are told apart by digests of name, size and time."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

import orjson

_DIGEST: Final = 8


@dataclass(frozen=True)
class Cursor:
    """What the last look saw, by digests of name, size and time: what is settled, and what has to rest for one more look."""

    settled: frozenset[bytes] = frozenset()
    seen: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, written: str | None) -> "Cursor":
        """Read a cursor; without one, or with one that was cut off as it was written, nothing was ever seen."""
        try:
            told = orjson.loads(written or "{}")
            return cls(_unpacked(told["settled"]), _unpacked(told["seen"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    def __str__(self) -> str:
        """Write the cursor: eleven characters a file."""
        return orjson.dumps({"settled": _packed(self.settled), "seen": _packed(self.seen)}).decode()


def _packed(digests: frozenset[bytes]) -> str:
    return b64encode(b"".join(sorted(digests))).decode()


def _unpacked(written: str) -> frozenset[bytes]:
    packed = b64decode(written)
    return frozenset(packed[at : at + _DIGEST] for at in range(0, len(packed), _DIGEST))
