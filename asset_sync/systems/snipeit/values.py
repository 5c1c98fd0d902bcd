"""JSON of Snipe-IT's API as values for PostgreSQL: text, numbers and JSON text, in the form that COPY takes.

Each function takes what stands under a key and returns a value or None; it raises `Unreadable` for what it does not know,
and then the raw value is kept beside the row. Sources: facts/snipeit.md, "Value quirks" (the transformers of v8.1.4).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any, Final

import orjson

Row = Mapping[str, Any]

_ENTITIES: Final = {"&amp;": "&", "&quot;": '"', "&#039;": "'", "&lt;": "<", "&gt;": ">"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))
_MONEY: Final = re.compile(r"(-?)([\d.,' \u00a0\u202f]*?)(?:[.,](\d{1,2}))?")
_MONTHS: Final = re.compile(r"(\d+)\b\D*")
_BLANK_LINES: Final = re.compile(r"\n{2,}")
_FIELD_ID: Final = re.compile(r"_(\d+)$")

MASKED_KEY: Final = "------------"
"""What stands in the place of a product key that the token may not see."""
MASKED_FIELD: Final = frozenset({"ENCRYPTED", "VERSCHLüSSELT", "CHIFFRé", "ENCRIPTADO", "VERSLEUTELD"})
"""What stands in the place of an encrypted custom field, in the language of the token's user.

Source: AssetsTransformer and resources/lang of snipe/snipe-it; PHP puts ASCII letters alone in capitals.
"""


class Unreadable(ValueError):
    """A value of a form that is not known: what of it can be read all the same, and the rest (None: all of it)."""

    def __init__(self, read: object = None, rest: object = None) -> None:
        super().__init__()
        self.read = read
        self.rest = rest


_INT_MOST: Final = 2**31
_BIGINT_MOST: Final = 2**63
_MONEY_DIGITS: Final = 18


def text(value: object) -> str | None:
    """Return text with Laravel's five entities undone exactly once; the empty text is None, as Snipe-IT mixes the two."""
    if isinstance(value, str):
        if "&" in value:
            value = _ENTITY.sub(lambda found: _ENTITIES[found[0]], value)
        # PostgreSQL stores no null character.
        return value.replace("\x00", "") or None
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise Unreadable


def rendered(value: object) -> str | None:
    """Return the text of Markdown that comes as HTML, or of text that comes escaped: what a reader sees, without any tag.

    Emphasis is its text, a link its label with the address behind it where that is another one. Source: Parsedown in safe
    mode, as Snipe-IT 8.1.4 uses it: inline for notes, in blocks for EULAs.
    """
    if not isinstance(value, str) or ("<" not in value and "&" not in value):
        return text(value)
    reader = _Reader()
    reader.feed(value.replace("<br />\n", "\n"))
    reader.close()
    # PostgreSQL stores no null character.
    return reader.seen().replace("\x00", "") or None


