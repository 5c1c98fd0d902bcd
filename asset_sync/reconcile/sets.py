"""Sets of references: all members of a row as one text, each once and in one order, so that equal sets are equal texts.

A set without members is missing, as an empty text is. What is parted by `BETWEEN` is a key of the source, an id of the target,
or what stands for an object that is yet to be made (see `asset_sync.reconcile.references`).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.tables import PENDING, Mask, Positions, filled, mask

BETWEEN: Final = "\x1f"
"""Between two members: the separator that ASCII has for it, because a natural key may have commas and blanks."""
UNKNOWN: Final = "?"
"""What a member begins with of which the source has no record: the rest is what the source calls it."""

_TEXT: Final = pa.large_string()


class Members(NamedTuple):
    """The members of the sets of a column, one after the other, and the row of each."""

    rows: Positions
    values: pa.Array

    def where(self, those: Mask) -> "Members":
        """Return those members."""
        return Members(self.rows[those], self.values.filter(pa.array(those)))


def members(sets: pa.Array, between: str = BETWEEN) -> Members:
    """Return the members of each set, row by row."""
    parts = pc.split_pattern(sets.cast(_TEXT), between)
    rows = np.asarray(pc.list_parent_indices(parts).to_numpy(zero_copy_only=False), dtype=np.int64)
    return Members(rows, pc.list_flatten(parts).cast(_TEXT))


def by_commas(values: pa.Array) -> Members:
    """Return what each text names, parted by commas; blanks around a name are none of its."""
    found = members(values, ",")
    names = pc.utf8_trim_whitespace(found.values)
    return Members(found.rows, names).where(mask(pc.not_equal(names, "")))


def sets_of(found: Members, count: int) -> pa.Array:
    """Return the members of each of so many rows as its set; members that are missing are left out."""
    found = found.where(filled(found.values))
    numbers = Numbered([found], count)
    return numbers.texts(numbers.pairs[0])


def one_set(given: Iterable[str]) -> str | None:
    """Return members as the text of their set, None where there is none."""
    return BETWEEN.join(sorted({*given}, key=_order)) or None


def listed(value: str | None) -> list[str]:
    """Return the members of a set, in order."""
    return value.split(BETWEEN) if value else []


def shown(value: object) -> object:
    """Return a value as it is told to people: a set with its members parted by commas."""
    return value.replace(BETWEEN, ", ") if isinstance(value, str) else value


def are_pending(sets: pa.Array) -> Mask:
    """Return which sets have a member that is yet to be made."""
    inside = pc.match_substring(sets, BETWEEN + PENDING)
    return mask(pc.or_kleene(pc.starts_with(sets, PENDING), inside))


class Numbered:
    """Columns of sets of so many rows as numbers, one for each member of each row, to be reckoned with."""

    def __init__(self, columns: Iterable[Members], count: int) -> None:
        given = list(columns)
        encoded = pc.dictionary_encode(pa.concat_arrays([pa.array([], _TEXT), *(each.values for each in given)]))
        names = pa.table({"length": pc.utf8_length(encoded.dictionary), "name": encoded.dictionary})
        order = pc.sort_indices(names, [("length", "ascending"), ("name", "ascending")])
        self._names = encoded.dictionary.take(order)
        self._count = count
        places = np.empty(len(order), dtype=np.int64)
        places[order.to_numpy()] = np.arange(len(order))
        codes = places[encoded.indices.to_numpy()] if len(order) else np.array([], dtype=np.int64)
        ends = np.cumsum([0, *(len(each.rows) for each in given)])
        self.pairs = [
            _each_once(each.rows * len(order) + codes[start:end])
            for each, start, end in zip(given, ends[:-1], ends[1:], strict=True)
        ]

    def rows(self, pairs: Positions) -> Positions:
        """Return the row of each."""
        return pairs // max(len(self._names), 1)

    def among(self, pairs: Positions, those: Mask) -> Positions:
        """Return the members of those rows."""
        return pairs[those[self.rows(pairs)]]

    def texts(self, pairs: Positions) -> pa.Array:
        """Return each row's members as the text of their set."""
        ends = np.searchsorted(self.rows(pairs), np.arange(self._count + 1))
        values = self._names.take(pa.array(pairs % max(len(self._names), 1)))
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values), pa.scalar(BETWEEN, _TEXT))
        return pc.if_else(pa.array(ends[1:] > ends[:-1]), joined, pa.scalar(None, _TEXT))


def _each_once(numbers: Positions) -> Positions:
    # Rows come in order, which a stable sort is quick with.
    ordered = np.sort(numbers, kind="stable")
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if ordered.size else ordered


def _order(member: str) -> tuple[int, str]:
    """The shorter one first, so that ids go by number."""
    return len(member), member
