"""The devices of a NetBox that have a primary IP address, as a source: a table with all that other systems are told of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any, Final

import orjson
import pandas as pd

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.systems.netbox.client import NetBoxClient, Row
from asset_sync.systems.netbox.custom_field_table import check_names, custom_fields
from asset_sync.systems.netbox.kinds import custom_name

COLUMNS: Final = (
    "id",
    "name",
    "address",
    "url",
    "status",
    "site",
    "site_path",
    "location",
    "rack",
    "role",
    "device_type",
    "manufacturer",
    "platform",
    "serial",
    "asset_tag",
    "tenant",
    "tags",
    "description",
    "comments",
)
"""The columns of `addressed_devices`, all of them text; custom fields follow as `cf_<name>`."""

_FIELDS: Final = (
    *("name", "display", "display_url", "primary_ip", "status", "site", "location", "rack", "role", "device_type", "platform"),
    *("serial", "asset_tag", "tenant", "tags", "description", "comments"),
)
_NAMED: Final = ("location", "rack", "role", "platform", "tenant")
_SEPARATOR: Final = "/"
_DEVICES: Final = "dcim/devices"
_NAMED_BY_SLUG: Final[Mapping[str, tuple[str, str]]] = {
    "sites": ("dcim/sites", "site"),
    "roles": ("dcim/device-roles", "role"),
    "types": ("dcim/device-types", "device type"),
    "tenants": ("tenancy/tenants", "tenant"),
}
_UNKNOWN: Final = "Select a valid choice"
"""What NetBox says of a filter's value that it does not have."""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices are meant, by slugs (statuses by value, ids): those with one value of every filter that names any."""

    sites: Sequence[str] = ()
    roles: Sequence[str] = ()
    types: Sequence[str] = ()
    tags: Sequence[str] = ()
    statuses: Sequence[str] = ("active",)
    tenants: Sequence[str] = ()
    ids: Sequence[str] = ()

    def query(self) -> list[tuple[str, str]]:
        """Return the filter as NetBox takes it; tags are left out, of which NetBox would ask for all at once."""
        named = {
            "site": self.sites,
            "role": self.roles,
            "device_type": self.types,
            "status": self.statuses,
            "tenant": self.tenants,
            "id": self.ids,
        }
        return [("has_primary_ip", "true"), *((name, value) for name, values in named.items() for value in values)]

    def takes(self, row: Row) -> bool:
        """Tell whether a device has one of the tags."""
        return not self.tags or any(tag["slug"] in self.tags for tag in row["tags"])


def addressed_devices(client: NetBoxClient, chosen: DeviceFilter, custom: Iterable[str] = ()) -> pd.DataFrame:
    """Return the devices with a primary address, a row each by id: `COLUMNS`, then the `custom` ones (`cf_<name>`).

    `address` is the primary address as NetBox holds it (with its prefix length), of the family that the server prefers.
    `site_path` names the site after its regions, from the outermost: `Europe/Germany/Berlin`. Raises `TargetError` where the
    listing is not whole, `ConfigurationError` for an unknown custom field and where a filter names what NetBox does not have.
    """
    names = list(custom)
    _check_tags(client, chosen.tags)
    if names:
        check_names(custom_fields(client), [("dcim.device", name) for name in names])
    fields = (*_FIELDS, "custom_fields") if names else _FIELDS
    rows = [row for row in _listed(client, fields, chosen) if chosen.takes(row)]
    paths = _site_paths(client) if rows else {}
    table = [_values(row, paths) | {name: plain(row["custom_fields"].get(custom_name(name))) for name in names} for row in rows]
    return pd.DataFrame(table, columns=[*COLUMNS, *names], dtype="str")


def interface_addresses(client: NetBoxClient) -> set[str]:
    """Return all addresses, without prefix lengths and of every VRF, that sit on an interface of a device."""
    rows = client.rows("ipam/ip-addresses", ("address", "assigned_object_type"))
    return {str(ip_interface(row["address"]).ip) for row in rows if row["assigned_object_type"] == "dcim.interface"}


