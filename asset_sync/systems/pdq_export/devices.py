"""From the rows of a file to the device table: rows of one machine become one device, text becomes the field's type."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.tables import Mask, Positions
from asset_sync.systems.pdq import DEVICES
from asset_sync.systems.pdq.identifiers import short_names
from asset_sync.systems.pdq_export.identity import machine_ids, machine_keys, with_one_name
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.pdq_export.sheet import TEXT
from asset_sync.systems.shown import shown

Columns = dict[str, pa.Array]

_TIME = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"
# With a prefix length, a mask or a zone, where there is one: whoever writes it to an interface knows what to do with these.
_IPV4 = r"^\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|/\d{1,3}(?:\.\d{1,3}){3})?$"
_IPV6 = r"^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[^/\s]+)?(?:/\d{1,3})?$"
_SIZE = r"(?i)^(?P<number>\d+(?:[.,]\d+)?) ?(?P<unit>[KMGT]?)(?:i?B|bytes)?$"
_POWERS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_BEYOND: Final = float(2**63)
"""The first number that no column of integers holds."""
_YES: Final = ("true", "yes", "1", "on", "online")
_NO: Final = ("false", "no", "0", "off", "offline")


class Devices(NamedTuple):
    """A device table in the form of `pdq.DEVICES`, and what is to be told about it, a line each."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def devices(columns: Columns, rows: int) -> Devices:
    """Return a device for each machine, sorted by id, from trimmed columns by field; refuses rows that identify nothing.

    Where the rows of one machine have different values in a column, nobody knows which is right, and it is left empty.
    """
    notes: list[str] = []
    columns = with_one_name(_with_names(columns), rows)
    keys = machine_keys(columns, rows)
    nameless = keys.null_count
    if nameless == rows:
        raise Refusal("has no row with a name, a usable serial number or an id")
    if nameless:
        notes.append(f"left out for want of a name, a usable serial number and an id: {nameless:,} rows")
    merged = _merged(columns, keys, notes)
    count = len(next(iter(merged.values())))
    merged["id"] = machine_ids(merged, count)
    table = pd.DataFrame({field: _column(field, merged, count, notes) for field in DEVICES.columns})
    return Devices(DEVICES.validate(table.sort_values("id", ignore_index=True)), tuple(notes))


def _with_names(columns: Columns) -> Columns:
    """A machine without a name is called by the first label of its host name, as PDQ Connect does; an address has none."""
    if "hostname" not in columns:
        return columns
    label = pa.array(short_names(columns["hostname"].to_pylist()), TEXT)
    return columns | {"name": pc.coalesce(columns["name"], label) if "name" in columns else label}


# Rows of one machine.


def _merged(columns: Columns, keys: pa.Array, notes: list[str]) -> Columns:
    machine_of, count = _numbered(keys)
    return {field: _merged_column(field, values, machine_of, count, notes) for field, values in columns.items()}


def _numbered(keys: pa.Array) -> tuple[Positions, int]:
    """Return the number of each row's machine, -1 for none, and how many machines there are."""
    encoded = pc.dictionary_encode(keys)
    numbers = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.int64), len(encoded.dictionary)


def _merged_column(field: str, values: pa.Array, machine_of: Positions, count: int, notes: list[str]) -> pa.Array:
    rows = np.flatnonzero(_true(pc.is_valid(values)) & (machine_of >= 0))
    first: Positions = np.full(count, -1, dtype=np.int64)
    # Backwards, so that the first row of a machine is the last to be written.
    first[machine_of[rows[::-1]]] = rows[::-1]
    if len(rows) == np.count_nonzero(first >= 0):
        return _taken(values, first)
    said = _compared(field, values)
    apart = _true(pc.not_equal(said.take(pa.array(rows)), said.take(pa.array(first[machine_of[rows]]))))
    split = np.unique(machine_of[rows[apart]])
    if split.size:
        example = shown(values[int(first[split[0]])])
        other = shown(values[int(rows[apart][0])])
        notes.append(f"{field}: left empty where the rows of a machine differ: {split.size:,} ('{example}', '{other}')")
        first[split] = -1
    return _taken(values, first)


