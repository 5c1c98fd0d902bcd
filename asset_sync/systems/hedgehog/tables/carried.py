"""Which VLANs each connection carries, by the attachments of VPCs: those of a subnet tagged, or untagged as the native VLAN.

Source: the fabric's own agent. It makes the VLAN of a native attachment the access VLAN of the port, the others trunk VLANs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.values import integer, part, text

KINDS: Final = ("VPC", "VPCAttachment")
"""What has to be known for VLANs to be told."""
LEAST_VID: Final = 1
HIGHEST_VID: Final = 4_094


@dataclass(slots=True)
class Carried:
    """What a connection carries, as keys of `vlans`."""

    tagged: set[str] = field(default_factory=set)
    untagged: str | None = None

    @property
    def mode(self) -> str | None:
        """NetBox's 802.1Q mode of an interface that carries it."""
        if self.tagged:
            return "tagged"
        return "access" if self.untagged else None


def subnet_of(attached: Mapping[str, Any]) -> str | None:
    """Return which subnet is attached, as `<vpc>/<subnet>`: where only the VPC is named, it is its `default`."""
    said = text(attached.get("subnet"))
    return said if said is None or "/" in said else f"{said}/default"


def vlans(told: Told) -> Iterator[tuple[str, str, int]]:
    """Yield the VPC, the name and the VLAN id of each subnet that has one."""
    for vpc, spec in sorted(told.of("VPC").items()):
        for name, subnet in sorted(part(spec, "subnets").items()):
            vid = integer(part(subnet).get("vlan"), LEAST_VID, HIGHEST_VID)
            if vid is not None:
                yield vpc, name, vid


def carried(told: Told) -> dict[str, Carried]:
    """Return what each connection carries. Of several native VLANs it is the first: a port has but one."""
    there = {f"{vpc}/{name}" for vpc, name, _ in vlans(told)}
    found: dict[str, Carried] = {}
    for _, spec in sorted(told.of("VPCAttachment").items()):
        connection, subnet = text(spec.get("connection")), subnet_of(spec)
        if connection is None or subnet not in there:
            continue
        said = found.setdefault(connection, Carried())
        if spec.get("nativeVLAN") is True:
            said.untagged = said.untagged or subnet
        else:
            said.tagged.add(subnet)
    return found
