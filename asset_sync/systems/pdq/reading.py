"""PDQ Connect as a source: every device of one organization, read whole or not at all.

What is known of the API (facts/pdq.md): `page` from 1, `pageSize` of at most 100, a `meta` that may be missing, any device
field but `id` missing or null, no cursor and no snapshot. So pages are read in a stable order, checked against each other
and against `meta`, read once more where they do not fit, and refused if they still do not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd
import pandera.pandas as pandera
from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError, SourceError, SourceUnavailable
from asset_sync.reconcile.sources import ColumnType
from asset_sync.reconcile.tables import DTYPES, text
from asset_sync.systems.http import Answered, Budget, Client, HttpError, may_pass
from asset_sync.systems.pdq.identifiers import IDENTIFIERS, gated, identifier_text
from asset_sync.systems.progress import Count

NAME: Final = "PDQ Connect"
URL: Final = "https://app.pdq.com"
PAGE_SIZE: Final = 100
_PART: Final = 2_000
"""So many devices are put into columns at once."""

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
_ARRAYS = ("networking", "customFields")

DEVICE_FIELDS: Final = (*_TEXTS, *_INTEGERS, *_BOOLEANS, *_ADAPTER, *_ARRAYS)
"""The columns of the device table, all of them mappable. Dates are ISO 8601 text. `ipv4Address`, `ipv4Gateway` and
`ipv6Address` are those of the first adapter that has a gateway; `networking` (all adapters) and `customFields` are JSON."""

DEVICE_TYPES: Final[Mapping[str, ColumnType]] = {
    name: "integer" if name in _INTEGERS else "boolean" if name in _BOOLEANS else "text" for name in DEVICE_FIELDS
}
"""The types of the columns."""
_DTYPES: Final[Mapping[str, str]] = {name: DTYPES[of] for name, of in DEVICE_TYPES.items()}

DEVICES: Final = pandera.DataFrameSchema(
    {name: pandera.Column(dtype, nullable=name != "id") for name, dtype in _DTYPES.items()},
    strict=True,
    unique=["id"],
    name="pdq/devices",
)
"""The device table: a row a device, `id` filled and unique, every other value possibly missing, none of them blank text."""

Device = dict[str, Any]


class PdqConnect(ConfigurableResource[Any]):
    """A PDQ Connect organization.

    `url` is the address without a path (default: PDQ_URL, else PDQ's own); `token` an API key of the console (default:
    PDQ_TOKEN); PDQ_CA_FILE may name a CA's certificates in PEM.
    The environment is read when a client is opened, never when code is loaded.
    """

    url: str = ""
    token: str = Field(default="", repr=False)

    def client(self) -> Client:
        """Return a client; raises `ConfigurationError` where address or token are missing or cannot be right."""
        return connect(self.url or settings.optional("PDQ_URL") or URL, self.token or settings.require("PDQ_TOKEN"))

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variables that must be set, each with what it is for where that is not known by its name."""
        return {} if self.token else {"PDQ_TOKEN": None}


def connect(url: str, token: str) -> Client:
    """Return a client for the token's organization; raises `ConfigurationError` for a bad address or token."""
    if not token.strip():
        raise ConfigurationError("PDQ_TOKEN is empty: set it to an API key of PDQ Connect (Settings, API keys)")
    if not url.strip():
        raise ConfigurationError("PDQ_URL is empty: set it to the address of PDQ Connect, or leave it out")
    return Client(
        url,
        name=NAME,
        headers={"Authorization": f"Bearer {token.strip()}"},
        ca_file=settings.ca_file("PDQ"),
        writable=False,
        address_variable="PDQ_URL",
        ca_told="PDQ_CA_FILE",
        budget=Budget.of("PDQ"),
    )


def devices(client: Client, tell: Callable[[str], object] = lambda _note: None) -> pd.DataFrame:
    """Return all devices in the form of `DEVICES`, sorted by id; `tell` is told, a line each, what was left empty and why.

    Raises `SourceError` where the answer is not surely whole: failed, empty, short, changing, or not understood.
    """
    try:
        table = _read_whole(client)
    except HttpError as error:
        raise (SourceUnavailable if may_pass(error) else SourceError)(_refusal(error)) from None
    return DEVICES.validate(_with_identifiers(table, tell))


def count(client: Client) -> int | None:
    """Return how many devices the key sees, by the server's own word; None where it does not say. Raises as `devices` does.

    What is no page of devices is refused, too: not all that answers is PDQ Connect.
    """
    try:
        body = client.get_json("/v1/api/devices", {"page": 1, "pageSize": 1})
    except HttpError as error:
        raise (SourceUnavailable if may_pass(error) else SourceError)(_refusal(error)) from None
    _, meta = _told(body, f"{client.name}: {client.base_url}")
    return meta.get("totalCount")


def _refusal(error: HttpError) -> str:
    if not isinstance(error, Answered):
        return f"{error}; nothing was read"
    if error.status == 401:
        return f"{error}; PDQ_TOKEN is not accepted: check that the API key still exists"
    if error.status == 403:
        return f"{error}; PDQ_TOKEN has no right to read devices: check the API key's rights and the plan"
    return f"{error}; nothing was read"


# Pages.


class _Mismatch(Exception):
    """Pages that do not fit together."""


