"""The tables that hosts tell, declared: the hosts, each with its document, and what is made of the documents.

A row's key begins with its host's: `<host>/eth0`, `<host>/192.0.2.10`, `<host>/<project>/<service>/<number>` of a container.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Final

import orjson
import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import DTYPES, Tables
from asset_sync.systems.hosts.containers import (
    GIGA,
    MEGA,
    PROJECT,
    Row,
    Told,
    by_protocol,
    clusters,
    container_services,
    containers,
    whole,
)
from asset_sync.systems.hosts.inference import guessed_type, interface_type, links, platform_name
from asset_sync.systems.hosts.kept import Kept

Rows = Callable[[str, Told], Iterable[Row]]
"""The rows of one host, by its id and what is told of it."""

DOCUMENT: Final = "document"
"""The column of `hosts` that has the whole document, JSON."""


def host_of(source_key: str) -> str:
    """Return which host a row of any table is of."""
    return source_key.partition("/")[0]


def host_rows(kept: Iterable[Kept]) -> pd.DataFrame:
    """Return the table `hosts`, a row for each kept document."""
    return _frame(HOSTS, (_host(each) for each in kept))


def _host(kept: Kept) -> Row:
    told = kept.told
    hardware, cpu, platform = told["hardware"], told["cpu"], told["platform"]
    return {
        "id": kept.id,
        "partition": kept.partition,
        "name": (told["hostname"] or "").partition(".")[0] or None,
        "fqdn": told["fqdn"] or (told["hostname"] if "." in (told["hostname"] or "") else None),
        **{name: hardware[name] for name in ("manufacturer", "model", "serial")},
        "machine_id": told["machine_id"],
        "platform": platform_name(platform, hardware["model"]),
        "system": platform["system"],
        "os_id": platform["id"],
        "os_version": platform["version_id"],
        **{name: platform[name] for name in ("kernel", "architecture")},
        "cpu_model": cpu["model"],
        **{name: cpu[name] for name in ("cores", "threads")},
        "memory_mb": whole(told["memory"], MEGA),
        "disk_gb": whole(sum(disk["size"] or 0 for disk in told["disks"] or () if not disk["removable"]) or None, GIGA),
        "role": "Docker Host" if told["containers"] else "Server",
        "project": kept.project,
        "cluster": f"{kept.id}/{kept.project}" if kept.project else None,
        "collected_at": told["collected_at"],
        DOCUMENT: orjson.dumps(told).decode(),
    }


# What is made of the documents.


def _made(table: Callable[[], SourceTable], rows: Rows) -> Callable[[Tables], pd.DataFrame]:
    def made(tables: Tables) -> pd.DataFrame:
        hosts = tables["hosts"]
        projects = hosts["project"].astype(object).where(hosts["project"].notna(), None)
        each = zip(hosts["id"], hosts[DOCUMENT], projects, strict=True)
        told = ((host, {**orjson.loads(document), PROJECT: project}) for host, document, project in each)
        return _frame(table(), (row for host in told for row in _once(rows(*host))))

    return made


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of one host, the first of each key: an address on two interfaces is one address."""
    seen: set[str] = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def _interfaces(host: str, told: Told) -> Iterator[Row]:
    listed = told["interfaces"] or ()
    kinds = {each["name"]: each["kind"] for each in listed}
    for each in listed:
        id_ = f"{host}/{each['name']}"
        yield {
            "id": id_,
            "host": host,
            **{name: each[name] for name in ("name", "kind", "mtu", "speed", "state", "enabled", "vlan_id", "mac")},
            "type": interface_type(each),
            "guessed_type": guessed_type(each["name"]),
            "mac_address": f"{id_}/mac" if each["mac"] else None,
            **{field: other and f"{host}/{other}" for field, other in links(each, kinds).items()},
        }


def _macs(host: str, told: Told) -> Iterator[Row]:
    for each in told["interfaces"] or ():
        if each["mac"]:
            interface = f"{host}/{each['name']}"
            yield {"id": f"{interface}/mac", "host": host, "interface": interface, "mac": each["mac"]}


