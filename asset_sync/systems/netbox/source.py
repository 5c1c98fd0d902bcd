"""What NetBox tells: tables of its objects, with the columns that other systems are told of, and devices with an address."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import DTYPES
from asset_sync.systems.netbox.addressed import COLUMNS, DeviceFilter, addressed_devices, plain
from asset_sync.systems.netbox.client import NetBoxClient, Row
from asset_sync.systems.netbox.custom_field_table import check_names, custom_fields
from asset_sync.systems.netbox.fabric_kinds import VID_RANGES, read_ranges
from asset_sync.systems.netbox.kinds import CUSTOM, custom_name

_NAMED: Final = (Column("id"), Column("name"), Column("slug"), Column("description"))


def _table(name: str, kind: str | None, words: str, *columns: Column, own: Sequence[Column] = _NAMED) -> SourceTable:
    return SourceTable(name, words, (*own, *columns), open_prefix=CUSTOM, kind=kind)


_without_slug = partial(_table, own=(Column("id"), Column("name"), Column("description")))
_nameless = partial(_table, own=(Column("id"), Column("description"), Column("comments")))


ENDPOINTS: Final[Mapping[str, tuple[str, str]]] = {
    "regions": ("dcim/regions", "dcim.region"),
    "sites": ("dcim/sites", "dcim.site"),
    "locations": ("dcim/locations", "dcim.location"),
    "manufacturers": ("dcim/manufacturers", "dcim.manufacturer"),
    "device_types": ("dcim/device-types", "dcim.devicetype"),
    "device_roles": ("dcim/device-roles", "dcim.devicerole"),
    "platforms": ("dcim/platforms", "dcim.platform"),
    "tenants": ("tenancy/tenants", "tenancy.tenant"),
    "cluster_types": ("virtualization/cluster-types", "virtualization.clustertype"),
    "clusters": ("virtualization/clusters", "virtualization.cluster"),
    "virtual_machines": ("virtualization/virtual-machines", "virtualization.virtualmachine"),
    "vm_interfaces": ("virtualization/interfaces", "virtualization.vminterface"),
    "virtual_disks": ("virtualization/virtual-disks", "virtualization.virtualdisk"),
    "services": ("ipam/services", "ipam.service"),
    "vrfs": ("ipam/vrfs", "ipam.vrf"),
    "vlan_groups": ("ipam/vlan-groups", "ipam.vlangroup"),
    "vlans": ("ipam/vlans", "ipam.vlan"),
    "prefixes": ("ipam/prefixes", "ipam.prefix"),
    "ip_ranges": ("ipam/ip-ranges", "ipam.iprange"),
}
"""Where the tables stand in the API, and the type of their objects."""

ADDRESSED: Final = SourceTable(
    "devices",
    "Devices that have a primary address.",
    tuple(Column(name) for name in COLUMNS),
    open_prefix=CUSTOM,
    kind="device",
)
TABLES: Final = {
    each.name: each
    for each in (
        ADDRESSED,
        _table("regions", None, "Regions.", Column("parent", to="regions")),
        _table(
            "sites", "site", "Sites.", Column("status"), Column("facility"), Column("region", to="regions"), Column("time_zone")
        ),
        _table(
            "locations",
            "location",
            "Locations within sites.",
            *(Column("status"), Column("site", to="sites"), Column("parent", to="locations")),
        ),
        _table("manufacturers", "manufacturer", "Manufacturers."),
        SourceTable(
            "device_types",
            "Device types; their name is their model.",
            (
                *(Column(name) for name in ("id", "model", "slug", "part_number", "description", "comments")),
                Column("manufacturer", to="manufacturers"),
                Column("u_height", type="number"),
            ),
            open_prefix=CUSTOM,
            kind="device_type",
        ),
        _table("device_roles", "device_role", "Device roles.", Column("color")),
        _table("platforms", "platform", "Platforms.", Column("manufacturer", to="manufacturers")),
        _table("tenants", "tenant", "Tenants."),
        _table("cluster_types", "cluster_type", "Types of clusters."),
        _without_slug(
            "clusters",
            "cluster",
            "Clusters; `scope` is the name of the site, location or region that they are in.",
            *(Column("status"), Column("scope_type"), Column("scope"), Column("comments"), Column("type", to="cluster_types")),
            Column("tenant", to="tenants"),
        ),
        _without_slug(
            "virtual_machines",
            "virtual_machine",
            "Virtual machines; memory and disk are in MB, `device` is the name of the host.",
            *(Column("status"), Column("serial"), Column("device"), Column("comments"), Column("vcpus", type="number")),
            *(Column("memory", type="integer"), Column("disk", type="integer"), Column("site", to="sites")),
            *(Column("cluster", to="clusters"), Column("role", to="device_roles"), Column("platform", to="platforms")),
            Column("tenant", to="tenants"),
        ),
        _without_slug(
            "vm_interfaces",
            "vm_interface",
            "Interfaces of virtual machines.",
            *(Column("enabled", type="boolean"), Column("mtu", type="integer"), Column("mode"), Column("mac_address")),
            Column("virtual_machine", to="virtual_machines"),
        ),
        _without_slug(
            "virtual_disks",
            "virtual_disk",
            "Disks of virtual machines; sizes are in MB.",
            *(Column("size", type="integer"), Column("virtual_machine", to="virtual_machines")),
        ),
        _without_slug(
            "services",
            None,
            "Services on devices and virtual machines, whose type `parent_object_type` is and whose name `parent`.",
            *(Column("protocol"), Column("ports", "Their numbers, parted by commas."), Column("comments")),
            *(Column("parent_object_type"), Column("parent")),
        ),
        _without_slug(
            "vrfs",
            "vrf",
            "VRFs.",
            *(Column("rd"), Column("enforce_unique", type="boolean"), Column("comments"), Column("tenant", to="tenants")),
        ),
        _table(
            "vlan_groups",
            "vlan_group",
            "Groups of VLANs; `scope` is the name of the place that they are of.",
            Column("vid_ranges", "The ids of their VLANs: 1000-2999, 3100."),
            *(Column("scope_type"), Column("scope"), Column("comments"), Column("tenant", to="tenants")),
        ),
        _without_slug(
            "vlans",
            "vlan",
            "VLANs.",
            *(Column("vid", type="integer"), Column("status"), Column("comments"), Column("group", to="vlan_groups")),
            *(Column("site", to="sites"), Column("tenant", to="tenants")),
        ),
        _nameless(
            "prefixes",
            "prefix",
            "Prefixes; without a VRF those of the global table.",
            *(Column("prefix"), Column("status"), Column("vrf", to="vrfs"), Column("vlan", to="vlans")),
            *(Column("scope_type"), Column("scope"), Column("is_pool", type="boolean"), Column("tenant", to="tenants")),
        ),
        _nameless(
            "ip_ranges",
            "ip_range",
            "IP ranges, from their first address to their last one.",
            *(Column("start_address"), Column("end_address"), Column("status"), Column("vrf", to="vrfs")),
            Column("tenant", to="tenants"),
        ),
    )
}


ALL: Final = DeviceFilter(statuses=())
"""All devices that have a primary address."""


def read(client: NetBoxClient, table: str, open_columns: Iterable[str] = (), devices: DeviceFilter = ALL) -> pd.DataFrame:
    """Return one table, all rows that the token may see, by id; `open_columns` are custom fields (`cf_<name>`).

    Of the devices that have a primary address, those that are chosen.

    Raises `TargetError` where the listing is not whole, `ConfigurationError` for a custom field that NetBox does not have.
    """
    names = tuple(open_columns)
    if table == ADDRESSED.name:
        return addressed_devices(client, devices, names)
    endpoint, object_type = ENDPOINTS[table]
    if names:
        check_names(custom_fields(client), [(object_type, name) for name in names])
    columns = TABLES[table].columns
    fields = [column.name for column in columns if column.name != "id"]
    rows = client.rows(endpoint, (*fields, "custom_fields") if names else fields)
    table_rows = [_values(row, columns) | _custom(row, names) for row in rows]
    types = {column.name: DTYPES[column.type] for column in columns} | dict.fromkeys(names, "str")
    return pd.DataFrame(table_rows, columns=list(types)).astype(types)


def _custom(row: Row, names: Iterable[str]) -> dict[str, str | None]:
    return {name: plain(row["custom_fields"].get(custom_name(name))) for name in names}


def _values(row: Row, columns: Iterable[Column]) -> dict[str, Any]:
    return {column.name: _value(row.get(column.name), column) for column in columns}


def _value(raw: Any, column: Column) -> Any:
    if raw is None or raw in ("", []):
        return None
    if isinstance(raw, Mapping):
        return str(raw["id"]) if column.to else raw.get("value", raw.get("name"))
    if column.name == VID_RANGES:
        return read_ranges(raw)
    if isinstance(raw, list):
        return ", ".join(map(str, raw))
    return str(raw) if column.type == "text" else raw
