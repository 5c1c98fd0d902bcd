"""A simulator of PDQ Connect's REST API, in front of a generated company.

It does what is known of the real one: a bearer token, paging from 1, `sort`, `filter[…]`, `group`, `includes`, arrays
only when asked for, fields that are null or missing, an empty 200 past the last page, and `POST /deployments` with its
arguments in the query string. Where nothing is known, this is assumed: a `pageSize` above 100 is taken as 100; a page,
sort field, filter field or include that makes no sense is a 400; `~` ignores case; empty values sort above all others;
`memory` is in bytes; a trailing slash does no harm.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import ceil, gcd
from typing import Literal

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from asset_sync.sandbox.company import DOMAIN, Company, Machine
from asset_sync.sandbox.faults import FaultMiddleware, Faults, path_and_query

ErrorShape = Literal["errors", "error", "error.message", "message"]
Json = dict[str, object]

BASE = "/v1/api"
PAGE_SIZE_MOST = 100
JUNK_SERIALS = (
    "To be filled by O.E.M.",
    "Default string",
    "System Serial Number",
    "Not Specified",
    "None",
    "N/A",
    "0",
    "123456789",
    "........",
    "",
)

_VIEWS_KEPT = 8
_FOUNDED = datetime(2023, 1, 1, tzinfo=UTC)
_ONLINE_S = 15 * 60
_AGENT = "5.8.12.0"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment that somebody asked for: a package (or package version) and the devices and groups to get it."""

    package: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    id: str
    name: str
    source: str
    type: str
    site: str | None = None
    every: int = 1

    def holds(self, company: Company, number: int) -> bool:
        return number % self.every == 0 and self.site in (None, company.site_of(number))

    def size(self, numbers: Sequence[int], sites: Mapping[str, int]) -> int:
        if self.site is not None:
            return sites.get(self.site, 0)
        return sum(1 for number in numbers if number % self.every == 0)


@dataclass(frozen=True, slots=True)
class _Eyes:
    """What one request gets to see, after the faults that hide or spoil rows."""

    company: Company
    faults: Faults
    empty: bool
    shrunken: float | None
    lost: float | None
    junk: float | None
    duplicate: float | None

    @property
    def key(self) -> tuple[object, ...]:
        return (self.company.revision, self.empty, self.shrunken, self.lost, self.junk, self.duplicate)

    def sees(self, number: int) -> bool:
        if self.empty:
            return False
        if self.shrunken is not None and not self.faults.picks("shrunken_source", str(number), self.shrunken):
            return False
        return self.lost is None or not self.faults.picks("lost_rights", self.company.site_of(number), self.lost)

    def numbers(self) -> Sequence[int]:
        if not self.empty and self.shrunken is None and self.lost is None:
            return self.company.numbers
        return [number for number in self.company.numbers if self.sees(number)]

    def serial(self, machine: Machine) -> str:
        if self.junk is not None and self.faults.picks("junk_serials", machine.id, self.junk):
            return JUNK_SERIALS[machine.number % len(JUNK_SERIALS)]
        twin = machine.number - machine.number % 2
        if (
            self.duplicate is not None
            and twin != machine.number
            and self.company.has(twin)
            and self.faults.picks("duplicate_serials", str(twin), self.duplicate)
        ):
            return self.serial(self.company.machine(twin))
        return machine.serial


