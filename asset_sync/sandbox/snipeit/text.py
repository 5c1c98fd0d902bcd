"""How Snipe-IT writes text: escapes, Markdown and the names of custom columns.

Sources: the transformers of v8.1.4; issue 4870 of grokability/snipe-it says that the escapes are meant. That notes keep
their quotes is what Parsedown does; of its Markdown, nothing but bold and italics is known here.
"""

import re
import unicodedata

_ESCAPES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&#039;", "<": "&lt;", ">": "&gt;"})
_LESS_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"\*(?=\S)(.+?)(?<=\S)\*")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_PREFIX = "_snipeit_"
_COLUMN_MOST = 50


def escape(text: str | None) -> str:
    """Laravel's `e()`: five characters as entities, what looks like an entity once more; None is the empty text."""
    return text.translate(_ESCAPES) if text else ""


def escape_or_none(text: str | None) -> str | None:
    """The same for columns where None stays null."""
    return text.translate(_ESCAPES) if text else None


def notes(text: str | None) -> str | None:
    """Notes as the API shows them: Markdown made inline HTML, quotes left as they are."""
    return inline_markdown(text.translate(_LESS_ESCAPES)) if text else None


def inline_markdown(text: str) -> str:
    """`**bold**` and `*italic*` as HTML; nothing is escaped."""
    return _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", text))


def column_name(label: str, field_id: int) -> str:
    """The column of a custom field: prefix and slug cut to 50 characters, then the id, which alone is stable."""
    plain = unicodedata.normalize("NFKD", label.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    slug = _NO_WORD.sub("_", plain).strip("_")
    return f"{(_PREFIX + slug)[:_COLUMN_MOST]}_{field_id}"
