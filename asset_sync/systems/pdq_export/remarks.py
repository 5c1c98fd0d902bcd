"""Rows that are no machines: headers that come again where exports were appended to each other, titles, totals, footers."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.tables import Mask
from asset_sync.systems.pdq.identifiers import EMPTY_WORD, IDENTIFIERS
from asset_sync.systems.pdq_export.columns import KEYS
from asset_sync.systems.pdq_export.wording import (
    ADDRESS,
    ALONE,
    ANY_FORM,
    CHOSEN,
    COUNTED,
    DRAWN,
    DRAWN_WITH,
    FIGURE,
    FORMS,
    NUMBERS,
    OWN_NUMBER,
    PART,
    SENTENCE,
    SIZES,
)
from asset_sync.systems.shown import shown

_MEASURES: Final = ("memory", "freePercent")
"""What a report sums or averages, whatever one of the cells holds."""


class Remarks(NamedTuple):
    """Which rows are no machines, what they say, and what is to be told about them, a line each.

    `left` is how many of the other rows say something; `doubts` tells of rows that may be machines.
    """

    rows: Mask
    texts: tuple[str, ...]
    notes: tuple[str, ...]
    left: int
    doubts: tuple[str, ...]


def remarks(
    columns: Mapping[str, pa.Array],
    meaning: Mapping[str, frozenset[str]],
    first: pa.Array | None = None,
    above: Collection[str] = (),
) -> Remarks:
    """Return the rows that are no machines, given trimmed columns by field and the labels that mean each field.

    `first` is the first column of the file, if it means no field, and `above` what stands above the header.
    """
    filled = {field: _true(pc.not_equal(values, "")) for field, values in columns.items()}
    count = reduce(np.add, (each.astype(np.int64) for each in filled.values()))
    headers = _headers(columns, filled, meaning)
    told = _told(columns)
    whole = columns if first is None else {"": first, **columns}
    lines = _lines(columns, filled, told, count) | _remarks(columns, filled, next(iter(whole.values())))
    titles, may_be = _titles(told, count, headers, above)
    may_be &= ~lines
    lines |= titles
    left = int(np.count_nonzero((count > 0) & ~headers & ~lines))
    may_be |= lines & _numbered_like_others(columns, filled, told, lines | headers, left)
    texts = tuple(_whole(whole, lines)) if lines.any() else ()
    doubted = tuple(_unsure([text for text, is_unsure in zip(texts, may_be[lines], strict=True) if is_unsure]))
    return Remarks(headers | lines, texts, (*_notes(headers, texts), *doubted), left, doubted)


def is_remark(line: str) -> bool:
    """Tell whether a line that does not fit the table is a title, a total or a footer."""
    return bool(_says(pa.array([" ".join(line.strip(' \t,;|"').split())]), ALONE)[0])


def left_out(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be told of remarks."""
    return (f"left out as remarks and no machines: {len(texts):,} rows ('{shown(texts[0])}')",) if texts else ()


def doubts(texts: Iterable[str], rows: int) -> Iterator[str]:
    """Yield those of a file's own remarks that say that it is not the whole."""
    for text in texts:
        line = " ".join(text.split()).strip(DRAWN_WITH)
        part, counted = PART.search(line), COUNTED.search(line)
        is_part = part and len({_count(each) for each in part.groups() if each}) > 1
        is_fewer = counted and _count(next(filter(None, counted.groups()))) > rows
        if is_part or is_fewer or CHOSEN.search(line):
            yield f"it says '{shown(text)}'"


def _count(told: str) -> int:
    """Return a number of things, which may have separators between its digits."""
    return int("".join(filter(str.isdecimal, told)))


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
    for field, values in columns.items():
        told = values.filter(pa.array(lines))
        if field in _MEASURES or (field not in {*KEYS, *IDENTIFIERS} and _are_figures(values.filter(pa.array(~lines)))):
            told = pc.if_else(pa.array(_says(told, FIGURE) | _says(told, SIZES)), "", told)
        said.append(told.to_pylist())
    yield from (" ".join(dict.fromkeys(filter(None, row))) for row in zip(*said, strict=True))


def _are_figures(values: pa.Array) -> bool:
    """Tell whether a column holds numbers, and something at all."""
    values = values.filter(pc.not_equal(values, ""))
    return bool(len(values)) and bool(_says(values, FIGURE).all())