def _compared(field: str, values: pa.Array) -> pa.Array:
    """Return by what two rows say the same: whatever their case, and a serial with dashes and blanks or without."""
    lower = pc.utf8_lower(values)
    return pc.coalesce(forms.normal(values, "serial"), lower) if field == "serialNumber" else lower


def _taken(values: pa.Array, positions: Positions) -> pa.Array:
    return values.take(pa.array(positions, mask=positions < 0))


# Types.


def _column(field: str, columns: Columns, count: int, notes: list[str]) -> pd.Series:
    dtype = str(DEVICES.columns[field].dtype)
    if field not in columns:
        return pd.Series(index=range(count), dtype=dtype)
    written = columns[field]
    understood = _READERS.get(field, _as_it_is)(written)
    _note_lost(field, written, understood, notes)
    return pd.Series(understood.to_pandas(), dtype=dtype)


def _note_lost(field: str, written: pa.Array, understood: pa.Array, notes: list[str]) -> None:
    lost = _true(pc.and_(pc.is_valid(written), pc.is_null(understood)))
    if lost.any():
        example = shown(written[int(np.argmax(lost))])
        notes.append(f"{field}: left empty where the value is not understood: {np.count_nonzero(lost):,} ('{example}')")


def _as_it_is(values: pa.Array) -> pa.Array:
    return values


def _matching(pattern: str) -> Callable[[pa.Array], pa.Array]:
    def read(values: pa.Array) -> pa.Array:
        return pc.if_else(pc.match_substring_regex(values, pattern), values, pa.scalar(None, TEXT))

    return read


def _time(values: pa.Array) -> pa.Array:
    """ISO 8601 alone: 03/04/2026 is a day in March here and in April there."""
    return pc.replace_substring(_matching(_TIME)(values), pattern=" ", replacement="T", max_replacements=1)


def _bytes(values: pa.Array) -> pa.Array:
    """Sizes with a unit become bytes, plain numbers stay; "16,384 MB" may be sixteen or sixteen thousand and is neither."""
    ambiguous = pc.match_substring_regex(values, r"[.,]\d{3}(?:\D|$)")
    parts = pc.extract_regex(pc.if_else(ambiguous, pa.scalar(None, TEXT), values), _SIZE)
    numbers = pc.cast(pc.replace_substring(pc.struct_field(parts, "number"), pattern=",", replacement="."), pa.float64())
    units = pc.index_in(pc.utf8_upper(pc.struct_field(parts, "unit")), value_set=pa.array(list(_POWERS), type=TEXT))
    sizes = pc.round(pc.multiply(numbers, pc.power(1024.0, units)))
    return pc.cast(pc.if_else(pc.less(sizes, _BEYOND), sizes, pa.scalar(None, pa.float64())), pa.int64())


def _percent(values: pa.Array) -> pa.Array:
    parts = pc.extract_regex(values, r"^(?P<number>100|\d{1,2}) ?%?$")
    return pc.cast(pc.struct_field(parts, "number"), pa.int64())


def _boolean(values: pa.Array) -> pa.Array:
    words = pa.array([*_YES, *_NO], type=TEXT)
    answers = pa.array([True] * len(_YES) + [False] * len(_NO))
    return answers.take(pc.index_in(pc.utf8_lower(values), value_set=words))


def _json_list(values: pa.Array) -> pa.Array:
    return pa.array([value if value and _is_json_list(value) else None for value in values.to_pylist()], type=TEXT)


def _is_json_list(value: str) -> bool:
    try:
        return isinstance(orjson.loads(value), list)
    except orjson.JSONDecodeError:
        return False


def _true(values: pa.Array) -> Mask:
    """Return a mask, unknown counting as false."""
    return np.asarray(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


_READERS: Mapping[str, Callable[[pa.Array], pa.Array]] = MappingProxyType(
    dict.fromkeys(("osInstallDate", "lastSeenAt", "lastBootUpTime", "insertedAt", "updatedAt"), _time)
    | dict.fromkeys(("isOnline", "requireReboot", "smbVersionOne"), _boolean)
    | dict.fromkeys(("networking", "customFields"), _json_list)
    | dict.fromkeys(("ipv4Address", "ipv4Gateway"), _matching(_IPV4))
    | {"ipv6Address": _matching(_IPV6), "memory": _bytes, "freePercent": _percent}
)
