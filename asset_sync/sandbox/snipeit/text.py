"""How Snipe-IT writes text: escapes and the names of custom columns.

Sources: the transformers of v8.1.4; issue 4870 of grokability/snipe-it says that the escapes are meant.
"""

import re
import unicodedata

_ESCAPES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&#039;", "<": "&lt;", ">": "&gt;"})
_NO_WORD = re.compile(r"[^a-z0-9]+")
_PREFIX = "_snipeit_"
_COLUMN_MOST = 50


def escape(text: str | None) -> str:
    """Laravel's `e()`: five characters as entities, what looks like an entity once more; None is the empty text."""
    return text.translate(_ESCAPES) if text else ""


def escape_or_none(text: str | None) -> str | None:
    """The same for columns where None stays null."""
    return text.translate(_ESCAPES) if text else None


def column_name(label: str, field_id: int) -> str:
    """The column of a custom field: prefix and slug cut to 50 characters, then the id, which alone is stable."""
    plain = unicodedata.normalize("NFKD", label.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    slug = _NO_WORD.sub("_", plain).strip("_")
    return f"{(_PREFIX + slug)[:_COLUMN_MOST]}_{field_id}"