def _addresses(host: str, told: Told) -> Iterator[Row]:
    for each in told["addresses"] or ():
        length = each["prefix_length"]
        yield {
            "id": f"{host}/{each['address']}",
            "host": host,
            "interface": f"{host}/{each['interface']}",
            "address": each["address"] if length is None else f"{each['address']}/{length}",
            "version": str(each["family"]),
            **{name: each[name] for name in ("scope", "dynamic", "temporary", "deprecated")},
        }


def _primary_addresses(host: str, told: Told) -> Iterator[Row]:
    found = {f"primary_ip{version}": _primary(told, version) for version in (4, 6)}
    yield {"id": host, "host": host, **{name: f"{host}/{told}" if told else None for name, told in found.items()}}


def _primary(told: Told, version: int) -> str | None:
    """Return the address that the best default route sends from: the one that it names, else the first lasting one there."""
    routes = [route for route in told["default_routes"] or () if route["family"] == version]
    if not routes:
        return None
    route = min(routes, key=lambda each: each["metric"] or 0)
    lasting = [each for each in told["addresses"] or () if each["family"] == version and _lasts(each)]
    named = [each for each in lasting if each["address"] == route["preferred_source"]]
    there = [each for each in lasting if each["interface"] == route["interface"]]
    return next((str(each["address"]) for each in (*named, *there)), None)


def _lasts(address: Told) -> bool:
    return address["scope"] in ("global", "site", None) and not address["temporary"] and not address["deprecated"]


def _services(host: str, told: Told) -> Iterator[Row]:
    named: dict[str, list[tuple[str, int]]] = {}
    for service in told["services"] or ():
        if not ip_address(service["address"].partition("%")[0]).is_loopback:
            named.setdefault(service["process"] or "unknown", []).append((service["protocol"], service["port"]))
    for name, heard in named.items():
        for protocol, ports in by_protocol(heard):
            id_ = f"{host}/listening/{name}/{protocol}"
            yield {"id": id_, "host": host, "name": name, "protocol": protocol, "ports": ports}


def _disks(host: str, told: Told) -> Iterator[Row]:
    for each in told["disks"] or ():
        own = {name: each[name] for name in ("name", "model", "serial", "removable")}
        yield {"id": f"{host}/{each['name']}", "host": host, **own, "size_gb": whole(each["size"], GIGA)}


def _frame(table: SourceTable, rows: Iterable[Row]) -> pd.DataFrame:
    types = {column.name: DTYPES[column.type] for column in table.columns}
    return pd.DataFrame([{name: row.get(name) for name in types} for row in rows], columns=list(types)).astype(types)


def _of_documents(name: str, words: str, columns: tuple[Column, ...], rows: Rows) -> SourceTable:
    return SourceTable(name, words, columns, made_of=("hosts",), made=_made(lambda: TABLES[name], rows))


