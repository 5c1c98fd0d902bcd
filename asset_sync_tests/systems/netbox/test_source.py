"""What NetBox tells of clusters, virtual machines and services, as tables."""

from typing import Any

import pytest

from asset_sync.systems.netbox.source import TABLES, read
from asset_sync_tests.systems.netbox.conftest import Lab

TOLD: dict[str, dict[str, Any]] = {
    "tenants": {"name": "Ten", "slug": "ten"},
    "cluster_types": {"name": "Compose", "slug": "compose"},
    "clusters": {"name": "shop", "scope_type": "dcim.site", "scope": "Home", "type": "1", "tenant": "1", "status": "active"},
    "virtual_machines": {
        **dict.fromkeys(("cluster", "site", "role"), "1"),
        "name": "web",
        "device": "pc1",
        "vcpus": 1.5,
        "memory": 2048,
        "disk": 500,
        "status": "paused",
        "platform": None,
    },
    "vm_interfaces": {"name": "eth0", "enabled": True, "mtu": 1450, "mode": "access", "virtual_machine": "1"},
    "virtual_disks": {"name": "root", "size": 500, "virtual_machine": "1"},
    "services": {
        "name": "http",
        "protocol": "tcp",
        "ports": "80, 443",
        "parent_object_type": "virtualization.virtualmachine",
        "parent": "web",
    },
    "vrfs": {"name": "blue", "rd": "65000:1", "enforce_unique": True, "tenant": "1"},
    "vlan_groups": {"name": "Campus", "vid_ranges": "10-99, 200", "scope_type": "dcim.site", "scope": "Home"},
    "vlans": {"name": "net0", "vid": 20, "group": "1", "site": None, "status": "active"},
    "prefixes": {"prefix": "10.1.1.0/24", "vrf": "1", "vlan": "1", "scope": "Home", "is_pool": False},
    "ip_ranges": {"start_address": "10.1.1.1/24", "end_address": "10.1.1.9/24", "vrf": "1", "status": "active"},
}


@pytest.fixture
def filled(lab: Lab) -> Lab:
    lab.an_interface()
    on_web = {"virtual_machine": 1}
    parent = {"parent_object_type": "virtualization.virtualmachine", "parent_object_id": 1}
    machine = {"name": "web", "cluster": 1, "device": 1, "role": 1, "vcpus": 1.5, "memory": 2048, "status": "paused"}
    scope = {"scope_type": "dcim.site", "scope_id": 1}
    for endpoint, body in (
        ("tenancy/tenants", {"name": "Ten", "slug": "ten"}),
        ("virtualization/cluster-types", {"name": "Compose", "slug": "compose"}),
        ("virtualization/clusters", {"name": "shop", "type": 1, "tenant": 1, **scope}),
    ):
        lab.state.create(endpoint, body)
    lab.state.patch("dcim/devices", 1, {"cluster": 1})
    for endpoint, body in (
        ("virtualization/virtual-machines", machine),
        ("virtualization/interfaces", {**on_web, "name": "eth0", "mtu": 1450, "mode": "access"}),
        ("virtualization/virtual-disks", {**on_web, "name": "root", "size": 500}),
        ("ipam/services", {"name": "http", "protocol": "tcp", "ports": [80, 443], **parent}),
        ("ipam/vrfs", {"name": "blue", "rd": "65000:1", "tenant": 1}),
        ("ipam/vlan-groups", {"name": "Campus", "slug": "campus", "vid_ranges": [[10, 99], [200, 200]], **scope}),
        ("ipam/vlans", {"name": "net0", "vid": 20, "group": 1}),
        ("ipam/prefixes", {"prefix": "10.1.1.0/24", "vrf": 1, "vlan": 1, **scope}),
        ("ipam/ip-ranges", {"start_address": "10.1.1.1/24", "end_address": "10.1.1.9/24", "vrf": 1}),
    ):
        lab.state.create(endpoint, body)
    return lab


@pytest.mark.parametrize("name", sorted(TOLD))
def test_tables_tell_what_is_there(filled: Lab, name: str) -> None:
    table = read(filled.client, name)
    assert table.columns.tolist() == list(TABLES[name].names)
    (row,) = table.astype(object).where(table.notna(), None).to_dict("records")
    assert {field: row[field] for field in TOLD[name]} == TOLD[name]
    assert row["id"] == "1"


def test_custom_fields_of_machines_are_columns(filled: Lab) -> None:
    types = ["virtualization.virtualmachine"]
    filled.state.create("extras/custom-fields", {"name": "image", "type": "text", "object_types": types})
    filled.state.patch("virtualization/virtual-machines", 1, {"custom_fields": {"image": "nginx:1"}})
    assert read(filled.client, "virtual_machines", ["cf_image"])["cf_image"].tolist() == ["nginx:1"]
