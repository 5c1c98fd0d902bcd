"""Identifiers: the one gate for what tells machines apart, whatever it comes from. What is refused is empty, and told.

Spreadsheets take serial numbers for numbers, dates and truth values, and what they make of them cannot be undone: digits are
lost, and what is left collides with other machines'. Better no serial than a wrong one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

IDENTIFIERS: Final = frozenset({"name", "hostname", "serialNumber", "biosAssetTag"})
"""The fields that tell machines apart. PDQ's own ids are no person's: of them, only numbers are judged (`gated_ids`)."""

ERROR_WORD: Final = (
    # Excel's error values are words of its language: #VALUE!, #WERT!, #¡VALOR!, #ЗНАЧ!, #DEEL/0!, #NAME?.
    r"(?i)^(?:#[¡¿]?[\p{L}\p{M}_ ]+(?:/0)?[!?]|#\p{L}{1,2}/\p{L}{1,2}!?|#(?:NV|YOK|HIÁNYZIK|GETTING_DATA|NEDOSTUPNÝ)"
    # The hash signs of a column that is too narrow, and LibreOffice's errors.
    r"|#NENÍ_K_DISPOZICI|#+|(?:Err|Fehler|Erro|Errore): ?\d{3})$"
)
"""What a spreadsheet writes where it could not work out a value, as a regular expression of RE2."""

_EMPTY_WORDS: Final = "null|nil|none|nan|nat|na|n/a|n\\.a\\.|undefined|empty|blank"
EMPTY_WORD: Final = rf"(?i)^(?:{_EMPTY_WORDS}|[(<\[{{](?:{_EMPTY_WORDS})[)>\]}}]|[-\x{{2010}}-\x{{2015}}]+|\?+)$"
"""What programs and people write for nothing. (Of serials and tags it is `asset_sync.reconcile.junk` that knows such words.)"""

# Unicode's "default ignorable" characters: nobody sees them, they come along when text is copied from web pages and chats.
_UNSEEN = (
    r"[\p{Cf}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{e0000}-\x{e0fff}]+"
)
_CONTROLS = r"\p{Cc}+"
# Excel's mark for text, which scripts write out.
_APOSTROPHES = r"^['‘’]+\s*(.*?)\s*$"
_QUOTED = r"^(?:'(.*)'|‘(.*)’)$"

_MONTHS = (
    "jan feb mar mär mrz apr may mai maj jun jul aug sep okt oct nov dec dez janv févr avr juin juil août sept déc ene abr ago "
    "dic gen mag giu lug set ott fev out mrt mei mars"
)
_MONTH = "(?:" + "|".join(word for month in _MONTHS.split() for word in (month, month.capitalize())) + r")\.?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
_DAY = (
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\d\d\.\d\d\.\d\d|\d{{1,2}}\. ?\d{{1,2}}\. ?\d{{4}}"
    rf"|(?:0?[1-9]|[12]\d|3[01])-(?:0?[1-9]|1[0-2])-(?:19|20)\d\d"
    rf"|(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])-(?:19|20)\d\d"
    # 1-Mar and Mar-26, as Excel shows what was typed as MAR1. In capitals it is somebody's own way to count.
    rf"|\d{{1,2}}[-. ] ?{_MONTH}(?:[- ]\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}"
)
_DATE = rf"^(?:(?:{_DAY})(?:[T ]{_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?)?|{_CLOCK}|-?\d+ days?, {_CLOCK})$"
_TRUTH = r"^(?i:true|false|wahr|falsch|vrai|faux|verdadero|falso|verdadeiro|waar|onwaar|prawda|fałsz|истина|ложь)$"
# 12E45 is a fine serial. Without a point only E+ is surely a spreadsheet's: 1E-04 may be a room.
_SHORTENED = r"^-?(?:\d[.,]\d+[Ee][+-]?\d{1,3}|\d[Ee]\+\d{1,3}|\d+\.0)$"
_WHOLE: Final = r"^(\d+)\.0+$"
_LISTED = r"""^(?:\[(?:["'\[{]|null\b|true\b|false\b|-?\d+,).*\]|\{(?:"|').*\}|System\.[\w.]+\[\])$"""

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ERROR_WORD: "it is an error of a spreadsheet",
        _DATE: "it is a date or a time, which a spreadsheet may have made of it",
        _TRUTH: "it is a truth value",
        _SHORTENED: "it is a number whose last digits may be lost (format the column as text)",
        _LISTED: "it is a list or an object",
    }
)
_NAMES: Final = frozenset({"name", "hostname"})
# Of one host: CORP\PC1, as its domain has it, PC1$, its account there, and PC1. with DNS's own dot.
_AROUND_NAME: Final = r"^[\w.-]+\\(?:\b)|\$$|\b\.$"
_EMPTY_NAME: Final = "it is a word for nothing"
_DIGITS: Final = 15
"""How many digits of a number a spreadsheet keeps."""
_SHOWN: Final = 40


class Gated(NamedTuple):
    """Identifiers without those that are none, and what is to be told of these, a line each."""

    values: pa.Array
    notes: tuple[str, ...]


def gated(field: str, values: pa.Array) -> Gated:
    """Return the texts of an identifying field as they can be used: nothing invisible, no marks, empty where unfit."""
    seen, reasons = _without_marks(values), _REASONS
    if field in _NAMES:
        seen, reasons = _replaced(seen, _AROUND_NAME, ""), {**_REASONS, EMPTY_WORD: _EMPTY_NAME}
    notes: list[str] = []
    # One look for all of them, since most files have none.
    if _any(seen, "|".join(reasons)):
        for pattern, reason in reasons.items():
            seen, noted = emptied(field, seen, pattern, reason)
            notes += noted
    return Gated(pc.if_else(pc.equal(seen, ""), pa.scalar(None, values.type), seen), tuple(notes))


def gated_ids(values: pa.Array) -> Gated:
    """Return ids of records without the .0 that programs write behind numbers, empty where a number lost its last digits.

    Records whose ids were cut to the same digits would be taken for one.
    """
    whole = _replaced(values, _WHOLE, r"\1")
    return Gated(*emptied("id", whole, _SHORTENED, _REASONS[_SHORTENED]))


def emptied(field: str, values: pa.Array, pattern: str, reason: str) -> tuple[pa.Array, tuple[str, ...]]:
    """Return the values without those that match, and a line about these where there are any."""
    unfit = pc.fill_null(pc.match_substring_regex(values, pattern), fill_value=False)
    count = pc.sum(unfit).as_py() or 0
    if not count:
        return values, ()
    example = values[pc.index(unfit, pa.scalar(value=True)).as_py()].as_py()[:_SHOWN]
    note = f"{field}: left empty where {reason}: {count:,} ({example!r})"
    return pc.if_else(unfit, pa.scalar(None, values.type), values), (note,)


def identifier_text(value: object) -> str | None:
    """Return a value that was read with a type as a text by which `gated` can judge it. A list of one is its value."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, str | bool):
        return None if value is None else str(value)
    if isinstance(value, int | float):
        return _whole(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode() if value else None


def _whole(number: float) -> str | None:
    """A short whole number is its digits; any other is written as one that lost some."""
    if isinstance(number, int | float) and number == number // 1 and abs(number) < 10**_DIGITS:
        return str(int(number))
    if abs(number) == float("inf"):
        return None
    # With a point even where one digit says it all: 5E-1 alone would pass for a serial.
    digits, _, exponent = f"{Decimal(f'{number:.{_DIGITS}g}').normalize():E}".partition("E")
    return f"{digits if '.' in digits else f'{digits}.0'}E{exponent}"


def _without_marks(values: pa.Array) -> pa.Array:
    values = _replaced(values, _UNSEEN, "")
    values = pc.utf8_trim_whitespace(_replaced(values, _CONTROLS, " "))
    values = _replaced(values, _QUOTED, r"\1\2")
    return _replaced(values, _APOSTROPHES, r"\1")


def _replaced(values: pa.Array, pattern: str, replacement: str) -> pa.Array:
    # To look costs a tenth of a replacement, and hardly any column has such characters.
    return pc.replace_substring_regex(values, pattern=pattern, replacement=replacement) if _any(values, pattern) else values


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


_ADDRESS: Final = re.compile(r"(?:[\d.]+|[0-9a-f:.]*:[0-9a-f:.]*(?:%.*)?)", re.IGNORECASE)


def short_names(names: Iterable[str | None]) -> Iterator[str | None]:
    """Yield the name before the first dot of each host name; an address has none and stays whole."""
    for name in names:
        yield name if name is None or _ADDRESS.fullmatch(name) else name.partition(".")[0] or None
