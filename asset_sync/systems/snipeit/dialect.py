"""What a Snipe-IT writes by its settings and in the language of the token's user, made the same for all of them.

The words of actions and of types of categories become their codes: an unknown word is learned by asking for a row of each
code, which the lists take as a filter whatever the language. Custom DATE fields, which come in the display format alone,
become ISO dates: the format is learned from any pair such as `{"date": "2026-01-05", "formatted": "05.01.2026"}`.
Sources: recorded answers of Snipe-IT 8.1.4; its presenters, its list of display formats.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from asset_sync.systems.snipeit.client import SnipeItClient
from asset_sync.systems.snipeit.tables import Table
from asset_sync.systems.snipeit.values import Row

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FORMATS: Final = ("Y-m-d", "D M d, Y", "M j, Y", "d M, Y", "m/d/Y", "n/d/y", "d/m/Y", "d.m.Y", "Y.m.d", "Y.m.d.")
"""PHP's letters, as an administrator chooses them; the words in them are English in every language."""
_LETTERS: Final = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<year>\d{2})",
    "m": r"(?P<month>\d{2})",
    "n": r"(?P<month>\d{1,2})",
    "M": f"(?P<month>{'|'.join(_MONTHS)})",
    "d": r"(?P<day>\d{2})",
    "j": r"(?P<day>\d{1,2})",
    "D": f"(?:{'|'.join(_DAYS)})",
}
_PATTERNS: Final = {one: re.compile("".join(_LETTERS.get(letter, re.escape(letter)) for letter in one)) for one in _FORMATS}

_CODES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "activity": (
        "action_type",
        (
            *("update", "checkout", "checkin from", "create", "delete", "audit", "restore", "add seats", "delete seats"),
            *("merged", "requested", "request canceled", "accepted", "declined", "uploaded", "upload deleted", "note added"),
            "2FA reset",
        ),
    ),
    "categories": ("category_type", ("asset", "accessory", "consumable", "component", "license")),
}
"""The column of a table that comes as a word, and the codes that are stored for it."""
_ENGLISH: Final = {"create new": "create", "added seats": "add seats", "deleted seats": "delete seats"}


class Dialect:
    """Learns how a server writes, and makes its rows plain."""

    def __init__(self, client: SnipeItClient) -> None:
        self._client = client
        self._formats: tuple[str, ...] = _FORMATS
        self._unheard = {name: list(codes) for name, (_, codes) in _CODES.items()}
        self._words = {name: {**_ENGLISH, **{code.lower(): code for code in codes}} for name, (_, codes) in _CODES.items()}

    def plain(self, table: Table, rows: list[Row]) -> list[Row]:
        """Return rows of a table with codes for words and ISO dates for custom dates."""
        self._learn(rows)
        if table.name in _CODES:
            return [self._with_code(table, row) for row in rows]
        return [_with_dates(row, self._formats) for row in rows] if table.name == "hardware" else rows

    # Words.

    def _with_code(self, table: Table, row: Row) -> Row:
        column = _CODES[table.name][0]
        word = row.get(column)
        return {**row, column: self._code(table, word.lower())} if isinstance(word, str) else row

    def _code(self, table: Table, word: str) -> str:
        words = self._words[table.name]
        while word not in words and self._unheard[table.name]:
            self._hear(table, self._unheard[table.name].pop(0))
        # What no code stands for is kept, and not asked for again.
        return words.setdefault(word, word)

    def _hear(self, table: Table, code: str) -> None:
        column = _CODES[table.name][0]
        for row in self._client.page(table.path, {column: code, "limit": 1, "offset": 0}).rows:
            self._words[table.name].setdefault(str(row.get(column)).lower(), code)

    # Dates.

    def _learn(self, rows: Iterable[Row]) -> None:
        """Drop the formats that some pair speaks against."""
        for row in rows:
            self._narrow(row)
            if len(self._formats) == 1:
                break

    def _narrow(self, row: Row) -> None:
        for written, shown in _pairs(row):
            left = tuple(one for one in self._formats if _renders(one, written, shown))
            # Where none is left, the format was changed since: what was learned before is worth nothing.
            self._formats = left or tuple(one for one in _FORMATS if _renders(one, written, shown)) or self._formats


def _pairs(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the days of a row as `2026-01-05` with the text that they are shown as, behind which an hour may stand."""
    for value in row.values():
        if isinstance(value, dict):
            written, shown = value.get("date") or value.get("datetime"), value.get("formatted")
            if isinstance(written, str) and isinstance(shown, str):
                yield written[:10], shown


def _renders(form: str, written: str, shown: str) -> bool:
    found = _PATTERNS[form].match(shown)
    return found is not None and shown[found.end() : found.end() + 1] in ("", " ") and _iso(found) == written


def _iso(found: re.Match[str]) -> str | None:
    """Return the day that was found; years of two digits are of this century."""
    year, month, day = found["year"], found["month"], found["day"]
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), number, int(day)).isoformat()
    except ValueError:
        return None


def _with_dates(row: Row, formats: tuple[str, ...]) -> Row:
    fields = row.get("custom_fields")
    if not isinstance(fields, dict):
        return row
    dated = {label: {**shown, "value": iso} for label, shown in fields.items() if (iso := _day_of(shown, formats))}
    return {**row, "custom_fields": {**fields, **dated}} if dated else row


def _day_of(shown: Any, formats: tuple[str, ...]) -> str | None:
    """Return the day of a custom DATE field where all formats that it may be in agree on it."""
    if not isinstance(shown, dict) or shown.get("field_format") != "DATE" or not isinstance(shown.get("value"), str):
        return None
    days = {_iso(found) for one in formats if (found := _PATTERNS[one].fullmatch(shown["value"]))}
    return days.pop() if len(days) == 1 else None
