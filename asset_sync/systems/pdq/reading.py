"""PDQ Connect as a source: every device of one organization, read whole or not at all.

What is known of the API (facts/pdq.md): `page` from 1, `pageSize` of at most 100, a `meta` that may be missing, any device
field but `id` missing or null, no cursor and no snapshot. So pages are read in a stable order, checked against each other
and against `meta`, read once more where they do not fit, and refused if they still do not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd
from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError, SourceError, SourceUnavailable
from asset_sync.systems.http import Answered, Budget, Client, HttpError, may_pass
from asset_sync.systems.pdq.columns import ARRAYS, Device, Gathered, table
from asset_sync.systems.progress import Count

NAME: Final = "PDQ Connect"
URL: Final = "https://app.pdq.com"
PAGE_SIZE: Final = 100
_PART: Final = 500
"""So many devices are put into columns at once."""


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
        columns = _read_whole(client).by_id()
    except HttpError as error:
        raise (SourceUnavailable if may_pass(error) else SourceError)(_refusal(error)) from None
    return table(columns, tell)


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


def _read_whole(client: Client) -> Gathered:
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


def _read_once(client: Client) -> Gathered:
    """Return the devices: in columns as soon as there are enough, because a device is some 10 KB of objects."""
    rows: list[Device] = []
    gathered = Gathered()
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
            gathered.add(rows)
            rows = []
    _check_totals(len(seen), metas)
    if not seen:
        raise SourceError(f"{client.name}: {client.base_url} lists no devices at all; check PDQ_TOKEN and its organization")
    gathered.add(rows)
    return gathered


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
        "includes": ",".join(ARRAYS),
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
