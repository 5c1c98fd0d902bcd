"""What is synced into NetBox of virtual machines: clusters, the machines, and what they have."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from asset_sync.reconcile.kinds import Agreement, Field, IdentityRule, Kind, Retirement, Unique
from asset_sync.systems.netbox.kind_parts import COMMENTS, DESCRIPTION, MODE, MTU, NAME, NAMED, NAMED_UNIQUE, SLUG, STATUS

PORTS: Final = "ports"
"""The ports of a service, as their numbers in order, parted by commas."""
_HIGHEST_PORT: Final = 65_535
_LEAST_VCPUS: Final = Decimal("0.01")


def port_numbers(given: str) -> list[int]:
    """Return the ports that a value of `PORTS` names, each once, in order. Raises `ValueError` for what is no port."""
    parts = [part.strip() for part in given.split(",")]
    if wrong := [part for part in parts if not (part.isascii() and part.isdigit() and 1 <= int(part) <= _HIGHEST_PORT)]:
        raise ValueError(f"{wrong[0]!r} is no port: ports are numbers from 1 to 65,535, parted by commas")
    return sorted({int(part) for part in parts})


def canonical_ports(given: str) -> str | None:
    """Return the value of `PORTS` as it is read back; what names no ports stays, to be refused by what it says."""
    try:
        return ", ".join(map(str, port_numbers(given)))
    except ValueError:
        return given


def canonical_vcpus(given: str) -> str | None:
    """Return a number of CPUs as NetBox keeps it, in hundredths, of which it wants one at least; what is no number stays."""
    try:
        number = Decimal(given)
        return str(max(round(number, 2), _LEAST_VCPUS)) if number > 0 else given
    except InvalidOperation:
        return given


CLUSTER_TYPE: Final = Kind("cluster_type", (NAME, SLUG, DESCRIPTION), NAMED, NAMED_UNIQUE, referred=True)
CLUSTER: Final = Kind(
    "cluster",
    (
        NAME,
        Field("type", "reference", to="cluster_type", required=True),
        Field("site", "reference", to="site", nullable=True),
        STATUS,
        Field("tenant", "reference", to="tenant", nullable=True),
        DESCRIPTION,
        COMMENTS,
    ),
    (IdentityRule("name in the site", ("site", "name"), decisive=False),),
    (Unique(("site", "name")),),
)
"""Clusters of a site, which is their scope. Where a sync maps none, see `UNSITED`: its names are to tell clusters apart."""
UNSITED: Final = replace(
    CLUSTER, identity=(IdentityRule("name", ("name",), decisive=False, sole=True),), unique=(Unique(("name",), enforced=False),)
)

VIRTUAL_MACHINE: Final = Kind(
    "virtual_machine",
    (
        Field("name", max_length=64, required=True),
        Field("cluster", "reference", to="cluster"),
        Field("device", "reference", to="device"),
        Field("site", "reference", to="site", nullable=True),
        Field("role", "reference", to="device_role", nullable=True),
        Field("platform", "reference", to="platform", nullable=True),
        Field("tenant", "reference", to="tenant", nullable=True),
        STATUS,
        Field("vcpus", "number", canonical=canonical_vcpus, within=(0, 9_999.99)),
        Field("memory", "integer", within=(0, 2_147_483_647)),
        Field("disk", "integer", within=(0, 2_147_483_647)),
        Field("serial", max_length=50),
        DESCRIPTION,
        COMMENTS,
    ),
    (
        IdentityRule("name in the cluster", ("cluster", "name"), "folded", decisive=False),
        IdentityRule("name on the device", ("device", "name"), "folded", decisive=False),
    ),
    (Unique(("cluster", "name"), "folded"), Unique(("device", "name"), "folded")),
    Retirement("status", "offline"),
    agreement=Agreement("device", "cluster", "device_cluster"),
)
"""A machine stands in a cluster, on a device, or on a device of its cluster. One whose host is in no cluster says the device
and no cluster; one whose host is in a cluster says that cluster; all else is refused (NetBox's `VirtualMachine.clean`). Its
site is its cluster's or its host's, whether it is told or not. Memory and disk are in MB; as soon as it has virtual disks, the
disk is their sum, which NetBox itself writes."""

ALTERNATIVES: Final[Mapping[str, tuple[str, ...]]] = {VIRTUAL_MACHINE.name: ("cluster", "device")}
"""The places of a kind, of which a sync may map one alone; recognised is by those that are mapped."""


def _of_machine(name: str, *fields: Field) -> Kind:
    return Kind(
        name,
        (Field("virtual_machine", "reference", to="virtual_machine"), Field("name", max_length=64, required=True), *fields),
        (IdentityRule("machine and name", ("virtual_machine", "name")),),
        (Unique(("virtual_machine", "name")),),
        parent="virtual_machine",
        counted_by="virtual_machine",
    )


VM_INTERFACE: Final = _of_machine("vm_interface", Field("enabled", "boolean"), MTU, MODE, DESCRIPTION)
VIRTUAL_DISK: Final = _of_machine("virtual_disk", Field("size", "integer", required=True), DESCRIPTION)
"""Sizes are in MB."""
VM_MAC_ADDRESS: Final = Kind(
    "vm_mac_address",
    (Field("mac_address", required=True), Field("vm_interface", "reference", to="vm_interface"), DESCRIPTION),
    (IdentityRule("address on the interface", ("mac_address", "vm_interface"), "serial"),),
)
VM_INTERFACE_PRIMARY_MAC: Final = Kind(
    "vm_interface_primary_mac",
    (
        Field("vm_interface", "reference", to="vm_interface"),
        Field("primary_mac_address", "reference", to="vm_mac_address"),
    ),
    parent="vm_interface",
    facet_of="vm_interface",
)


def service(name: str, on: str) -> Kind:
    """Return the kind of the services that run on objects of another; NetBox keeps any number of equal ones (measured)."""
    return Kind(
        name,
        (
            Field(on, "reference", to=on),
            NAME,
            Field("protocol", required=True),
            Field(PORTS, required=True, canonical=canonical_ports),
            DESCRIPTION,
            COMMENTS,
        ),
        (IdentityRule("name and protocol", (on, "name", "protocol")),),
        (Unique((on, "name", "protocol"), enforced=False),),
        parent=on,
    )


VM_SERVICE: Final = service("vm_service", "virtual_machine")
