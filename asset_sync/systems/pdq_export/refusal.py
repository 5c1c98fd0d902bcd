"""How a file is refused: the parts say what is wrong with it, the reader adds which file it is."""

from asset_sync.reconcile.errors import SourceError


class ExportRefused(SourceError):
    """An export file is not surely whole or not understood; one line with the file's name and the reason."""


class Refusal(Exception):
    """Why a file is refused, as the rest of a sentence that begins with its name."""
