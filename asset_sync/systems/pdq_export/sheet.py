"""A sheet: what is left of a file when its format is gone. Columns of text by field, a row a row of the file."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.systems.pdq_export.columns import Found
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import Refusal, shown

TEXT: Final = pa.large_string()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns that mean a field, as text, with "" or null for an empty cell.

    `format` tells how the file was written. `first` is the number that a person gives to the first row in it, called `unit`.
    """

    format: str
    found: Found
    columns: dict[str, pa.Array]
    rows: int
    first: int
    unit: str = "row"


def cleaned(sheet: Sheet, limits: Limits) -> dict[str, pa.Array]:
    """Return the columns with trimmed values and nulls for empty ones; refuses no rows, too many, formulas and huge values."""
    if not sheet.rows:
        raise Refusal(f"has a header and no {sheet.unit}s")
    if sheet.rows > limits.rows:
        raise Refusal(f"has {sheet.rows:,} {sheet.unit}s; the limit is {limits.rows:,}")
    return {field: _cleaned(field, values, sheet, limits) for field, values in sheet.columns.items()}


def _cleaned(field: str, values: pa.Array, sheet: Sheet, limits: Limits) -> pa.Array:
    _refuse_huge(field, values, sheet, limits)
    values = _without_text_marks(pc.utf8_trim_whitespace(values))
    _refuse_formula(field, values, sheet)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, TEXT), values)


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
