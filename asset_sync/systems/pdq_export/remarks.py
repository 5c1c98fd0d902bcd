"""Rows that are no machines: headers that come again where exports were appended to each other, titles, totals, footers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.tables import Mask
from asset_sync.systems.pdq_export.columns import KEYS
from asset_sync.systems.shown import shown

_TOTAL = (
    r"(?:(?:grand |sub-?)?(?:totals?|sum|count)|(?:zwischen)?summe|gesamt(?:summe|ergebnis|(?:an)?zahl)?|teilergebnis"
    r"|insgesamt|anzahl)"
)
_THINGS = (
    r"(?:rows?|records?|computers?|devices?|machines?|items?|entr(?:y|ies)|results?|assets?"
    r"|zeilen|geräte|rechner|datensätze|einträge)"
)
_ABOUT = r"(?:report|source|quelle|filters?|notes?|hinweis|date|datum|stand|as of|time|generated|created|exported|erstellt)"
_WORDS = r"(?: [a-zäöüß()]+){0,4}"
_IS = r"(?: *[:=]+ *| [–-] )"
_OF = r"(?: ?(?:of|von|de|sur|/) ?\d[\d.,]*)?"
_NUMBER = rf"\(?\d[\d.,]*{_OF}\)?(?: {_THINGS}\b.*)?"
# What begins a line whose figure stands in a cell of its own.
_LABEL = (
    rf"{_TOTAL}|{_TOTAL}(?: of)?(?: the| der)? {_THINGS} *[:=]*|(?:{_TOTAL}|{_THINGS}){_WORDS} *[:=]+|number of{_WORDS} *[:=]*"
)
# The same of words that machines are called by, too: not without a figure.
_SUM_OF = rf"(?:{_TOTAL}(?: of)? (?:ram|memory|storage|disk|speicher)|average|durchschnitt|ergebnis) *[:=]*"
_TITLED = rf"{_ABOUT} ?:"
_COUNTS = (
    rf"{_TOTAL}(?: of)?(?: {_THINGS})? {_NUMBER}|{_TOTAL}{_WORDS}{_IS}{_NUMBER}"
    rf"|{_THINGS}{_WORDS}(?: *[:=]+ *{_NUMBER}| \({_NUMBER})|number of{_WORDS} *[:=]+ *{_NUMBER}|\(?\d[\d.,]* {_THINGS}\b.*"
)
_RULE = r"[-=_*#~. ]"
_LINE = (
    rf"{_RULE}{{3,}}|"
    r"(?:page|seite) \d+.*|(?:showing|displaying) .*\d.*"
    r"|(?:.* )?(?:generated|created|printed|exported|erstellt|exportiert|gedruckt) (?:on|at|by|from|am|von|mit)\b.*"
    r"|(?:end of|ende de[rs]) .*|(?:©|\(c\)|copyright ).*|(?:(?:strictly )?confidential|(?:streng )?vertraulich)(?:[ .,:;!].*)?"
    rf"|{_ABOUT} ?:.*|#type .*"
)
_FORMS: Final = (_LABEL, _SUM_OF, _COUNTS, _TITLED, _LINE)
# Long sentences are nobody's host name; "Anna Maria's MacBook Pro (2)" is one.
_SENTENCE: Final = r"^(?:\S+\s+){6,}\S+$|^(?:\S+\s+){3,}\S*[.:!]$"
_DRAWN: Final = rf"^{_RULE}+$"
_FIGURE: Final = r"^[\d.,:%/ -]+$"
_NUMBERS: Final = r"^\d[\d., ]* ?%?$"
_ADDRESS: Final = r"(?:^|[ ,])\d{1,3}(?:\.\d{1,3}){3}(?:$|[ ,])"
_PART: Final = re.compile(r"(?:^|\D)(\d+) ?(?:of|von|de|sur) ?(\d+)|(?:page|seite) (\d+) ?/ ?(\d+)", re.IGNORECASE)
_CHOSEN: Final = re.compile(r"\b(?:filtered|gefiltert|truncated|gekürzt|top \d+|first \d+|limited to|not all)\b", re.IGNORECASE)
_COUNT = r"(\d{1,3}(?:[.,]\d{3})+|\d{1,9})(?:[.,]0{1,2})?"
_COUNTING = rf"(?: (?:of|number|count|total|the|all|in|found|listed|shown|exported|anzahl|der|{_THINGS}))*"
_COUNTED: Final = re.compile(
    rf"^(?:(?:{_TOTAL}{_COUNTING}(?:{_IS}| )|{_THINGS}{_COUNTING}(?: *[:=]+ *| (?=\())|number of{_WORDS}(?: *[:=]+ *| ))"
    rf"\(?{_COUNT}{_OF}\)?(?: {_THINGS}\b.*)?$|\(?{_COUNT} {_THINGS}\b)",
    re.IGNORECASE,
)


class Remarks(NamedTuple):
    """Which rows are no machines, what they say, and what is to be told about them, a line each."""

    rows: Mask
    texts: tuple[str, ...]
    notes: tuple[str, ...]


def remarks(columns: Mapping[str, pa.Array], meaning: Mapping[str, frozenset[str]]) -> Remarks:
    """Return the rows that are no machines, given trimmed columns by field and the labels that mean each field."""
    filled = {field: _true(pc.not_equal(values, "")) for field, values in columns.items()}
    count = reduce(np.add, (each.astype(np.int64) for each in filled.values()))
    headers = _headers(columns, filled, meaning)
    told = _told(columns)
    lines = _lines(columns, filled, told, count) | _titles(told, count, headers)
    texts = tuple(_whole(columns, lines)) if lines.any() else ()
    return Remarks(headers | lines, texts, tuple(_notes(headers, texts)))


def is_remark(line: str) -> bool:
    """Tell whether a line that does not fit the table is a title, a total or a footer."""
    return bool(_says(pa.array([line.strip(' \t,;|"')]), _whole_line(_LABEL, _COUNTS, _LINE))[0])


def left_out(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be told of remarks."""
    return (f"left out as remarks and no machines: {len(texts):,} rows ('{shown(texts[0])}')",) if texts else ()


