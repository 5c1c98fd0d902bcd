"""The tables `addresses` and `primary_addresses`: what the interfaces of switches have, and how people reach switches."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.hedgehog.tables.declaring import FABRIC, Row, of_objects
from asset_sync.systems.hedgehog.tables.interfaces import PROTOCOL, VTEP
from asset_sync.systems.hedgehog.tables.links import KINDS as OF_LINKS
from asset_sync.systems.hedgehog.tables.links import links, ports
from asset_sync.systems.hedgehog.tables.networks import UNDERLAY
from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.outside import KINDS as OF_OUTSIDE
from asset_sync.systems.hedgehog.tables.outside import OUTSIDE, all_outside
from asset_sync.systems.hedgehog.tables.ports import MANAGEMENT
from asset_sync.systems.hedgehog.tables.values import address, joined

_OWN: Final = (("management", "ip", MANAGEMENT), ("protocol", "protocolIP", PROTOCOL), ("vtep", "vtepIP", VTEP))


class _Given(NamedTuple):
    device: str
    interface: str
    said: Any
    role: str


def _given(told: Told) -> Iterator[_Given]:
    for name, spec in sorted(told.of("Switch").items()):
        device = f"switch/{name}"
        yield from (_Given(device, f"{device}/{port}", spec.get(field), role) for role, field, port in _OWN)
    found = links(told, ports(told))
    for end in (end for link in found if link.kind not in OUTSIDE for end in link.ends if end):
        yield _Given(end.device, end.interface, end.told.get("ip"), "link")
    yield from (_Given(each.end.device, each.interface, each.address, "external") for each in all_outside(told, found))


def _addresses(told: Told) -> Iterator[Row]:
    """Yield each address once: two switches of an MCLAG pair have one VTEP address, and NetBox has one place for it."""
    found: dict[str, dict[str, Any]] = {}
    for each in _given(told):
        said = address(each.said)
        if said is None:
            continue
        row = {
            "id": f"{each.interface}/{said.ip}",
            "device": each.device,
            "interface": each.interface,
            "address": str(said),
            "version": str(said.version),
            "role": each.role,
            "vrf": UNDERLAY,
            "also_on": [],
        }
        first = found.setdefault(str(said.ip), row)
        if first is not row and first["interface"] != each.interface:
            first["also_on"].append(each.interface)
    yield from ({**row, "also_on": joined(row["also_on"])} for row in found.values())


def _primary_addresses(tables: Tables) -> pd.DataFrame:
    there = tables["addresses"]
    there = there[there["role"] == "management"]
    by_version = {f"primary_ip{version}": there["id"].where(there["version"] == version) for version in "46"}
    found = {"id": there["device"], "fabric": there["fabric"], "device": there["device"], **by_version}
    return pd.DataFrame(found).astype("str").reset_index(drop=True)


ADDRESSES: Final = of_objects(
    "addresses",
    "The IP addresses of the switches' interfaces, and of what is at the other ends of their links.",
    (
        Column("id", "<interface>/<address without its length>"),
        Column("device", to="devices"),
        Column("interface", "the first that has it", to="interfaces"),
        Column("address", "with its prefix length: 172.30.0.11/21"),
        Column("version", "4 or 6"),
        Column("role", "management, protocol, vtep, link, or external towards what lies outside"),
        Column("vrf", "the fabric's own, in which it has these addresses", to="vrfs"),
        Column("also_on", "further interfaces that have it, parted by commas: a pair of MCLAG has one VTEP"),
    ),
    (*OF_LINKS, *OF_OUTSIDE),
    _addresses,
)
PRIMARY_ADDRESSES: Final = SourceTable(
    "primary_addresses",
    "The addresses by which switches are managed.",
    (
        Column("id", "the device's id"),
        FABRIC,
        Column("device", to="devices"),
        *(Column(name, to="addresses") for name in ("primary_ip4", "primary_ip6")),
    ),
    made_of=("addresses",),
    made=_primary_addresses,
)
