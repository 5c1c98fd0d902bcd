"""How a file is refused: the parts say what is wrong with it, the reader adds which file it is."""

from asset_sync.reconcile.errors import SourceError

_SHOWN = 80


class ExportRefused(SourceError):
    """An export file is not surely whole or not understood; one line with the file's name and the reason."""


class Refusal(Exception):
    """Why a file is refused, as the rest of a sentence that begins with its name."""


def shown(text: object) -> str:
    """Return somebody else's text fit for one line of a message: on one line, printable, and short."""
    line = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * _SHOWN])
    line = " ".join(line.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 2**20:,.0f} MB"
