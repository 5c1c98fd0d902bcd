"""PDQ Connect's devices in columns: which there are, what a device's JSON says in them, and a table of many devices."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.sources import ColumnType
from asset_sync.reconcile.tables import DTYPES
from asset_sync.systems.pdq.identifiers import IDENTIFIERS, gated, identifier_text

_INTEGERS = ("memory", "freePercent")
_BOOLEANS = ("isOnline", "requireReboot", "smbVersionOne")
_TEXTS = (
    "id",
    "name",
    "hostname",
    "serialNumber",
    "manufacturer",
    "model",
    "sku",
    "family",
    "systemVersion",
    "chassis",
    "os",
    "osFullName",
    "osVersion",
    "osInstallDate",
    "osProductType",
    "servicePack",
    "architecture",
    "biosManufacturer",
    "biosVersion",
    "biosAssetTag",
    "currentUser",
    "lastUser",
    "lastUserShortName",
    "macAddress",
    "publicIpAddress",
    "lastSeenAt",
    "lastBootUpTime",
    "insertedAt",
    "updatedAt",
    "agentVersion",
    "dotNetVersions",
    "powershellVersion",
    "timezone",
)
_ADAPTER = ("ipv4Address", "ipv4Gateway", "ipv6Address")
_OF_ADAPTER = (*_ADAPTER, "ipv6Gateway", "alias", "description")
_LAST = 1 << 63
ARRAYS: Final = ("networking", "customFields")
"""What PDQ Connect tells only where it is asked for."""

DEVICE_FIELDS: Final = (*_TEXTS, *_INTEGERS, *_BOOLEANS, *_ADAPTER, *ARRAYS)
"""The columns of the device table, all of them mappable. Dates are ISO 8601 text. `ipv4Address`, `ipv4Gateway` and
`ipv6Address` are those of the first adapter that has a gateway; `networking` (all adapters) and `customFields` are JSON."""

DEVICE_TYPES: Final[Mapping[str, ColumnType]] = {
    name: "integer" if name in _INTEGERS else "boolean" if name in _BOOLEANS else "text" for name in DEVICE_FIELDS
}
"""The types of the columns."""

DEVICES: Final = pandera.DataFrameSchema(
    {name: pandera.Column(DTYPES[of], nullable=name != "id") for name, of in DEVICE_TYPES.items()},
    strict=True,
    unique=["id"],
    name="pdq/devices",
)
"""The device table: a row a device, `id` filled and unique, every other value possibly missing, none of them blank text."""

_ARROW: Final = {"text": pa.large_string(), "integer": pa.int64(), "boolean": pa.bool_()}
_PANDAS: Final = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
_SCHEMA: Final = pa.schema([(name, _ARROW[of]) for name, of in DEVICE_TYPES.items()])
_COMPRESSED: Final = pa.ipc.IpcWriteOptions(compression="zstd")

Device = dict[str, Any]
"""A device as its JSON tells it."""
Columns = dict[str, pa.Array]
"""The columns of devices by name, identifiers as they were told."""


class Gathered:
    """Devices as they come, in columns and compressed: most of a device is JSON, which shrinks to a tenth."""

    def __init__(self) -> None:
        self._bytes = pa.BufferOutputStream()
        self._writer = pa.ipc.new_file(self._bytes, _SCHEMA, options=_COMPRESSED)

    def add(self, rows: list[Device]) -> None:
        """Add some devices."""
        self._writer.write_table(_columns(rows))

    def by_id(self) -> Columns:
        """Return the columns of them all, sorted by id, and end."""
        self._writer.close()
        stored = self._bytes.getvalue()
        order = pc.sort_indices(_column(stored, "id"))
        # A column is there twice while it is sorted: the largest, which are the last, while there is least beside them.
        return {name: _column(stored, name).take(order) for name in reversed(DEVICE_FIELDS)}


def table(columns: Columns, tell: Callable[[str], object]) -> pd.DataFrame:
    """Return devices in the form of `DEVICES`; `tell` is told, a line each, which identifiers were left empty and why."""
    # What they were read from is gone, and Arrow would keep its memory for a while.
    pa.default_memory_pool().release_unused()
    judged = {name: gated(name, columns[name]) for name in IDENTIFIERS}
    for each in judged.values():
        for note in each.notes:
            tell(note)
    values = columns | {name: each.values for name, each in judged.items()}
    made: pd.DataFrame = pa.table(values).select(DEVICE_FIELDS).to_pandas(types_mapper=_PANDAS.get)
    return DEVICES.validate(made)


def _column(stored: pa.Buffer, name: str) -> pa.Array:
    options = pa.ipc.IpcReadOptions(included_fields=[_SCHEMA.get_field_index(name)])
    return pa.ipc.open_file(stored, options=options).read_all().column(name).combine_chunks()


def _columns(rows: list[Device]) -> pa.Table:
    """Return devices in columns, their identifiers as they were told."""
    adapters = [_main_adapter(row) for row in rows]
    columns: dict[str, list[Any]] = {name: [_text(row.get(name)) for row in rows] for name in _TEXTS if name not in IDENTIFIERS}
    columns |= {name: [identifier_text(row.get(name)) for row in rows] for name in IDENTIFIERS}
    columns |= {name: [_integer(row.get(name)) for row in rows] for name in _INTEGERS}
    columns |= {name: [_boolean(row.get(name)) for row in rows] for name in _BOOLEANS}
    columns |= {name: [_text(adapter.get(name)) for adapter in adapters] for name in _ADAPTER}
    columns |= {name: [_json(row.get(name)) for row in rows] for name in ARRAYS}
    return pa.table(columns, schema=_SCHEMA)


def _main_adapter(row: Device) -> Device:
    """Return the adapter that leads out: the first by index with a gateway; nothing where there is none."""
    adapters = network_adapters(row.get("networking"))
    return next((adapter for adapter in adapters if adapter["ipv4Gateway"] or adapter["ipv6Gateway"]), {})


def network_adapters(networking: object) -> list[dict[str, str | None]]:
    """Return the adapters that a device's `networking` lists, by index; what is no adapter is passed over.

    Each has `alias`, `description`, `ipv4Address`, `ipv4Gateway`, `ipv6Address` and `ipv6Gateway` as text, None where there is
    none.
    """
    listed = [each for each in networking if isinstance(each, dict)] if isinstance(networking, list) else []
    ordered = sorted(listed, key=lambda each: _LAST if (index := _integer(each.get("index"))) is None else index)
    return [{name: _text(each.get(name)) for name in _OF_ADAPTER} for each in ordered]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, list | dict):
        return _json(value)
    return str(value) if str(value).strip() else None


def _json(value: object) -> str | None:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None


def _integer(value: object) -> int | None:
    """Return a number as an integer of 64 bits, which is what columns hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return int(value) if -_LAST <= value < _LAST else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
