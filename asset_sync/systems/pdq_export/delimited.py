"""CSV: comma, semicolon, tab or bar, quoted newlines, read by Arrow in whole columns once `quotes` has looked at it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.csv

from asset_sync.systems.pdq_export.columns import KEYS, Columns
from asset_sync.systems.pdq_export.encoding import Text
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.quotes import refuse_misplaced
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.pdq_export.remarks import is_remark, left_out
from asset_sync.systems.pdq_export.sheet import TEXT, Sheet
from asset_sync.systems.shown import shown

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEADER_BYTES = 1 << 20
_HEADER_ROWS = 20
_BLOCK = 16 << 20
_SEPARATOR_LINE = re.compile(rb"\"?sep=([,;\t|])\"?[,;\t|]*\r?\n", re.IGNORECASE)
_LICENCE = re.compile(r"\blicen[cs]e", re.IGNORECASE)

# A last row of our own tells whether the row before it was finished: in an open quote it would be swallowed.
_END = "\x02end of file\x03"


class _Header(NamedTuple):
    """The header, where its line begins, how many lines are above it and what those say."""

    names: list[str]
    at: int = 0
    lines: int = 0
    above: tuple[str, ...] = ()


@dataclass
class _Misfits:
    """The rows that do not fit the header: remarks, which have one column, and the first that is none."""

    remarks: list[str] = field(default_factory=list)
    bad: list[pyarrow.csv.InvalidRow] = field(default_factory=list)

    def __call__(self, row: pyarrow.csv.InvalidRow) -> str:
        if row.actual_columns < row.expected_columns and is_remark(row.text) and _END not in row.text:
            self.remarks.append(row.text.strip('"'))
            return "skip"
        self.bad.append(row)
        return "error"


def read(text: Text, columns: Columns, limits: Limits) -> Sheet:
    """Return the rows below the header; refuses files that are cut off, and rows that do not fit the header."""
    told = _SEPARATOR_LINE.match(text.utf8)
    data = text.utf8[told.end() :] if told else text.utf8
    delimiter, header = _header(data, columns, told[1].decode() if told else None)
    if len(header.names) > limits.columns:
        raise Refusal(f"has {len(header.names):,} columns; the limit is {limits.columns:,}")
    found = columns.find(header.names)
    body, misfits = data[header.at :], _Misfits()
    # The first column too, where it means nothing: last, so that those before it are the fields'.
    positions = list(dict.fromkeys((*found.positions.values(), 0)))
    table = _rows(body, delimiter, len(header.names), positions, misfits)
    doubted = refuse_misplaced(body, delimiter, [found.positions[key] for key in KEYS if key in found.positions])
    return Sheet(
        format=f"CSV ({_DELIMITERS[delimiter]}, {text.encoding})",
        found=found,
        columns=dict(zip(found.positions, table, strict=False)),
        rows=len(table[0]),
        first=header.lines + 2 + bool(told),
        above=header.above,
        remarks=tuple(misfits.remarks),
        notes=(*left_out(misfits.remarks), *doubted),
        doubts=doubted,
        lead=table[-1] if len(table) > len(found.positions) else None,
    )


def _header(data: bytes, columns: Columns, told: str | None) -> tuple[str, _Header]:
    """Return the delimiter and the header as that delimiter splits it."""
    headers = {delimiter: _best(data, delimiter, columns) for delimiter in ([told] if told else _DELIMITERS)}
    # The delimiter that makes sense of the header, not the one that occurs most: addresses and models are full of commas.
    best = max(headers, key=lambda each: (columns.count(headers[each].names), len(headers[each].names), -headers[each].lines))
    if not columns.count(headers[best].names):
        _refuse_message(data)
    return best, headers[best]


def _best(data: bytes, delimiter: str, columns: Columns) -> _Header:
    """Return the header among the first rows; what has no header has its first row for one, so that it can be shown."""
    rows = list(_first_rows(data, delimiter))
    if not rows:
        return _Header([])
    best = columns.best([row.names for row in rows]) if any(columns.count(row.names) for row in rows) else 0
    above = tuple(" ".join(filter(None, row.names)) for row in rows[:best])
    return rows[best]._replace(above=above)


def _first_rows(data: bytes, delimiter: str) -> Iterator[_Header]:
    lines = io.StringIO(data[:_HEADER_BYTES].decode(errors="ignore"), newline="")
    taken: list[int] = []

    def measured() -> Iterator[str]:
        for line in lines:
            taken.append(len(line.encode()))
            yield line

    reader = csv.reader(measured(), delimiter=delimiter)
    found = 0
    while found < _HEADER_ROWS:
        at, above = sum(taken), len(taken)
        try:
            row = next(reader, None)
        except csv.Error:
            if found:
                return
            raise Refusal("has no header that can be read: its first line is too long") from None
        if row is None:
            return
        if any(row):
            found += 1
            yield _Header(row, at, above)


def _refuse_message(data: bytes) -> None:
    """PDQ's command line prints a licence error where a table was asked for (facts/pdq.md, b 6)."""
    line = data[:_HEADER_BYTES].decode(errors="ignore").strip().split("\n", maxsplit=1)[0]
    if _LICENCE.search(line):
        raise Refusal(f"is a message about a licence and no export: '{shown(line)}'")


def _rows(data: bytes, delimiter: str, width: int, positions: list[int], misfits: _Misfits) -> list[pa.Array]:
    """Return the columns at the positions, without header and end mark."""
    try:
        table = _parsed(data + b"\n" + delimiter.join([_END] * width).encode(), delimiter, positions, misfits)
    except pa.ArrowInvalid as error:
        if misfits.bad:
            raise _misfit(misfits.bad[0], data, delimiter) from None
        if "cannot infer number of columns" in str(error):
            raise _cut_in_quotes() from None
        if "straddling" in str(error):
            raise Refusal(f"has a value of more than {_BLOCK >> 20} MB, or a quote that is never closed") from None
        raise Refusal(f"cannot be read as CSV: {shown(error)}") from None
    values = [column.combine_chunks() for column in table.columns]
    if values[0][-1].as_py() != _END:
        raise _cut_in_quotes()
    return [column.slice(1, len(column) - 2) for column in values]


def _parsed(data: bytes, delimiter: str, positions: list[int], misfits: _Misfits) -> pa.Table:
    names = [f"f{position}" for position in positions]
    return pyarrow.csv.read_csv(
        pa.BufferReader(data),
        # One thread: only then does Arrow tell the number of a bad row.
        pyarrow.csv.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=_BLOCK),
        pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=misfits),
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