def create_app(
    company: Company,
    *,
    token: str,
    faults: Faults | None = None,
    page_size_default: int = 20,
    error_shape: ErrorShape = "errors",
    meta: bool = True,
) -> Starlette:
    """The simulator, below `/v1/api`, with all of `faults` in it, those of the wire included.

    `error_shape` chooses between the four forms of error body that clients have reported:
    `errors` is `{"errors": [{"status": 404, "detail": "Not Found"}]}`, `error` is `{"error": "not found"}`,
    `error.message` is `{"error": {"message": "Not Found"}}`, `message` is `{"message": "Not Found"}`. `meta=False`
    leaves the paging figures away. `app.state.deployments` is the list of what was asked of `POST /deployments`.
    """
    shown = faults or Faults()
    pdq = _Pdq(company, shown, page_size_default, meta)

    def on_error(_request: Request, error: Exception) -> Response:
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "Server error")
        return _json(_error_body(error_shape, status, detail), status)

    app = Starlette(
        routes=pdq.routes(),
        middleware=[
            Middleware(FaultMiddleware, faults=shown),
            Middleware(_TokenGate, token=token, refusal=_json(_error_body(error_shape, 401, "Unauthorized"), 401)),
        ],
        exception_handlers={HTTPException: on_error, Exception: on_error},
    )
    app.state.deployments = pdq.deployments
    return app


class _TokenGate:
    """Lets nothing through without the token, unknown paths included."""

    def __init__(self, app: ASGIApp, token: str, refusal: Response) -> None:
        self.app = app
        self.expected = f"Bearer {token}"
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = scope["type"] != "http" or Request(scope).headers.get("authorization") == self.expected
        await (self.app if allowed else self.refusal)(scope, receive, send)


