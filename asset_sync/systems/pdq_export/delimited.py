"""CSV: comma, semicolon or tab, quoted newlines, read by Arrow in whole columns."""

import csv
import io
import re
from typing import Final

import pyarrow as pa
import pyarrow.csv

from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.encoding import Text
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import Refusal, shown
from asset_sync.systems.pdq_export.sheet import TEXT, Sheet

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_HEADER_BYTES = 1 << 20
_BLOCK = 16 << 20
_SEPARATOR_LINE = re.compile(rb"sep=([,;\t])\r?\n", re.IGNORECASE)
_LICENCE = re.compile(r"\blicen[cs]e", re.IGNORECASE)

# A last row of our own tells whether the row before it was finished: in an open quote it would be swallowed.
_END = "\x02end of file\x03"


def read(text: Text, columns: Columns, limits: Limits) -> Sheet:
    """Return the rows below the header; refuses files that are cut off, and rows that do not fit the header."""
    body, delimiter, header = _header(text.utf8, columns)
    if len(header) > limits.columns:
        raise Refusal(f"has {len(header):,} columns; the limit is {limits.columns:,}")
    found = columns.find(header)
    table = _rows(body, delimiter, len(header), list(found.positions.values()))
    return Sheet(
        format=f"CSV ({_DELIMITERS[delimiter]}, {text.encoding})",
        found=found,
        columns=dict(zip(found.positions, table, strict=True)),
        rows=len(table[0]),
        first=2,
    )


def _header(data: bytes, columns: Columns) -> tuple[bytes, str, list[str]]:
    """Return the file from its header on, the delimiter, and the header as that delimiter splits it."""
    told = _SEPARATOR_LINE.match(data)
    if told:
        delimiter = told[1].decode()
        data = data[told.end() :]
        return data, delimiter, _first_row(data, delimiter)
    headers = {delimiter: _first_row(data, delimiter) for delimiter in _DELIMITERS}
    # The delimiter that makes sense of the header, not the one that occurs most: addresses and models are full of commas.
    best = max(headers, key=lambda delimiter: (columns.count(headers[delimiter]), len(headers[delimiter])))
    if not columns.count(headers[best]):
        _refuse_message(data)
    return data, best, headers[best]


def _first_row(data: bytes, delimiter: str) -> list[str]:
    start = data[:_HEADER_BYTES].decode(errors="ignore")
    try:
        rows = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
        return next((row for row in rows if row), [])
    except csv.Error:
        raise Refusal("has no header that can be read: its first line is too long") from None


def _refuse_message(data: bytes) -> None:
    """PDQ's command line prints a licence error where a table was asked for (facts/pdq.md, b 6)."""
    line = data[:_HEADER_BYTES].decode(errors="ignore").strip().split("\n", maxsplit=1)[0]
    if _LICENCE.search(line):
        raise Refusal(f"is a message about a licence and no export: '{shown(line)}'")


def _rows(data: bytes, delimiter: str, width: int, positions: list[int]) -> list[pa.Array]:
    """Return the columns at the positions, without header and end mark."""
    bad: list[pyarrow.csv.InvalidRow] = []
    try:
        table = _parsed(data + b"\n" + delimiter.join([_END] * width).encode(), delimiter, positions, bad)
    except pa.ArrowInvalid as error:
        if bad:
            raise _misfit(bad[0], data, delimiter) from None
        if "cannot infer number of columns" in str(error):
            raise _cut_in_quotes() from None
        if "straddling" in str(error):
            raise Refusal(f"has a value of more than {_BLOCK >> 20} MB, or a quote that is never closed") from None
        raise Refusal(f"cannot be read as CSV: {shown(error)}") from None
    values = [column.combine_chunks() for column in table.columns]
    if values[0][-1].as_py() != _END:
        raise _cut_in_quotes()
    return [column.slice(1, len(column) - 2) for column in values]


def _parsed(data: bytes, delimiter: str, positions: list[int], bad: list[pyarrow.csv.InvalidRow]) -> pa.Table:
    def refuse(row: pyarrow.csv.InvalidRow) -> str:
        bad.append(row)
        return "error"

    names = [f"f{position}" for position in positions]
    return pyarrow.csv.read_csv(
        pa.BufferReader(data),
        # One thread: only then does Arrow tell the number of a bad row.
        pyarrow.csv.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=_BLOCK),
        pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT), include_columns=names, strings_can_be_null=False, check_utf8=False
        ),
    )


def _misfit(row: pyarrow.csv.InvalidRow, data: bytes, delimiter: str) -> Refusal:
    if _END in row.text:
        return _cut_in_quotes()
    has = f"row {row.number} has {row.actual_columns} of {row.expected_columns} columns"
    is_last = data.rstrip(b"\r\n").endswith(row.text.encode())
    if is_last and row.actual_columns < row.expected_columns:
        return Refusal(f"is cut off: its last {has}; export it again")
    return Refusal(f"is no table: {has}, as separated by {_DELIMITERS[delimiter]}; export it again")


def _cut_in_quotes() -> Refusal:
    return Refusal("is cut off in a quoted value, or has a quote that is never closed; export it again")
