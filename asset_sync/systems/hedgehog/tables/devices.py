"""The table `devices`: switches and servers."""

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface
from typing import Final

from asset_sync.reconcile.sources import Column
from asset_sync.systems.hedgehog.tables.declaring import LABEL, Row, of_objects
from asset_sync.systems.hedgehog.tables.objects import AGENT, Told
from asset_sync.systems.hedgehog.tables.values import Json, address, integer, joined, mac, part, text, texts

_MAKERS: Final = frozenset({"Arista", "Celestica", "Dell", "Edgecore", "NVIDIA", "Supermicro", "UfiSpace"})
"""Makers whose names the names of profiles begin with."""


def _devices(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("Switch").items()):
        yield _switch(name, spec, told.spec("SwitchProfile", spec.get("profile")), part(told.states, name, "nos"))
    for name, spec in sorted(told.of("Server").items()):
        profile = text(spec.get("profile"))
        yield {
            "id": told.server(name),
            "kind": "server",
            "name": name,
            "role": "server",
            "description": text(spec.get("description")),
            "profile": profile,
            "model": profile,
        }


def _switch(name: str, spec: Json, profile: Json, nos: Json) -> Row:
    boot, redundancy, shown = part(spec, "boot"), part(spec, "redundancy"), text(profile.get("displayName"))
    seen, planned = text(nos.get("serialNumber")), text(boot.get("serial"))
    return {
        "id": f"switch/{name}",
        "kind": "switch",
        "name": name,
        "description": text(spec.get("description")),
        "role": text(spec.get("role")),
        "profile": text(spec.get("profile")),
        "manufacturer": text(nos.get("mfgName")),
        "guessed_manufacturer": _maker(shown),
        "model": shown or text(nos.get("hwskuVersion")) or text(nos.get("platformName")) or text(spec.get("profile")),
        "serial": seen or planned,
        "serial_from": "agent" if seen else "boot" if planned else None,
        "other_serial": planned if seen and planned and planned.casefold() != seen.casefold() else None,
        "asn": integer(spec.get("asn"), 1, 2**32 - 1),
        "software_version": text(nos.get("softwareVersion")),
        "management_ip": _shown(address(spec.get("ip"))),
        "protocol_ip": _shown(address(spec.get("protocolIP"))),
        "vtep_ip": _shown(address(spec.get("vtepIP"))),
        "boot_mac": mac(boot.get("mac")),
        "groups": joined(texts(spec.get("groups"))),
        "redundancy_group": text(redundancy.get("group")),
        "redundancy_type": text(redundancy.get("type")),
        "vlan_namespaces": joined(texts(spec.get("vlanNamespaces"))),
        "comments": _comments(spec),
    }


def _comments(spec: Json) -> str | None:
    lines = {
        "ASN": integer(spec.get("asn"), 1, 2**32 - 1),
        "Profile": text(spec.get("profile")),
        "Redundancy": " ".join(filter(None, (text(part(spec, "redundancy").get(each)) for each in ("type", "group")))),
        "VLAN namespaces": ", ".join(sorted(texts(spec.get("vlanNamespaces")))),
    }
    return "\n".join(f"{name}: {told}" for name, told in lines.items() if told) or None


def _maker(shown: str | None) -> str | None:
    first = (shown or "").partition(" ")[0]
    return first if first in _MAKERS else None


def _shown(said: IPv4Interface | IPv6Interface | None) -> str | None:
    return None if said is None else str(said)


DEVICES: Final = of_objects(
    "devices",
    "The switches and servers of the fabric.",
    (
        Column("id", "switch/<name> or server/<name>"),
        Column("kind", "switch or server"),
        *(Column("name"), LABEL, Column("description")),
        Column("role", "of a switch spine, server-leaf, border-leaf, mixed-leaf or virtual-edge; server"),
        Column("profile", "the name of its profile"),
        Column("manufacturer", "by the switch's own word"),
        Column("guessed_manufacturer", "the first word of the model, where that is a maker's name"),
        Column("model", "the name that its profile shows, else the switch's own word; a server's profile"),
        Column("serial", "what the switch tells, else what its boot entry says"),
        Column("serial_from", "agent or boot"),
        Column("other_serial", "what its boot entry says, where the switch tells another"),
        Column("asn", type="integer"),
        Column("software_version"),
        *(Column(name, "with its prefix length") for name in ("management_ip", "protocol_ip", "vtep_ip")),
        Column("boot_mac"),
        Column("groups", "parted by commas"),
        Column("redundancy_group"),
        Column("redundancy_type", "eslag or mclag"),
        Column("vlan_namespaces", "parted by commas"),
        Column("comments", "ASN, profile, redundancy and VLAN namespaces of a switch, a line each"),
    ),
    ("Switch", "SwitchProfile", "Server", AGENT),
    _devices,
)