class _Pdq:
    def __init__(self, company: Company, faults: Faults, page_size_default: int, meta: bool) -> None:
        self.company = company
        self.faults = faults
        self.page_size_default = page_size_default
        self.meta = meta
        self.deployments: list[Deployment] = []
        self.groups = {group.id: group for group in _make_groups(company)}
        self.packages = {str(package["id"]): package for package in _make_packages()}
        self.views: dict[tuple[object, ...], Sequence[int]] = {}
        self.shuffles = 0

    def routes(self) -> list[Route]:
        endpoints = [
            ("/devices", self.list_devices, "GET"),
            ("/devices/{id}", self.show_device, "GET"),
            ("/groups", self.list_groups, "GET"),
            ("/packages", self.list_packages, "GET"),
            ("/packages/{id}", self.show_package, "GET"),
            ("/deployments", self.deploy, "POST"),
        ]
        return [
            Route(f"{BASE}{path}{slash}", endpoint, methods=[method])
            for path, endpoint, method in endpoints
            for slash in ("", "/")
        ]

    async def list_devices(self, request: Request) -> Response:
        includes = _includes(request)
        with self.company.lock:
            eyes = self._eyes(request)
            numbers = self._view(request, eyes)
            return self._page(request, numbers, lambda number: _device(self.company.machine(number), eyes, includes))

    async def show_device(self, request: Request) -> Response:
        includes = _includes(request)
        with self.company.lock:
            eyes = self._eyes(request)
            machine = self.company.get(request.path_params["id"])
            if machine is None or not eyes.sees(machine.number):
                raise HTTPException(404, "Not Found")
            return _json({"data": _device(machine, eyes, includes)})

    async def list_groups(self, request: Request) -> Response:
        with self.company.lock:
            numbers = self._eyes(request).numbers()
            sites = Counter(map(self.company.site_of, numbers))
            rows = [_group_row(group, group.size(numbers, sites), self.company) for group in self.groups.values()]
        return self._table(request, rows)

    async def list_packages(self, request: Request) -> Response:
        rows = [{key: value for key, value in row.items() if key != "packageVersions"} for row in self.packages.values()]
        return self._table(request, rows)

    async def show_package(self, request: Request) -> Response:
        package = self.packages.get(request.path_params["id"])
        if package is None:
            raise HTTPException(404, "Not Found")
        return _json({"data": package})

    async def deploy(self, request: Request) -> Response:
        package = request.query_params.get("package", "")
        targets = tuple(target for target in request.query_params.get("targets", "").split(",") if target)
        if not package or not targets:
            raise HTTPException(400, "package and targets are required")
        with self.company.lock:
            known = all(target in self.groups or self.company.get(target) is not None for target in targets)
        versions = {package["latestPackageVersionId"] for package in self.packages.values()}
        if not known or (package not in self.packages and package not in versions):
            raise HTTPException(404, "Not Found")
        self.deployments.append(Deployment(package, targets))
        return Response(status_code=204)

    def _eyes(self, request: Request) -> _Eyes:
        where, method = path_and_query(request.scope), request.method
        share = self.faults.share
        return _Eyes(
            company=self.company,
            faults=self.faults,
            empty=self.faults.fires("empty_source", where, method) is not None,
            shrunken=share("shrunken_source", where, method),
            lost=share("lost_rights", where, method),
            junk=share("junk_serials", where, method),
            duplicate=share("duplicate_serials", where, method),
        )

    def _view(self, request: Request, eyes: _Eyes) -> Sequence[int]:
        """The numbers of all devices that the request is about, in order. Kept, because the next page asks again."""
        group, filters, sort = request.query_params.get("group"), _filters(request), request.query_params.get("sort")
        key = (eyes.key, group, tuple(filters.items()), sort)
        if key not in self.views:
            while len(self.views) >= _VIEWS_KEPT:
                del self.views[next(iter(self.views))]
            self.views[key] = self._sorted(self._filtered(self._grouped(eyes.numbers(), group), filters, eyes), sort, eyes)
        return self.views[key]

    def _grouped(self, numbers: Sequence[int], group_id: str | None) -> Sequence[int]:
        if group_id is None:
            return numbers
        group = self.groups.get(group_id)
        return [number for number in numbers if group.holds(self.company, number)] if group else []

    def _filtered(self, numbers: Sequence[int], filters: Mapping[str, str], eyes: _Eyes) -> Sequence[int]:
        for name, wanted in filters.items():
            values = self._column(numbers, name, eyes)
            numbers = [number for number, value in zip(numbers, values, strict=True) if _matches(value, wanted)]
        return numbers

    def _sorted(self, numbers: Sequence[int], sort: str | None, eyes: _Eyes) -> Sequence[int]:
        if sort is None or sort == "insertedAt":
            return numbers
        if sort == "insertedAtDesc":
            return numbers[::-1]
        name, descending = _sort_field(sort, _FIELDS)
        keys = dict(zip(numbers, map(_rank, self._column(numbers, name, eyes)), strict=True))
        return sorted(numbers, key=keys.__getitem__, reverse=descending)

    def _column(self, numbers: Sequence[int], name: str, eyes: _Eyes) -> list[object]:
        if name not in _FIELDS:
            raise HTTPException(400, f"Unknown field {name}")
        if name == "id":
            return [self.company.id_of(number) for number in numbers]
        read = _FIELDS[name]
        return [read(self.company.machine(number), eyes) for number in numbers]

    def _table(self, request: Request, rows: list[Json]) -> Response:
        """A page of rows that are few enough to be filtered and sorted as they are."""
        known = rows[0]
        for name, wanted in _filters(request).items():
            if name not in known:
                raise HTTPException(400, f"Unknown field {name}")
            rows = [row for row in rows if _matches(row[name], wanted)]
        sort = request.query_params.get("sort")
        if sort is not None:
            name, descending = _sort_field(sort, known)
            rows = sorted(rows, key=lambda row: _rank(row[name]), reverse=descending)
        return self._page(request, range(len(rows)), rows.__getitem__)

    def _page(self, request: Request, numbers: Sequence[int], show: Callable[[int], Json]) -> Response:
        where = path_and_query(request.scope)
        page = _positive(request, "page", 1)
        size = min(_positive(request, "pageSize", self.page_size_default), PAGE_SIZE_MOST)
        positions: Sequence[int] = range(len(numbers))[(page - 1) * size : page * size]
        if positions and self.faults.fires("shuffled_pages", where):
            positions = self._shuffled(positions, len(numbers))
        if self.faults.fires("missing_page", where):
            positions = ()
        if short := self.faults.fires("short_page", where):
            positions = positions[: max(0, len(positions) - int(short.number("rows") or 0))]
        body: Json = {"data": [show(numbers[position]) for position in positions]}
        if self.meta:
            body["meta"] = {"page": page, "pageSize": size, "totalPages": ceil(len(numbers) / size)}
        return _json(body)

    def _shuffled(self, positions: Sequence[int], count: int) -> list[int]:
        """The same positions in an order of this request alone, without the cost of shuffling a million rows."""
        self.shuffles += 1
        step = next(
            step for step in range(count // 2 + 1 + self.shuffles * 7, 4 * count + self.shuffles * 9) if gcd(step, count) == 1
        )
        return [(position * step + self.shuffles) % count for position in positions]


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise HTTPException(400, f"{name} must be a positive integer")
    return int(text)


def _filters(request: Request) -> dict[str, str]:
    return {
        key[len("filter[") : -1]: value
        for key, value in request.query_params.items()
        if key.startswith("filter[") and key.endswith("]")
    }


def _includes(request: Request) -> list[str]:
    names = [name for name in request.query_params.get("includes", "").split(",") if name]
    for name in names:
        if name not in _ARRAYS:
            raise HTTPException(400, f"Unknown include {name}")
    return names


def _matches(value: object, wanted: str) -> bool:
    if value is None:
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return wanted[1:].casefold() in text.casefold() if wanted.startswith("~") else text == wanted


def _sort_field(sort: str, known: Mapping[str, object]) -> tuple[str, bool]:
    name = sort.removesuffix("Desc")
    if name not in known:
        raise HTTPException(400, f"Unknown sort field {name}")
    return name, name != sort


def _rank(value: object) -> tuple[bool, str, float]:
    if isinstance(value, int):
        return (False, "", value)
    return (value is None, str(value), 0)


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _error_body(shape: ErrorShape, status: int, detail: str) -> Json:
    if shape == "errors":
        return {"errors": [{"status": status, "detail": detail}]}
    if shape == "error":
        return {"error": detail.lower()}
    return {"error": {"message": detail}} if shape == "error.message" else {"message": detail}


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _hex(prefix: str, key: str) -> str:
    """An id that belongs to that key, in the form that PDQ uses."""
    return f"{prefix}_{blake2b(key.encode(), digest_size=10).hexdigest()[:19]}"


def _device(machine: Machine, eyes: _Eyes, includes: Sequence[str]) -> Json:
    """The device as JSON: what it does not report is null for machines of even number, missing for the others."""
    values = {name: read(machine, eyes) for name, read in _FIELDS.items()}
    if machine.number % 2:
        values = {name: value for name, value in values.items() if value is not None}
    return values | {name: _ARRAYS[name](machine, eyes) for name in includes}


def _group_row(group: _Group, size: int, company: Company) -> Json:
    return {
        "id": group.id,
        "name": group.name,
        "source": group.source,
        "type": group.type,
        "deviceCount": size,
        "insertedAt": _time(_FOUNDED),
        "updatedAt": _time(company.now),
    }


def _is_windows(machine: Machine) -> bool:
    return machine.product.os in ("windows", "server")


def _short_user(machine: Machine) -> str | None:
    return machine.user.split("\\")[-1].split("@")[0] if machine.user else None


def _online(machine: Machine) -> bool:
    return machine.idle_s < _ONLINE_S


def _booted(machine: Machine, eyes: _Eyes) -> datetime:
    return eyes.company.last_seen(machine) - timedelta(hours=1 + machine.number % 200)


def _public_ip(machine: Machine, eyes: _Eyes) -> str:
    return eyes.company.site_named(machine.site).public_ip


_FIELDS: dict[str, Callable[[Machine, _Eyes], object]] = {
    "id": lambda m, _: m.id,
    "name": lambda m, _: m.name,
    "hostname": lambda m, _: m.hostname,
    "serialNumber": lambda m, eyes: eyes.serial(m),
    "manufacturer": lambda m, _: m.manufacturer,
    "model": lambda m, _: m.model,
    "sku": lambda m, _: m.product.sku or None,
    "family": lambda m, _: m.product.family or None,
    "systemVersion": lambda m, _: "None" if m.product.kind == "VM" else m.product.family,
    "chassis": lambda m, _: m.product.chassis,
    "os": lambda m, _: "windows" if _is_windows(m) else m.product.os,
    "osFullName": lambda m, _: m.os_name,
    "osVersion": lambda m, _: m.os_version,
    "osInstallDate": lambda m, _: _time(m.inserted_at),
    "osProductType": lambda m, _: "Server" if m.product.kind in ("SV", "VM") else "Workstation",
    "servicePack": lambda _m, _: None,
    "architecture": lambda _m, _: "64-bit",
    "memory": lambda m, _: m.memory,
    "freePercent": lambda m, _: 5 + m.number * 37 % 80,
    "biosManufacturer": lambda m, _: m.product.maker.bios,
    "biosVersion": lambda m, _: f"1.{m.number % 30}.0",
    "biosAssetTag": lambda m, _: m.asset_tag,
    "currentUser": lambda m, _: m.user if _online(m) else None,
    "lastUser": lambda m, _: m.user,
    "lastUserShortName": lambda m, _: _short_user(m),
    "macAddress": lambda m, _: m.mac,
    "publicIpAddress": _public_ip,
    "isOnline": lambda m, _: _online(m),
    "lastSeenAt": lambda m, eyes: _time(eyes.company.last_seen(m)),
    "lastBootUpTime": lambda m, eyes: _time(_booted(m, eyes)),
    "insertedAt": lambda m, _: _time(m.inserted_at),
    "updatedAt": lambda m, eyes: _time(eyes.company.last_seen(m)),
    "requireReboot": lambda m, _: m.number % 9 == 0,
    "smbVersionOne": lambda m, _: m.number % 50 == 0,
    "agentVersion": lambda _m, _: _AGENT,
    "dotNetVersions": lambda m, _: "4.8.09037" if _is_windows(m) else None,
    "powershellVersion": lambda m, _: "5.1.22621" if _is_windows(m) else None,
    "timezone": lambda _m, _: "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
}


def _directory(machine: Machine, eyes: _Eyes) -> list[Json]:
    if not _is_windows(machine):
        return []
    return [
        {
            "id": _hex("ad", machine.id),
            "deviceName": machine.name,
            "domain": f"corp.{DOMAIN}",
            "domainJoined": True,
            "domainController": f"\\\\DC01.corp.{DOMAIN}",
            "azureAdJoined": machine.number % 3 == 0,
            "entraDeviceId": None,
            "entraTenantId": None,
            "entraTenantName": None,
            "distinguishedName": f"CN={machine.name},OU={machine.site},DC=corp,DC=example,DC=com",
            "description": None,
            "lastLogon": _time(eyes.company.last_seen(machine)),
        }
    ]


def _directory_groups(machine: Machine, _eyes: _Eyes) -> list[Json]:
    if not _is_windows(machine):
        return []
    name = f"Computers {machine.department}"
    path = f"CN={name},OU=Groups,DC=corp,DC=example,DC=com"
    return [
        {
            "id": _hex("adg", path),
            "guid": _hex("g", path)[2:],
            "name": name,
            "description": None,
            "distinguishedName": path,
        }
    ]


def _custom_fields(machine: Machine, _eyes: _Eyes) -> list[Json]:
    values = (("Asset Tag", machine.asset_tag), ("Department", machine.department), ("Site", machine.site))
    return [
        {
            "id": _hex("cf", name),
            "name": name,
            "type": "string",
            "value": value,
            "updatedAt": _time(machine.inserted_at),
            "updatedBy": f"admin@{DOMAIN}",
        }
        for name, value in values
    ]


def _disks(machine: Machine, _eyes: _Eyes) -> list[Json]:
    total_kb = 488_386_584
    return [
        {
            "id": _hex("dsk", machine.id),
            "diskNumber": 0,
            "model": "VMware Virtual disk" if machine.product.kind == "VM" else "SAMSUNG MZVL2512HCJQ-00BH1",
            "manufacturer": "(Standard disk drives)",
            "serialNumber": _hex("s", machine.id)[2:].upper(),
            "mediaType": "SSD",
            "busType": "NVMe",
            "driveType": "Fixed",
            "firmwareVersion": "HXA7602Q",
            "healthStatus": "Healthy",
            "operationalStatus": "OK",
            "totalSpaceKb": total_kb,
            "partitions": [
                {
                    "id": _hex("prt", machine.id),
                    "partitionNumber": 3,
                    "driveLetter": "C",
                    "fileSystem": "NTFS",
                    "fileSystemLabel": "Windows",
                    "partitionType": "gpt",
                    "sizeKb": total_kb,
                    "sizeRemainingKb": total_kb * (5 + machine.number * 37 % 80) // 100,
                    "freePercent": 5 + machine.number * 37 % 80,
                    "isBoot": True,
                    "isSystem": False,
                    "isHidden": False,
                    "isOffline": False,
                    "encryptionPercentage": 100,
                    "protectionStatus": "On",
                }
            ],
        }
    ]


def _drivers(machine: Machine, _eyes: _Eyes) -> list[Json]:
    return [
        {
            "id": _hex("drv", machine.id),
            "driverId": "oem12.inf",
            "name": "Intel(R) Wi-Fi 6E AX211 160MHz",
            "class": "NET",
            "provider": "Intel",
            "signer": "Microsoft Windows Hardware Compatibility Publisher",
            "version": "22.250.1.2",
            "date": "2023-08-22T00:00:00.000000Z",
        }
    ]


def _features(machine: Machine, _eyes: _Eyes) -> list[Json]:
    return [
        {"id": _hex("ftr", name), "name": name, "caption": caption, "enabled": enabled}
        for name, caption, enabled in (
            ("NetFx3", ".NET Framework 3.5", False),
            ("SMB1Protocol", "SMB 1.0/CIFS File Sharing Support", machine.number % 50 == 0),
        )
    ]


def _networking(machine: Machine, _eyes: _Eyes) -> list[Json]:
    wired = machine.product.kind != "NB"
    servers = [f"{machine.gateway.rsplit('.', 1)[0]}.1", "10.10.0.1"]
    main: Json = {
        "id": _hex("net", f"{machine.id} 0"),
        "index": 4,
        "alias": "Ethernet" if wired else "Wi-Fi",
        "description": "Intel(R) Ethernet Connection I219-LM" if wired else "Intel(R) Wi-Fi 6E AX211 160MHz",
        "ipv4Address": machine.ipv4,
        "ipv4Gateway": machine.gateway,
        "ipv6Address": machine.ipv6,
        "ipv6Gateway": f"{machine.ipv6.split('::')[0]}::1" if machine.ipv6 else None,
        "dnsServer": servers,
        "linkSpeed": "1 Gbps" if wired else "866.7 Mbps",
        "netAdapterStatus": "Up",
        "netProfileName": f"corp.{DOMAIN}",
    }
    if wired:
        return [main]
    unplugged = dict.fromkeys(("ipv4Address", "ipv4Gateway", "ipv6Address", "ipv6Gateway", "netProfileName"))
    docked: Json = {
        **main,
        **unplugged,
        "id": _hex("net", f"{machine.id} 1"),
        "index": 7,
        "alias": "Ethernet",
        "description": "Realtek USB GbE Family Controller",
        "dnsServer": [],
        "linkSpeed": "0 bps",
        "netAdapterStatus": "Disconnected",
    }
    return [main, docked]


def _processors(machine: Machine, _eyes: _Eyes) -> list[Json]:
    return [
        {
            "id": _hex("cpu", machine.id),
            "cpuId": "CPU0",
            "name": "12th Gen Intel(R) Core(TM) i5-1245U",
            "manufacturer": "GenuineIntel",
            "description": "Intel64 Family 6 Model 154 Stepping 4",
            "numberOfCores": 10,
            "numberOfEnabledCore": 10,
            "numberOfLogicalProcessors": 12,
            "maxClockSpeed": 1600,
            "lTwoCacheSize": 6656,
            "lThreeCacheSize": 12288,
            "status": "OK",
            "assetTag": None,
            "lastErrorCode": None,
            "errorDescription": None,
        }
    ]


def _software(machine: Machine, _eyes: _Eyes) -> list[Json]:
    installed = [app for position, app in enumerate(_SOFTWARE) if (machine.number + position) % 4]
    return [
        {
            "id": _hex("sw", f"{machine.id} {name}"),
            "name": name,
            "publisher": publisher,
            "version": [int(part) for part in version.split(".")],
            "versionRaw": version,
            "latestVersion": version,
            "status": "latest",
            "installedAt": _time(machine.inserted_at),
            "hive": "HKEY_LOCAL_MACHINE",
            "path": None,
            "uninstall": None,
            "versionlessCpe": None,
        }
        for name, publisher, version in installed
    ]


def _updates(machine: Machine, eyes: _Eyes) -> list[Json]:
    if not _is_windows(machine):
        return []
    return [
        {
            "id": _hex("upd", machine.id),
            "title": "2025-12 Cumulative Update for Windows (KB5071417)",
            "description": "Install this update to resolve issues in Windows.",
            "date": _time(_booted(machine, eyes)),
            "result": "Succeeded",
            "supportUrl": "https://support.microsoft.com/help/5071417",
        }
    ]


_ARRAYS: dict[str, Callable[[Machine, _Eyes], list[Json]]] = {
    "activeDirectory": _directory,
    "activeDirectoryGroups": _directory_groups,
    "customFields": _custom_fields,
    "disks": _disks,
    "drivers": _drivers,
    "features": _features,
    "networking": _networking,
    "processors": _processors,
    "software": _software,
    "updates": _updates,
}

_SOFTWARE = (
    ("Mozilla Firefox (x64 en-US)", "Mozilla", "146.0.1"),
    ("Google Chrome", "Google LLC", "143.0.7499.170"),
    ("7-Zip 25.01 (x64)", "Igor Pavlov", "25.01"),
    ("Zoom Workplace (64-bit)", "Zoom Communications, Inc.", "6.7.2.26830"),
    ("Notepad++ (64-bit x64)", "Notepad++ Team", "8.8.9"),
)


def _make_groups(company: Company) -> list[_Group]:
    everything = _Group(_hex("grp", "all"), "All Devices", "pdq", "dynamic")
    pilot = _Group(_hex("grp", "pilot"), "Pilot", "custom", "static", every=10)
    sites = [_Group(_hex("grp", s.slug), f"Site {s.name}", "custom", "dynamic", site=s.slug) for s in company.sites]
    return [everything, pilot, *sites]


def _make_packages() -> list[Json]:
    return [_package(name, publisher, version) for name, publisher, version in _SOFTWARE]


def _package(name: str, publisher: str, version: str) -> Json:
    version_id = _hex("pkgver", f"{name} {version}")
    return {
        "id": _hex("pkg", name),
        "name": name,
        "publisher": publisher,
        "source": "pdq",
        "latestVersion": version,
        "latestPackageVersionId": version_id,
        "packageVersions": [{"id": version_id, "version": version, "description": f"{name} {version}"}],
    }
