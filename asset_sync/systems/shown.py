"""What is somebody else's, in words fit for a message of one line."""

from typing import Final

_SHOWN: Final = 80


def shown(text: object) -> str:
    """Return somebody else's text fit for one line of a message: on one line, printable, and short."""
    line = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * _SHOWN])
    line = " ".join(line.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 2**20:,.0f} MB"