def _numbered_like_others(
    columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array, remarked: Mask, left: int
) -> Mask:
    """Return the rows with a number that may be a machine's own: others have numbers there, and it does not count the rows."""
    mask: Mask = np.zeros(len(remarked), dtype=bool)
    for field in KEYS:
        if field in columns and remarked.any() and _are_figures(columns[field].filter(pa.array(~remarked))):
            own = filled[field] & ~_true(pc.equal(columns[field], told)) & _says(columns[field], OWN_NUMBER)
            mask |= own & ~_true(pc.equal(columns[field], str(left)))
    return mask


def _lines(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array, count: np.ndarray) -> Mask:
    """Return totals and footers: remarks, and sentences below all that has more."""
    several = np.flatnonzero(count > 1)
    below = np.arange(len(count)) > (several[-1] if several.size else len(count))
    found: Mask = below & (count == 1) & _says(told, SENTENCE) | _remarks(columns, filled, told)
    return found


class _Beside(NamedTuple):
    """What stands beside what is told of each row: but numbers, but figures, anything, and what tells machines apart.

    `before` is of the last, too: where it stands in a column before.
    """

    numbers: Mask
    figures: Mask
    filled: Mask
    keys: Mask
    before: Mask


def _remarks(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array) -> Mask:
    """Return the remarks: a total with but numbers beside it, or another line with nothing.

    A number among what tells machines apart is a serial, unless it is that of a label that has none of its own; a label
    stands before its figure.
    """
    spaced = pc.replace_substring_regex(told, pattern=r"[\s\p{Z}]+", replacement=" ")
    if not _says(spaced, ANY_FORM).any():
        return np.zeros(len(told), dtype=bool)
    beside = _beside(columns, filled, told)
    label, sum_of, counts, titled, line = (_says(spaced, each) for each in FORMS)
    sums = label & ~beside.before | ~beside.keys & (counts | sum_of & beside.filled)
    found: Mask = beside.numbers & sums | beside.figures & titled | line & ~beside.filled
    return found


def _says(values: pa.Array, form: str) -> Mask:
    return _true(pc.match_substring_regex(values, form))


def _beside(columns: Mapping[str, pa.Array], filled: Mapping[str, Mask], told: pa.Array) -> _Beside:
    """Look at what stands beside; a line that is drawn is nothing, and so are the same once more and a word for nothing.

    An address is no figure. What is told stands in one of the columns, or before them all.
    """
    nothing = np.zeros(len(told), dtype=bool)
    same = {field: filled[field] & _true(pc.equal(values, told)) for field, values in columns.items()}
    reached = ~reduce(np.logical_or, same.values(), nothing)
    found = _Beside(~nothing, ~nothing, nothing.copy(), nothing.copy(), nothing.copy())
    for field, values in columns.items():
        reached = reached | same[field]
        more = filled[field] & ~same[field] & ~_says(values, DRAWN) & ~_says(values, EMPTY_WORD)
        address = _says(values, ADDRESS)
        found.numbers[more & (address | ~_says(values, SIZES if field in _MEASURES else NUMBERS))] = False
        found.figures[more & (address | ~_says(values, FIGURE))] = False
        found.filled[more] = True
        found.keys[more & (field in KEYS)] = True
        found.before[more & (field in KEYS) & ~reached] = True
    return found


def _titles(told: pa.Array, count: np.ndarray, headers: Mask, above: Collection[str]) -> tuple[Mask, Mask]:
    """Return the rows of one value right above a header that comes again, and those of them that may be machines.

    Where the first header has the same above it, it is a title, and below an empty row, too. Where no row has more than one
    value, all look like titles: there any other is a machine.
    """
    titles: Mask = np.zeros(len(count), dtype=bool)
    may_be = titles.copy()
    has_several = bool((count[~headers] > 1).any())
    for header in np.flatnonzero(headers):
        end = int(header)
        while end and not count[end - 1]:
            end -= 1
        start = end
        while start and count[start - 1] == 1 and " " in told[start - 1].as_py():
            start -= 1
        is_apart = start > 0 and not count[start - 1]
        known = np.array([told[row].as_py() in above for row in range(start, end)], dtype=bool)
        titles[start:end] = known | is_apart | has_several
        may_be[start:end] = ~known & (is_apart != has_several)
    return titles, may_be


def _unsure(texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"it has rows that may be machines or remarks: {len(texts):,} ('{shown(texts[0])}')"


def _notes(headers: Mask, texts: tuple[str, ...]) -> Iterator[str]:
    if headers.any():
        yield f"left out as headers that come again: {np.count_nonzero(headers):,} rows"
    yield from left_out(texts)


def _true(values: pa.Array) -> Mask:
    return np.array(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)