def _read_whole(client: Client) -> pd.DataFrame:
    try:
        return _read_once(client)
    except _Mismatch:
        # Devices come and go while pages are read; that does not happen twice in a row without a cause.
        pass
    try:
        return _read_once(client)
    except _Mismatch as error:
        raise SourceError(
            f"{client.name}: the device list of {client.base_url} is not whole, twice in a row: {error}; run again later"
        ) from None


def _read_once(client: Client) -> pd.DataFrame:
    """Return the devices by id: in columns as soon as there are enough, because a device is some 10 KB of objects."""
    rows: list[Device] = []
    parts: list[pd.DataFrame] = []
    seen: set[str] = set()
    metas: list[Mapping[str, int]] = []
    counting: Count | None = None
    for page, (data, meta) in enumerate(_pages(client), start=1):
        rows += data
        counting = counting or client.progress.counting("devices", meta.get("totalCount"))
        counting(len(data))
        before = len(seen)
        seen.update(row["id"] for row in data)
        if len(seen) - before != len(data):
            raise _Mismatch(f"page {page} repeats devices")
        metas.append(meta)
        if len(rows) >= _PART:
            parts.append(_table(rows))
            rows = []
    _check_totals(len(seen), metas)
    if not seen:
        raise SourceError(f"{client.name}: {client.base_url} lists no devices at all; check PDQ_TOKEN and its organization")
    return _sorted([*parts, _table(rows)])


def _pages(client: Client) -> Iterator[tuple[list[Device], Mapping[str, int]]]:
    """Yield the pages up to the last: the one that `meta` says, or else the first that is short and has an empty one behind."""
    page, ended = 1, False
    while True:
        data, meta = _page(client, page)
        size, last = meta.get("pageSize", PAGE_SIZE), meta.get("totalPages")
        if ended and data:
            raise _Mismatch(f"page {page - 1} is short and page {page} is not empty")
        if last is not None and page < last and len(data) != size:
            raise _Mismatch(f"page {page} of {last} has {len(data)} devices instead of {size}")
        yield data, meta
        if ended or (last is not None and page >= last):
            return
        ended = last is None and len(data) < size
        page += 1


def _page(client: Client, page: int) -> tuple[list[Device], Mapping[str, int]]:
    params: dict[str, str | int] = {
        "page": page,
        "pageSize": PAGE_SIZE,
        "sort": "insertedAt",
        "includes": ",".join(_ARRAYS),
    }
    body = client.get_json("/v1/api/devices", params)
    return _told(body, f"{client.name}: page {page} of the devices of {client.base_url}")


def _told(body: Any, where: str) -> tuple[list[Device], Mapping[str, int]]:
    """Return the devices and the numbers that a page tells. Raises `SourceError` where it is none."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise SourceError(f"{where} has no list of devices; nothing was read")
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"] for row in data):
        raise SourceError(f"{where} has devices without an id; nothing was read")
    meta = body.get("meta")
    return data, {k: v for k, v in meta.items() if isinstance(v, int)} if isinstance(meta, dict) else {}


def _check_totals(count: int, metas: Iterable[Mapping[str, int]]) -> None:
    metas = list(metas)
    for name in ("totalPages", "totalCount"):
        said = {meta[name] for meta in metas if name in meta}
        if len(said) > 1:
            raise _Mismatch(f"{name} changed from {min(said)} to {max(said)} while the pages were read")
    pages, size = metas[0].get("totalPages"), metas[0].get("pageSize", PAGE_SIZE)
    if pages is not None and not (pages - 1) * size < count <= pages * size and (pages, count) != (0, 0):
        raise _Mismatch(f"{pages} pages of {size} gave {count} devices")
    if metas[0].get("totalCount", count) != count:
        raise _Mismatch(f"{count} devices came instead of {metas[0]['totalCount']}")


# Columns.


def _table(rows: list[Device]) -> pd.DataFrame:
    """Return devices in columns, their identifiers as they were told."""
    adapters = [_main_adapter(row) for row in rows]
    columns: dict[str, list[Any]] = {name: [_text(row.get(name)) for row in rows] for name in _TEXTS if name not in IDENTIFIERS}
    columns |= {name: [identifier_text(row.get(name)) for row in rows] for name in IDENTIFIERS}
    columns |= {name: [_integer(row.get(name)) for row in rows] for name in _INTEGERS}
    columns |= {name: [_boolean(row.get(name)) for row in rows] for name in _BOOLEANS}
    columns |= {name: [_text(adapter.get(name)) for adapter in adapters] for name in _ADAPTER}
    columns |= {name: [_json(row.get(name)) for row in rows] for name in _ARRAYS}
    return pd.DataFrame({name: pd.Series(columns[name], dtype=dtype) for name, dtype in _DTYPES.items()})


def _sorted(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the devices of all parts by id. The parts are emptied: a column at a time is there twice, and never the whole."""
    order = np.argsort(np.concatenate([part["id"].to_numpy(dtype=object) for part in parts]), kind="stable")
    columns = {name: pd.concat([part.pop(name) for part in parts], ignore_index=True).take(order) for name in _DTYPES}
    return pd.DataFrame(columns).reset_index(drop=True)


def _with_identifiers(table: pd.DataFrame, tell: Callable[[str], object]) -> pd.DataFrame:
    """Return devices with those identifiers alone that can be one's."""
    columns: dict[str, Any] = {}
    for name in IDENTIFIERS:
        values, notes = gated(name, text(table[name]))
        columns[name] = pd.array(values, dtype="str")
        for note in notes:
            tell(note)
    return table.assign(**columns)


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