def doubts(texts: Iterable[str], rows: int) -> Iterator[str]:
    """Yield those of a file's own remarks that say that it is not the whole."""
    for text in texts:
        part, counted = _PART.search(text), _COUNTED.search(text)
        is_part = part and next(filter(None, part.group(1, 3))) != next(filter(None, part.group(2, 4)))
        is_fewer = counted and _count(next(filter(None, counted.groups()))) > rows
        if is_part or is_fewer or _CHOSEN.search(text):
            yield f"it says '{shown(text)}'"


def _count(told: str) -> int:
    """Return a number of things, which may have separators between its digits."""
    return int(re.sub(r"\D", "", told))


def _headers(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], meaning: Mapping[str, frozenset[str]]) -> Mask:
    """Return the rows in which every value names its own column."""
    mask: Mask = np.array(reduce(np.logical_or, filled.values()))
    for field in sorted(columns, key=lambda each: each not in KEYS):
        if not mask.any():
            break
        labels = pc.replace_substring_regex(pc.utf8_lower(columns[field]), pattern=r"[^\p{L}\p{N}]+", replacement="")
        mask &= _true(pc.is_in(labels, value_set=pa.array(sorted(meaning[field]), type=labels.type))) | ~filled[field]
    return mask


def _told(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return what identifies each row, as written, "" where nothing does."""
    keys = [
        pc.if_else(pc.equal(columns[key], ""), None, columns[key])
        for key in ("name", "hostname", "serialNumber", "id")
        if key in columns
    ]
    return pc.fill_null(pc.coalesce(*keys), "")


def _whole(columns: Mapping[str, pa.Array], lines: Mask) -> Iterator[str]:
    """Yield what those rows say: the word of a total may stand in one column and its figure in another, where no sum stands."""
    said = []
    for values in columns.values():
        told, others = values.filter(pa.array(lines)).to_pylist(), values.filter(pa.array(~lines))
        others = others.filter(pc.not_equal(others, ""))
        summed = len(others) and pc.all(pc.match_substring_regex(others, _FIGURE)).as_py()
        said.append(["" if summed and re.fullmatch(_FIGURE, each) else each for each in told])
    yield from (" ".join(dict.fromkeys(filter(None, row))) for row in zip(*said, strict=True))


def _lines(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array, count: np.ndarray) -> Mask:
    """Return totals and footers: remarks, and sentences below all that has more."""
    several = np.flatnonzero(count > 1)
    below = np.arange(len(count)) > (several[-1] if several.size else len(count))
    lines: Mask = below & (count == 1) & _says(told, _SENTENCE)
    if _says(told, _whole_line(*_FORMS)).any():
        lines |= _remarks(_beside(columns, filled, told), told)
    return lines


class _Beside(NamedTuple):
    """What stands beside what is told of each row: but numbers, but figures, anything, and what tells machines apart."""

    numbers: Mask
    figures: Mask
    filled: Mask
    keys: Mask


def _remarks(beside: _Beside, told: pa.Array) -> Mask:
    """Return the remarks: a total with but numbers beside it, or another line with nothing.

    A number among what tells machines apart is a serial, unless it is that of a label that has none of its own.
    """
    label, sum_of, counts, titled, line = (_says(told, _whole_line(each)) for each in _FORMS)
    sums = label | ~beside.keys & (counts | sum_of & beside.filled)
    found: Mask = beside.numbers & sums | beside.figures & titled | line & ~beside.filled
    return found


def _whole_line(*forms: str) -> str:
    return rf"(?i)^(?:{'|'.join(forms)})$"


def _says(values: pa.Array, form: str) -> Mask:
    return _true(pc.match_substring_regex(values, form))


def _beside(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array) -> _Beside:
    """Look at what stands beside; the same once more is nothing, and so is a line that is drawn. An address is no figure."""
    nothing = np.zeros(len(told), dtype=bool)
    found = _Beside(~nothing, ~nothing, nothing.copy(), nothing.copy())
    for field, values in columns.items():
        more = filled[field] & ~_true(pc.equal(values, told)) & ~_says(values, _DRAWN)
        address = _says(values, _ADDRESS)
        found.numbers[more & (address | ~_says(values, _NUMBERS))] = False
        found.figures[more & (address | ~_says(values, _FIGURE))] = False
        found.filled[more] = True
        found.keys[more & (field in KEYS)] = True
    return found


def _titles(told: pa.Array, count: np.ndarray, headers: Mask) -> Mask:
    """Return the rows of one value right above a header that comes again."""
    mask: Mask = np.zeros(len(count), dtype=bool)
    for row in np.flatnonzero(headers):
        above = int(row) - 1
        while above >= 0 and (not count[above] or (count[above] == 1 and " " in told[above].as_py())):
            mask[above] = count[above] == 1
            above -= 1
    return mask


def _notes(headers: Mask, texts: tuple[str, ...]) -> Iterator[str]:
    if headers.any():
        yield f"left out as headers that come again: {np.count_nonzero(headers):,} rows"
    yield from left_out(texts)


def _true(values: pa.Array) -> Mask:
    return np.array(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)
