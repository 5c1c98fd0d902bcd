"""XLSX: the first visible sheet, read by openpyxl once the archive around it was looked through.

openpyxl reads cells as formulas, not as the results that Excel kept of them (`data_only`): a result is not what the export
held, and only so can a formula be seen and refused. With defusedxml installed it refuses XML entities.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.objects import as_text
from asset_sync.systems.pdq_export.refusal import Refusal, megabytes, shown
from asset_sync.systems.pdq_export.sheet import TEXT, Sheet

Row = tuple[Any, ...]

_HEADER_ROWS = 20
_SMALL = 1 << 20
_MOST_ROWS = 1_048_576
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ERRORS: Final = frozenset({"#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DIV/0!"})


def read(data: bytes, columns: Columns, limits: Limits) -> Sheet:
    """Return the rows below the header row, which is among the first 20; refuses formulas, macros and ZIP bombs."""
    with _damage_told():
        _check_archive(data, limits)
        rows = _rows(data, limits)
        first, header = _header(rows, columns)
        found = columns.find(header)
        picked = [_picked(row, number, list(found.positions.values())) for number, row in enumerate(rows, start=first)]
    values = list(zip(*picked, strict=True)) or [()] * len(found.positions)
    return Sheet(
        format="XLSX",
        found=found,
        columns={field: pa.array(map(_cell, column), type=TEXT) for field, column in zip(found.positions, values, strict=True)},
        rows=len(picked),
        first=first,
    )


@contextmanager
def _damage_told() -> Iterator[None]:
    """Whatever the libraries make of a damaged file, and they raise all sorts of things, it is one refusal."""
    try:
        yield
    except Refusal:
        raise
    except zipfile.BadZipFile:
        raise Refusal("is a workbook that is cut off or damaged; export it again") from None
    except Exception as error:  # noqa: BLE001
        # openpyxl wraps what it meets while it opens a file.
        if isinstance(error, DefusedXmlException) or isinstance(error.__context__, DefusedXmlException):
            raise Refusal("is a workbook with XML entities in it, which no export has") from None
        raise Refusal(f"is a damaged workbook ({type(error).__name__}: {shown(error)}); export it again") from None


# The archive, before anything in it is unpacked.


def _check_archive(data: bytes, limits: Limits) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    if len(entries) > limits.entries:
        raise Refusal(f"is a workbook of {len(entries):,} files; the limit is {limits.entries:,}")
    # Python unpacks no more of an entry than the directory says, so the directory's word can be taken.
    total = sum(entry.file_size for entry in entries)
    if total > limits.size:
        raise Refusal(f"is a workbook that unpacks to {megabytes(total)}; the limit is {megabytes(limits.size)}")
    for entry in entries:
        _check_entry(entry, limits)
    _check_kind({entry.filename for entry in entries})


def _check_entry(entry: zipfile.ZipInfo, limits: Limits) -> None:
    if entry.flag_bits & 1:
        raise Refusal("is a workbook with a password; save it without one")
    if entry.compress_type not in _PACKINGS:
        raise Refusal(f"is a workbook with '{shown(entry.filename)}' packed in a way that workbooks are not")
    if entry.file_size > max(_SMALL, limits.ratio * entry.compress_size):
        raise Refusal(f"is a workbook with '{shown(entry.filename)}' packed more than {limits.ratio} times, as ZIP bombs are")


def _check_kind(names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise Refusal("is a binary workbook (.xlsb); save it as .xlsx")
    if "[Content_Types].xml" not in names:
        raise Refusal("is a ZIP archive and no workbook; unpack it")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refusal("is a workbook with macros; save it as .xlsx without them")


# Rows.


def _rows(data: bytes, limits: Limits) -> Iterator[Row]:
    """Yield the rows of the first visible sheet, empty ones too, so that the number of a row is the one that Excel shows."""
    book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise Refusal("is a workbook without a visible sheet")
    # What the file says of its own dimensions may be anything.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        # A row may claim any number, and openpyxl fills the gap; Excel itself ends at this one.
        if number > min(limits.rows + _HEADER_ROWS, _MOST_ROWS):
            raise Refusal(f"has more than {number - 1:,} rows")
        if len(row) > limits.columns:
            raise Refusal(f"has {len(row):,} columns; the limit is {limits.columns:,}")
        yield row


def _header(rows: Iterator[Row], columns: Columns) -> tuple[int, list[str]]:
    """Return the number of the first row below the header, and the header: the first row with a key column in it."""
    candidate: list[str] = []
    for number, row in zip(range(1, _HEADER_ROWS + 1), rows, strict=False):
        header = [_cell(value) or "" for value in row]
        if columns.has_key(header):
            return number + 1, header
        candidate = candidate or [name for name in header if name]
    if not candidate:
        raise Refusal("is a workbook whose first visible sheet is empty")
    return 0, candidate


def _picked(row: Row, number: int, positions: list[int]) -> Row:
    for value in row:
        if isinstance(value, ArrayFormula | DataTableFormula) or (isinstance(value, str) and value.startswith("=")):
            told = value if isinstance(value, str) else value.ref
            raise Refusal(f"has the formula '{shown(told)}' in row {number}; export values, not formulas")
    return tuple(row[position] if position < len(row) else None for position in positions)


def _cell(value: object) -> str | None:
    text = as_text(value)
    return None if text in _ERRORS else text
