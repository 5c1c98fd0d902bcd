"""Quotes in CSV: a file whose quotes do not fit is refused, since a reader that guesses makes one machine of several.

An inch mark that was not doubled inside quotes ends its value, or begins one that goes on into the next line. A mark at the
very start of two values is a fine pair of quotes: what stands between is told where it reads as a machine.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.shown import shown

_QUOTE, _NEWLINES = ord('"'), (ord("\n"), ord("\r"))
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def refuse_misplaced(data: bytes, delimiter: str, keys: Sequence[int]) -> tuple[str, ...]:
    """Raise `Refusal` where quotes do not fit, or where a value holds what is a line of the table with a machine in it.

    `keys` are the positions of the columns that tell machines apart. Returns, a line each, which values may hold a machine
    though their quotes fit.
    """
    if _is_plain(np.frombuffer(data, dtype=np.uint8), ord(delimiter)):
        return ()
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), delimiter=delimiter, strict=True)
    doubted: list[str] = []
    try:
        for row in reader:
            doubted += _doubted(row, delimiter, keys, reader.line_num)
    except csv.Error as error:
        where = f"line {reader.line_num} of the table"
        raise Refusal(f"has a quote that does not fit in {where} ({shown(error)}); quotes in values must be doubled") from None
    return tuple(doubted)


def _is_plain(data: np.ndarray, delimiter: int) -> bool:
    """Tell at a glance whether all quotes stand around values, and no value has several lines: so it is in most files."""
    at = np.flatnonzero(data == _QUOTE)
    if len(at) % 2:
        return False
    edges = np.array([delimiter, *_NEWLINES], dtype=np.uint8)
    padded = np.concatenate((edges[1:2], data, edges[1:2]))
    before, behind = padded[at[::2]], padded[at[1::2] + 2]
    # A doubled quote ends one value and begins the next, as this counts.
    opens = np.isin(before, edges) | (before == _QUOTE)
    closes = np.isin(behind, edges) | (behind == _QUOTE)
    breaks = np.flatnonzero(np.isin(data, edges[1:]))
    return bool(opens.all() and closes.all() and not (np.searchsorted(at, breaks) % 2).any())


def _doubted(row: Sequence[str], delimiter: str, keys: Sequence[int], line: int) -> Iterator[str]:
    for position, value in enumerate(row):
        if not (_LINE_END.search(value) and _has_machine(value, position, len(row), delimiter, keys)):
            continue
        if '"' in value and _LINE_END.split(value)[0].split(delimiter)[0].endswith('"'):
            raise Refusal(
                f"has a quote that is not closed in its line, before line {line} of the table: '{shown(value)}' "
                "would be one value; double quotes in values"
            )
        yield f"a value of several lines, before line {line} of the table, reads as another machine: '{shown(value)}'"


def _has_machine(value: str, position: int, width: int, delimiter: str, keys: Sequence[int]) -> bool:
    """Tell whether a value reads as the end of one row and the beginning of another one that tells its machine."""
    first, *_, last = (line.split(delimiter) for line in _LINE_END.split(value))
    fits = len(first) == width - position and len(last) == position + 1
    before = any(key > position and first[key - position].strip() for key in keys) if fits else False
    return width > 1 and fits and (before or any(key < len(last) - (position > 0) and last[key].strip() for key in keys))
