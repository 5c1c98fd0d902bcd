"""A sheet: what is left of a file when its format is gone. Columns of text by field, a row a row of the file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.tables import Mask
from asset_sync.systems.pdq.identifiers import EMPTY_WORD, ERROR_WORD, IDENTIFIERS, emptied, gated, gated_ids, identifier_text
from asset_sync.systems.pdq_export.columns import KEYS, Columns, Found
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.pdq_export.remarks import doubts, remarks
from asset_sync.systems.pdq_export.values import as_text
from asset_sync.systems.shown import shown

TEXT: Final = pa.large_string()
_NO_VALUE: Final = "it is an error of a spreadsheet or a word for nothing"

_FIELDS: Final = 100
"""No report has more of them."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns that mean a field, as text, with "" or null for an empty cell.

    `format` tells how the file was written. `first` is the number that a person gives to the first row in it, called `unit`.
    `above` are the lines over the header, `remarks` those between the rows, `notes` what is to be told, and `doubts` why the
    file may not be the whole. `lead` is the first column, if it means no field: there stand the words of totals.
    """

    format: str
    found: Found
    columns: dict[str, pa.Array]
    rows: int
    first: int
    unit: str = "row"
    above: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    lead: pa.Array | None = None


class Cleaned(NamedTuple):
    """The columns of the rows that may be machines, nulls for empty values; what is to be told; why they may not be all."""

    columns: dict[str, pa.Array]
    rows: int
    notes: tuple[str, ...]
    doubts: tuple[str, ...]


def column(field: str, values: Iterable[Any]) -> pa.Array:
    """Return values that were read with their types as the text of a field."""
    return pa.array(map(identifier_text if field in IDENTIFIERS else as_text, values), type=TEXT)


def cleaned(sheet: Sheet, columns: Columns, limits: Limits) -> Cleaned:
    """Return what of the sheet can be a machine; refuses no rows, too many, formulas and huge values."""
    if not sheet.rows:
        raise Refusal(f"has a header and no {sheet.unit}s")
    if sheet.rows > limits.rows:
        raise Refusal(f"has {sheet.rows:,} {sheet.unit}s; the limit is {limits.rows:,}")
    written = {field: _written(field, values, sheet, limits) for field, values in sheet.columns.items()}
    _refuse_sideways(written, columns)
    lead = None if sheet.lead is None else pc.fill_null(pc.utf8_trim_whitespace(sheet.lead), "")
    said = remarks(written, {field: columns.labels(field) for field in written}, lead, sheet.above)
    notes = [*sheet.notes, *_titles(sheet.above), *said.notes]
    read = {field: _read(field, values, sheet, notes) for field, values in written.items()}
    nameless = _nameless(written, read) & ~said.rows
    if nameless.any():
        notes.append(f"left out, since what would tell which machine it is was left empty: {np.count_nonzero(nameless):,} rows")
    kept = pa.array(~said.rows & ~nameless)
    doubted = [*sheet.doubts, *said.doubts, *doubts((*sheet.above, *sheet.remarks, *said.texts), said.left)]
    doubted += ["it has rows that do not tell which machine they are"] if nameless.any() else []
    return Cleaned(
        {field: values.filter(kept) for field, values in read.items()}, pc.sum(kept).as_py(), tuple(notes), tuple(doubted)
    )


def _written(field: str, values: pa.Array, sheet: Sheet, limits: Limits) -> pa.Array:
    _refuse_huge(field, values, sheet, limits)
    return pc.fill_null(_without_text_marks(pc.utf8_trim_whitespace(values)), "")


def _read(field: str, values: pa.Array, sheet: Sheet, notes: list[str]) -> pa.Array:
    values = pc.if_else(pc.equal(values, ""), pa.scalar(None, TEXT), values)
    if field in IDENTIFIERS:
        values, told = gated(field, values)
    else:
        values, told = emptied(field, values, f"{ERROR_WORD}|{EMPTY_WORD}", _NO_VALUE)
    if field == "id":
        values, counted = gated_ids(values)
        told += counted
    notes += told
    _refuse_formula(field, values, sheet)
    return values


def _nameless(written: dict[str, pa.Array], read: dict[str, pa.Array]) -> Mask:
    """Return the rows that had something to tell them by, of which nothing is left."""
    had = [pc.not_equal(written[key], "") for key in KEYS if key in written]
    has = [pc.is_valid(read[key]) for key in KEYS if key in read]
    lost = np.any([each.to_numpy(zero_copy_only=False) for each in had], axis=0)
    return np.asarray(lost & ~np.any([each.to_numpy(zero_copy_only=False) for each in has], axis=0), dtype=bool)


def _refuse_sideways(written: dict[str, pa.Array], columns: Columns) -> None:
    """A report with a column a machine reads as one of machines that are called Serial Number and Model."""
    names = pc.unique(written.get("name", pa.array([], TEXT)))
    if 1 < len(names) <= _FIELDS and all(columns.field(name) for name in names.to_pylist()):
        raise Refusal("has its fields below each other, a column a machine; export it with a row a machine")


def _titles(above: tuple[str, ...]) -> list[str]:
    return [f"left out above the header: {len(above):,} lines ('{shown(above[0])}')"] if above else []


def _refuse_huge(field: str, values: pa.Array, sheet: Sheet, limits: Limits) -> None:
    lengths = pc.utf8_length(values)
    longest = pc.max(lengths).as_py() or 0
    if longest > limits.cell:
        where = _where(field, pc.index(lengths, longest).as_py(), sheet)
        raise Refusal(f"has {longest:,} characters in {where}; the limit is {limits.cell:,}")


def _without_text_marks(values: pa.Array) -> pa.Array:
    """Excel's way to keep leading zeros in a CSV file, ="00123", is text and no formula."""
    return pc.replace_substring_regex(values, pattern=r'^="([^"]*)"$', replacement=r"\1")


def _refuse_formula(field: str, values: pa.Array, sheet: Sheet) -> None:
    at = pc.index(pc.starts_with(values, "="), pa.scalar(value=True)).as_py()
    if at >= 0:
        raise Refusal(f"has the formula '{shown(values[at])}' in {_where(field, at, sheet)}; export values, not formulas")


def _where(field: str, at: int, sheet: Sheet) -> str:
    return f"{sheet.unit} {at + sheet.first}, column '{shown(sheet.found.headers[field])}'"
