"""XLSX: the first visible sheet with machines, read by openpyxl once the archive around it was looked through.

openpyxl reads cells as formulas, not as the results that Excel kept of them (`data_only`): a result is not what the export
held, and only so can a formula be seen and refused. With defusedxml installed it refuses XML entities.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, NamedTuple

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from asset_sync.systems.pdq_export import shown_numbers
from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.pdq_export.sheet import Sheet, column
from asset_sync.systems.pdq_export.values import as_text
from asset_sync.systems.shown import megabytes, shown

Row = tuple[Any, ...]

_HEADER_ROWS = 20
_SMALL = 1 << 20
_MOST_ROWS = 1_048_576
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MACHINES = ", and has machines too: put all of them into one sheet"


def read(data: bytes, columns: Columns, limits: Limits) -> Sheet:
    """Return the rows below the header row, which is among the first 20; refuses formulas, macros and ZIP bombs."""
    with _damage_told():
        _check_archive(data, limits)
        table, *others = _tables(data, columns, limits)
        found = columns.find(table.header)
        lead, picked = [], []
        has_lead = 0 not in found.positions.values()
        for number, row in enumerate(_rows(table.sheet, limits), 1):
            if number >= table.first:
                picked.append(_picked(row, number, found.positions))
                if has_lead:
                    lead.append(_heading(row[0]) if row else "")
    values = list(zip(*picked, strict=True)) or [()] * len(found.positions)
    further = [other for other in others if other.has_key]
    return Sheet(
        format="XLSX",
        found=found,
        columns={name: column(name, cells) for name, cells in zip(found.positions, values, strict=True)},
        rows=len(picked),
        first=table.first,
        above=table.above,
        notes=tuple(f"the sheet '{shown(other.sheet.title)}' is not read{_MACHINES * other.has_key}" for other in others),
        lead=column("", lead) if has_lead else None,
        doubts=tuple(f"its sheet '{shown(other.sheet.title)}' has machines too, and is not read" for other in further),
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


# Sheets and rows.


class _Table(NamedTuple):
    """A sheet with its header, the number of the first row below it, and the lines above it."""

    sheet: Worksheet
    header: list[str]
    first: int
    above: tuple[str, ...]
    has_key: bool


def _tables(data: bytes, columns: Columns, limits: Limits) -> list[_Table]:
    """Return the sheets that are not empty, the first visible one with a key column in its header first."""
    book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    if not any(sheet.sheet_state == "visible" for sheet in book.worksheets):
        raise Refusal("is a workbook without a visible sheet")
    sheets = sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
    tables = [table for sheet in sheets if (table := _table(sheet, columns, limits)) is not None]
    seen = [table for table in tables if table.sheet.sheet_state == "visible"]
    if not seen:
        raise Refusal("is a workbook whose first visible sheet is empty")
    main = next((table for table in seen if table.has_key), seen[0])
    return [main, *(table for table in tables if table is not main)]


def _table(sheet: Any, columns: Columns, limits: Limits) -> _Table | None:
    # What the file says of its own dimensions may be anything.
    sheet.reset_dimensions()
    rows = [[_heading(cell) for cell in row] for row in islice(_rows(sheet, limits), _HEADER_ROWS)]
    filled = [number for number, row in enumerate(rows) if any(row)]
    if not filled:
        return None
    at = filled[columns.best([rows[number] for number in filled])]
    above = tuple(" ".join(filter(None, rows[number])) for number in filled if number < at)
    return _Table(sheet, rows[at], at + 2, above, columns.has_key(rows[at]))


def _rows(sheet: Worksheet, limits: Limits) -> Iterator[Row]:
    """Yield the rows of a sheet, empty ones too, so that the number of a row is the one that Excel shows."""
    for number, row in enumerate(sheet.iter_rows(), start=1):
        # A row may claim any number, and openpyxl fills the gap; Excel itself ends at this one.
        if number > min(limits.rows + _HEADER_ROWS, _MOST_ROWS):
            raise Refusal(f"has more than {number - 1:,} rows")
        if len(row) > limits.columns:
            raise Refusal(f"has {len(row):,} columns; the limit is {limits.columns:,}")
        yield row


def _heading(cell: Any) -> str:
    return as_text(_value(cell)) or ""


def _picked(row: Row, number: int, positions: Mapping[str, int]) -> Row:
    """Return the values of a row; a formula is none, but only where it would be read."""
    cells = [row[position] if position < len(row) else None for position in positions.values()]
    for cell in cells:
        if cell is not None and cell.data_type == "f":
            told = cell.value if isinstance(cell.value, str) else cell.value.ref
            raise Refusal(f"has the formula '{shown(told)}' in row {number}; export values, not formulas")
    return tuple(_value(cell) for cell in cells)


def _value(cell: Any) -> Any:
    """Return what a cell holds, with the zeros and letters that its format shows, and without Excel's escapes in texts."""
    if cell is None or cell.value is None:
        return None
    if cell.data_type == "n":
        return shown_numbers.shown(cell.value, cell.number_format) or cell.value
    return unescape(cell.value) if isinstance(cell.value, str) else cell.value
