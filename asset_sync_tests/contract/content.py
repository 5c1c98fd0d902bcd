"""The content that the recorded servers had when they were asked."""

from collections.abc import Mapping
from typing import Any

from asset_sync.sandbox.netbox import NetBoxState

ASSETS = "plugins/inventory/assets"
IN_USE = "netbox_inventory.asset"


def fill_base(state: NetBoxState) -> None:
    """What was there before the first recorded request."""
    state.create("extras/tags", {"name": "lab", "slug": "lab"})
    state.create("extras/custom-field-choice-sets", {"name": "os", "extra_choices": [["w", "Windows"], ["l", "Linux"]]})
    holders = ["dcim.device", IN_USE]
    state.create("extras/custom-fields", {"name": "source_id", "type": "text", "object_types": ["dcim.site", *holders]})
    state.create("extras/custom-fields", {"name": "os_kind", "type": "select", "choice_set": 1, "object_types": holders})
    state.create("tenancy/tenants", {"name": "Tenant", "slug": "tenant"})
    state.create("dcim/manufacturers", {"name": "BaseMf", "slug": "basemf"})
    state.create("dcim/device-types", {"manufacturer": 1, "model": "BM1", "slug": "bm1"})
    state.create("dcim/module-types", {"manufacturer": 1, "model": "Mod1"})
    state.create("dcim/device-roles", {"name": "Server", "slug": "server"})
    state.create("dcim/platforms", {"name": "Linux", "slug": "linux"})
    state.create("dcim/sites", {"name": "Base", "slug": "base"})
    state.create("dcim/locations", {"name": "Store", "slug": "store", "site": 1})
    state.create("dcim/devices", {"name": "base-dev", "device_type": 1, "role": 1, "site": 1})
    state.create("dcim/interfaces", {"device": 1, "name": "eth0", "type": "1000base-t"})
    state.create("virtualization/cluster-types", {"name": "VMware", "slug": "vmware"})
    state.create("virtualization/clusters", {"name": "c-base", "type": 1, "scope_type": "dcim.site", "scope_id": 1})
    state.create("virtualization/virtual-machines", {"name": "vm-base", "cluster": 1})
    state.create("virtualization/interfaces", {"virtual_machine": 1, "name": "eth0"})
    state.create("plugins/inventory/inventory-item-types", {"manufacturer": 1, "model": "SFP", "slug": "sfp"})
    state.create("plugins/inventory/suppliers", {"name": "Sup", "slug": "sup"})
    state.create("plugins/inventory/purchases", {"name": "PO-1", "supplier": 1, "status": "open"})


def fill_for_errors(state: NetBoxState) -> None:
    """What the requests that were refused ran into."""
    fill_base(state)
    _sites_and_types(state)
    _devices(state)
    _assets(state)
    state.create("virtualization/virtual-machines", {"name": "VMD", "cluster": 1})
    at(state, "dcim/manufacturers", 27, {"name": "Gotcha", "slug": "gotcha"})
    state.create("ipam/ip-addresses", {"address": "198.51.100.1/24"})


def at(state: NetBoxState, endpoint: str, row_id: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create an object under a certain id."""
    state.tables[endpoint].next_id = row_id
    return state.create(endpoint, body)


def _sites_and_types(state: NetBoxState) -> None:
    at(state, "dcim/sites", 9, {"name": "Free", "slug": "free"})
    at(state, "dcim/sites", 11, {"name": "Free too", "slug": "free-too"})
    state.create("dcim/manufacturers", {"name": "Other", "slug": "other"})
    for maker in (1, 2):
        state.create("dcim/device-types", {"manufacturer": maker, "model": "dup", "slug": "dup"})
    at(state, "dcim/device-types", 7, {"manufacturer": 1, "model": "Model 7", "slug": "model-7"})


def _devices(state: NetBoxState) -> None:
    common = {"device_type": 1, "role": 1, "site": 1}
    at(state, "dcim/devices", 7, {**common, "name": "e-dev-6"})
    at(state, "dcim/devices", 155, {**common, "name": "delme2"})
    at(state, "dcim/devices", 156, {**common, "name": "synced"})
    at(state, "dcim/interfaces", 7, {"device": 155, "name": "e0", "type": "other"})
    on_interface = {"assigned_object_type": "dcim.interface", "assigned_object_id": 7}
    at(state, "dcim/mac-addresses", 53, {"mac_address": "02:AA:00:00:00:01", **on_interface})
    at(state, "ipam/ip-addresses", 14, {"address": "198.18.9.9/24", **on_interface})
    state.patch("dcim/interfaces", 7, {"primary_mac_address": 53})


def _assets(state: NetBoxState) -> None:
    state.create(ASSETS, {"serial": "E1", "status": "stored", "device_type": 1})
    state.create(ASSETS, {"serial": "E5", "status": "stored", "device_type": 1, "asset_tag": "Z1"})
    state.create(ASSETS, {"serial": "DEL", "status": "stored", "device_type": 1, "device": 155})
    state.create(ASSETS, {"serial": "SYNC", "status": "stored", "device_type": 1, "device": 156})
    for number in range(5):
        at(state, ASSETS, 13 + number, {"serial": f"E{40 + number}", "status": "stored", "device_type": 1})