class _Reader(HTMLParser):
    """Collects the text of HTML."""

    _BLOCKS = frozenset({"p", "ul", "ol", "li", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "tr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._in_blocks = False

    def seen(self) -> str:
        """Return the text; paragraphs are a blank line apart."""
        found = "".join(self._parts)
        return _BLANK_LINES.sub("\n\n", found).strip("\n") if self._in_blocks else found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._parts)))
        elif tag == "img":
            self._parts.append(dict(attrs).get("alt") or "")
        elif tag == "br":
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            address, start = self._links.pop()
            label = "".join(self._parts[start:])
            if address.removeprefix("mailto:") not in ("", label):
                self._parts.append(f" ({address})")
        elif tag in self._BLOCKS:
            self._in_blocks = True
            self._parts.append("\n\n" if tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        self._parts.append(data)


def word(value: object) -> str | None:
    """Return text in lower case: a category's type is a word for people, such as `Asset`."""
    found = text(value)
    return found and found.lower()


def integer(value: object) -> int | None:
    """Return a whole number that PostgreSQL's `integer` can hold, also one written as text."""
    return _whole(value, _INT_MOST)


def _whole(value: object, most: int) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise Unreadable from None
    if not -most <= number < most:
        raise Unreadable
    return int(number)


def flag(value: object) -> bool | None:
    """Return whether; some flags come as 0 and 1."""
    if value is None or value == "":
        return None
    if value in (0, 1, "0", "1"):
        return str(int(value)) == "1"
    raise Unreadable


def day(value: object) -> str | None:
    """Return the date of `{"date": "2026-01-05", …}`."""
    return _checked(value, "date", date.fromisoformat)


def moment(value: object) -> str | None:
    """Return the moment of `{"datetime": "2026-01-05 09:00:00", …}`, by the server's clock: it comes without a zone."""
    return _checked(value, "datetime", datetime.fromisoformat)


def _checked(value: object, key: str, parse: Any) -> str | None:
    if value is None or value == "":
        return None
    found = value.get(key) if isinstance(value, dict) else None
    try:
        parse(found)
    except (TypeError, ValueError):
        # What Snipe-IT cannot read itself comes as "… (Invalid date value.)".
        raise Unreadable from None
    return str(found)


def money(value: object) -> str | None:
    """Return a decimal number. `1,234.56` and `1.234,56` differ by a setting; cents always have two digits or are missing."""
    if value is None or value == "":
        return None
    found = _MONEY.fullmatch(str(value).strip())
    if found is None or not 0 < len(whole := re.sub(r"\D", "", found[2])) <= _MONEY_DIGITS:
        raise Unreadable
    return f"{found[1]}{whole}.{found[3] or '0'}"


def months(value: object) -> int | None:
    """Return the number in `36 months`, whose word is translated; `None` is written out for models."""
    if value in (None, "", "None"):
        return None
    found = _MONTHS.fullmatch(str(value)) if isinstance(value, str | int) else None
    if found is None:
        raise Unreadable
    return integer(found[1])


def identity(value: object) -> int | None:
    """Return the id of `{"id": 3, "name": …}`, whatever else is in it, or a bare id."""
    return _whole(value.get("id") if isinstance(value, dict) else value, _BIGINT_MOST)


def kind(value: object) -> str | None:
    """Return the type of `{"id": 3, "type": "user", …}`."""
    return text(value.get("type")) if isinstance(value, dict) else None


def identities(value: object, *, by_id: bool = False) -> str | None:
    """Return the ids of `{"total": 2, "rows": [{"id": 3}, …]}` as a PostgreSQL array, in their order or in that of the ids."""
    if value is None:
        return "{}"
    rows = value.get("rows") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise Unreadable
    found = [identity(row) or 0 for row in rows]
    return "{" + ",".join(map(str, sorted(found) if by_id else found)) + "}"


def custom_fields(value: object) -> str | None:
    """Return the filled custom fields as JSON by the field's id: the number at the end of the column, which alone is stable.

    One that is filled and hidden from the token is null. Of odd fields among others, the others are read.
    """
    if not value:
        return "{}"
    if not isinstance(value, dict):
        raise Unreadable
    found: dict[str, str | None] = {}
    odd: dict[str, object] = {}
    for label, shown in value.items():
        try:
            number, filled = _custom_field(shown)
        except Unreadable:
            odd[label] = shown
            continue
        if filled:
            found[number] = None if filled in MASKED_FIELD else filled
    if odd:
        raise Unreadable(json(found), odd)
    return json(found)


def field_number(column: str) -> str | None:
    """Return the id of the custom field that has a column of that name; None where the name is none of such a column."""
    found = _FIELD_ID.search(column)
    return found and found[1]


def _custom_field(shown: object) -> tuple[str, str | None]:
    number = field_number(str(shown.get("field"))) if isinstance(shown, dict) else None
    if number is None or not isinstance(shown, dict):
        raise Unreadable
    # Newer code renders this element as HTML, as it does notes.
    read = rendered if shown.get("element") == "markdown-textarea" else text
    return number, read(shown.get("value"))


def log_meta(value: object) -> str | None:
    """Return old and new by column as JSON; no differences come as the empty list that PHP makes of an empty array."""
    return unescaped({} if value == [] else value)


def unescaped(value: object) -> str | None:
    """Return JSON with all texts in it unescaped."""
    return None if value is None else json(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return text(value) if isinstance(value, str) else value


def json(value: object) -> str:
    """Return JSON as text, the same for the same value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
