"""Devices and groups as WhatsUp Gold tells of them, read from its JSON. Whatever does not stand as it should is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import takewhile
from typing import Any, Final

from asset_sync.reconcile.errors import TargetError

Path = tuple[str, ...]
"""The names of the groups from below My Network down to a group."""
Json = Mapping[str, Any]

ROOT_ID: Final = "0"
ROOT_NAME: Final = "My Network"
"""The group that has all others below it; it is in no path."""
_NOT_SET: Final = "not set"


@dataclass(frozen=True, slots=True)
class Group:
    """A static group."""

    id: str
    path: Path
    description: str | None


@dataclass(frozen=True, slots=True)
class Interface:
    """The default interface of a device; its address and its host name are as `Device` has them."""

    id: str
    address: str | None
    host_name: str | None


@dataclass(frozen=True, slots=True)
class Device:
    """A device, as its template tells of it. Addresses are in canonical form, and what is empty is None.

    `host_name` is None where WhatsUp Gold has the address for it too. `groups` are the paths of the groups that it is in.
    `interface_id` is of the default interface, None where the template does not tell it, as those of older versions.
    """

    id: str
    name: str | None
    address: str | None
    host_name: str | None
    other_addresses: tuple[str, ...]
    role: str | None
    brand: str | None
    os: str | None
    note: str | None
    attributes: Mapping[str, str]
    groups: tuple[Path, ...]
    interface_id: str | None

    @property
    def interface(self) -> Interface | None:
        """The default interface, None where the template does not tell which one it is."""
        return Interface(self.interface_id, self.address, self.host_name) if self.interface_id else None


def device_of(template: Json) -> Device:
    """Return the device that a template tells of; `TargetError` for one without its parts."""
    try:
        return _device(template)
    except (AttributeError, KeyError, TypeError) as error:
        raise TargetError(
            f"WhatsUp Gold: the template of device {template.get('templateId')!r} is not as documented ({type(error).__name__})"
        ) from None


def interface_of(row: Json) -> Interface:
    """Return an interface as the list of a device's interfaces has it."""
    address = canonical(str(row["address"])) if row.get("address") else None
    return Interface(str(row["interfaceId"]), address, _other_name(_text(row, "hostName"), address))


def groups_of(rows: Sequence[Json]) -> list[Group]:
    """Return the groups with their paths, parents before children; `TargetError` where a parent is not among them."""
    by_id = {str(row["id"]): row for row in rows}
    groups = [
        Group(number, _path_up(number, by_id), _text(row, "description"))
        for number, row in by_id.items()
        if not _is_root(number, row)
    ]
    return sorted(groups, key=lambda group: (len(group.path), group.path))


def canonical(address: str) -> str:
    """Return an IP address in its canonical form; what is no IP address stays as it is."""
    try:
        return ip_address(address.strip()).compressed
    except ValueError:
        return address


def group_path(parts: Sequence[str]) -> str:
    """Return a group's path as one text, "A/B/C"; a slash within a name is written as a dash."""
    return "/".join(part.replace("/", "-") for part in parts)


def is_below(path: str, root: str) -> bool:
    """Return whether a path is the root or below it, whatever their case: the server takes names of groups without it."""
    parts, top = path.casefold().split("/"), root.casefold().split("/")
    return parts[: len(top)] == top


def spelt(path: str, named: str) -> str:
    """Return a path with those of its groups that another path names, too, as that one spells them."""
    parts, others = path.split("/"), named.split("/")
    same = takewhile(lambda pair: pair[0].casefold() == pair[1].casefold(), zip(parts, others, strict=False))
    beginning = [other for _, other in same]
    return "/".join([*beginning, *parts[len(beginning) :]])


def _device(template: Json) -> Device:
    interfaces = template["interfaces"]
    default = next((one for one in interfaces if one.get("defaultInterface")), interfaces[0] if interfaces else {})
    address = _address(default)
    others = sorted({found for one in interfaces if one is not default and (found := _address(one))} - {address})
    return Device(
        id=str(template["templateId"]),
        name=_text(template, "displayName"),
        address=address,
        host_name=_other_name(_text(default, "networkName"), address),
        other_addresses=tuple(others),
        role=_text(template, "primaryRole"),
        brand=_set(template, "brand"),
        os=_set(template, "os"),
        note=_text(template, "note"),
        attributes=_attributes(template["attributes"]),
        groups=tuple(path for one in template["groups"] if (path := _path(one))),
        interface_id=_text(default, "interfaceId") if default.get("defaultInterface") else None,
    )


def _attributes(rows: Sequence[Json]) -> dict[str, str]:
    """Return values by name; of several attributes of one name the first counts."""
    found: dict[str, str] = {}
    for row in rows:
        if value := _text(row, "value"):
            found.setdefault(str(row["name"]), value)
    return found


def _path(reference: Json) -> Path:
    """Return a group's path from its parents and its name; whether My Network is among them is not documented."""
    names = (*(str(parent) for parent in reference.get("parents") or ()), str(reference["name"]))
    return names[1:] if names[0].casefold() == ROOT_NAME.casefold() else names


def _path_up(number: str, rows: Mapping[str, Json]) -> Path:
    path: list[str] = []
    while number != ROOT_ID:
        row = rows.get(number)
        if row is None or len(path) > len(rows):
            raise TargetError(f"WhatsUp Gold: the list of groups is not whole: the parent {number!r} is missing")
        if _is_root(number, row):
            break
        path.insert(0, str(row.get("name")))
        number = str(row.get("parentGroupId"))
    return tuple(path)


def _is_root(number: str, row: Json) -> bool:
    return number == ROOT_ID or not row.get("parentGroupId")


def _address(interface: Json) -> str | None:
    text = _text(interface, "networkAddress")
    return canonical(text) if text else None


def _other_name(host_name: str | None, address: str | None) -> str | None:
    return None if host_name and canonical(host_name) == address else host_name


def _set(row: Json, name: str) -> str | None:
    """Return what a device is, None where the server says in words that nobody has set it."""
    value = _text(row, name)
    return None if value is None or value.strip().casefold() == _NOT_SET else value


def _text(row: Json, name: str) -> str | None:
    value = row.get(name)
    return None if value is None or value == "" else str(value)