HOSTS: Final = SourceTable(
    "hosts",
    "Every host, as its last document tells it.",
    (
        Column("id", "the machine id, else the serial or the name"),
        Column("partition", "what its documents are called in the UI"),
        Column("name", "the host name without a domain"),
        Column("fqdn"),
        *(Column(name, "of the firmware, raw") for name in ("manufacturer", "model", "serial")),
        Column("machine_id"),
        Column("platform", "with its version: Debian 12"),
        *(Column(name) for name in ("system", "os_id", "os_version", "kernel", "architecture", "cpu_model")),
        *(Column(name, "of all sockets", "integer") for name in ("cores", "threads")),
        Column("memory_mb", type="integer"),
        Column("disk_gb", "of all disks that stay", "integer"),
        Column("role", "Docker Host where it has containers, else Server"),
        Column("project", "the compose project that the host itself belongs to"),
        Column("cluster", to="clusters"),
        Column("collected_at", "UTC"),
        Column(DOCUMENT, "the whole of it, JSON; what it left unread is as it was known before"),
    ),
    kind=DOCUMENT,
)
_INTERFACES: Final = _of_documents(
    "interfaces",
    "The network interfaces of the hosts.",
    (
        Column("id"),
        Column("host", to="hosts"),
        Column("name"),
        Column("kind", "physical, wireless, or the kernel's own word: bridge, bond, vlan, veth …"),
        Column("type", "NetBox's type, as far as the kind and the speed tell it"),
        Column("guessed_type", "what an interface of that name most often is"),
        Column("mac"),
        Column("mac_address", to="macs"),
        Column("mtu", type="integer"),
        Column("speed", "Mbit/s", "integer"),
        Column("state"),
        Column("enabled", "whether it was switched on", "boolean"),
        Column("vlan_id", type="integer"),
        *(Column(name, to="interfaces") for name in ("parent", "lag", "bridge")),
    ),
    _interfaces,
)
_MACS: Final = _of_documents(
    "macs",
    "The MAC addresses of the interfaces.",
    (Column("id"), Column("host", to="hosts"), Column("interface", to="interfaces"), Column("mac")),
    _macs,
)
_ADDRESSES: Final = _of_documents(
    "addresses",
    "The IP addresses of the interfaces.",
    (
        Column("id"),
        Column("host", to="hosts"),
        Column("interface", to="interfaces"),
        Column("address", "with its prefix length: 192.0.2.10/24"),
        Column("version", "4 or 6"),
        Column("scope", "global, site, link or host"),
        *(Column(name, type="boolean") for name in ("dynamic", "temporary", "deprecated")),
    ),
    _addresses,
)
_PRIMARY_ADDRESSES: Final = _of_documents(
    "primary_addresses",
    "The addresses that the default routes send from.",
    (Column("id"), Column("host", to="hosts"), *(Column(name, to="addresses") for name in ("primary_ip4", "primary_ip6"))),
    _primary_addresses,
)
_CLUSTERS: Final = _of_documents(
    "clusters",
    "The compose projects of each host, and one for its containers without a project.",
    (
        Column("id"),
        Column("host", to="hosts"),
        Column("project", "of compose, else the engine"),
        Column("engine", "docker or podman"),
        Column("name", "<host>-<project>, <host>-docker for those without"),
        Column("description"),
    ),
    clusters,
)
_CONTAINERS: Final = _of_documents(
    "containers",
    "The containers of the hosts.",
    (
        Column("id", "its place in its compose project, else its name"),
        Column("host", to="hosts"),
        Column("cluster", to="clusters"),
        Column("device", "the host, where it is in the same cluster", to="hosts"),
        *(Column(name) for name in ("name", "container_id", "engine", "image", "digest", "project", "service")),
        Column("state", "running, paused, exited …"),
        Column("status", "active, paused or offline"),
        Column("role", "by the words of its image and name"),
        Column("cpus", "the limit, in processors", "number"),
        Column("memory_mb", "the limit", "integer"),
        *(Column(name) for name in ("ports", "volumes", "networks")),
        Column("comments", "image, digest, ports and volumes, a line each"),
    ),
    containers,
)
_CONTAINER_SERVICES: Final = _of_documents(
    "container_services",
    "The ports that containers publish, a row a container and protocol.",
    (
        Column("id"),
        Column("host", to="hosts"),
        Column("container", to="containers"),
        Column("name", "the container's"),
        Column("protocol", "tcp, udp or sctp"),
        Column("ports", "of the host, parted by commas"),
    ),
    container_services,
)
_SERVICES: Final = _of_documents(
    "services",
    "What a host listens on, where it was asked with `--services`; a row a process and protocol.",
    (
        Column("id"),
        Column("host", to="hosts"),
        Column("name"),
        Column("protocol", "tcp, udp or sctp"),
        Column("ports", "parted by commas"),
    ),
    _services,
)
_DISKS: Final = _of_documents(
    "disks",
    "The disks of the hosts.",
    (
        Column("id"),
        Column("host", to="hosts"),
        *(Column(name) for name in ("name", "model", "serial")),
        Column("removable", type="boolean"),
        Column("size_gb", type="integer"),
    ),
    _disks,
)
TABLES: Final = {
    each.name: each
    for each in (
        *(HOSTS, _INTERFACES, _MACS, _ADDRESSES, _PRIMARY_ADDRESSES),
        *(_CLUSTERS, _CONTAINERS, _CONTAINER_SERVICES, _SERVICES, _DISKS),
    )
}