def _listed(client: NetBoxClient, fields: Iterable[str], chosen: DeviceFilter) -> list[Row]:
    try:
        return client.rows(_DEVICES, fields, chosen.query(), counted=True)
    except TargetError as error:
        if _UNKNOWN in str(error):
            # Its words name no filter, and are all that NetBox says.
            _check_filters(client, chosen)
        raise


def _check_filters(client: NetBoxClient, chosen: DeviceFilter) -> None:
    """Raise `ConfigurationError` for what a filter names and NetBox does not have."""
    for plural, (endpoint, one) in _NAMED_BY_SLUG.items():
        slugs: Sequence[str] = getattr(chosen, plural)
        there = {row["slug"] for row in client.few(endpoint, ("slug",), slug=list(slugs))} if slugs else set()
        for slug in slugs:
            if slug not in there:
                raise ConfigurationError(f"NetBox has no {one} {slug!r}: name {plural} by their slugs in the filters")
    known = client.choices(_DEVICES).get("status", []) if chosen.statuses else []
    for status in chosen.statuses if known else ():
        if status not in known:
            raise ConfigurationError(f"NetBox has no status {status!r} of devices; it has {', '.join(known)}")


def _check_tags(client: NetBoxClient, tags: Sequence[str]) -> None:
    """Raise `ConfigurationError` for a tag that NetBox does not have: it is not asked for them, so it cannot say so itself."""
    there = {row["slug"] for row in client.few("extras/tags", ("slug",), slug=list(tags))} if tags else set()
    for tag in tags:
        if tag not in there:
            raise ConfigurationError(f"NetBox has no tag {tag!r}: name tags by their slugs in the filters")


def _values(row: Row, paths: Mapping[int, str]) -> dict[str, str | None]:
    primary, kind = row.get("primary_ip") or {}, row["device_type"]
    named = {name: (row.get(name) or {}).get("name") for name in _NAMED}
    return named | {
        "id": str(row["id"]),
        "name": row["name"] or row["display"],
        "address": primary.get("address"),
        "url": row["display_url"],
        "status": row["status"]["value"],
        "site": row["site"]["name"],
        "site_path": paths.get(row["site"]["id"], _folder(row["site"]["name"])),
        "device_type": kind["model"],
        "manufacturer": kind["manufacturer"]["name"],
        "serial": row["serial"] or None,
        "asset_tag": row["asset_tag"],
        "tags": ", ".join(tag["name"] for tag in row["tags"]) or None,
        "description": row["description"] or None,
        "comments": row["comments"] or None,
    }


def _site_paths(client: NetBoxClient) -> dict[int, str]:
    regions = {row["id"]: row for row in client.rows("dcim/regions", ("name", "parent"))}
    return {
        site["id"]: _SEPARATOR.join([*_above(site.get("region"), regions), _folder(site["name"])])
        for site in client.rows("dcim/sites", ("name", "region"))
    }


def _above(region: Mapping[str, Any] | None, regions: Mapping[int, Row]) -> list[str]:
    names: list[str] = []
    while region is not None and region["id"] in regions:
        known = regions[region["id"]]
        names.insert(0, _folder(known["name"]))
        region = known.get("parent")
    return names


def _folder(name: str) -> str:
    """Return a name as a part of a path, which a slash of its own would break."""
    return name.replace(_SEPARATOR, "-")


def plain(value: Any) -> str | None:
    """Return a custom field's value as text: a choice by its value, an object by its name, several by theirs."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(plain, value))) or None
    if isinstance(value, Mapping):
        # A choice is {value, label} from 4.7 on, an object has a display; what has neither is JSON.
        told = next((value[name] for name in ("value", "display", "name") if value.get(name)), None)
        return str(told) if told else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in (None, "") else str(value)
