import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Field
from asset_sync.systems.netbox.kinds import KINDS, declared


def test_declared_kinds_have_what_is_mapped_and_what_is_needed() -> None:
    kinds = declared({"asset": ["description", "cf_os"], "inventory_item_type": ["model"], "manufacturer": ["name"]})
    assert list(kinds) == ["manufacturer", "inventory_item_type", "asset"]
    names = {field.name for field in kinds["asset"].fields}
    assert names == {"name", "serial", "asset_tag", "status", "inventoryitem_type", "description", "cf_os"}
    assert kinds["asset"].field("cf_os") == Field("cf_os")


def test_kinds_say_what_netbox_lets_be_empty_what_it_requires_what_it_holds_fast_and_what_its_versions_are() -> None:
    empty = {f"{kind.name}.{field.name}" for kind in KINDS.values() for field in kind.fields if field.nullable}
    assert empty == {
        *("asset.serial", "asset.asset_tag", "asset.storage_location", "device.asset_tag", "device.platform"),
        *("device.tenant", "device_cluster.cluster", "cluster.site", "cluster.tenant"),
        *(f"virtual_machine.{field}" for field in ("site", "role", "platform", "tenant")),
        *(f"interface_links.{field}" for field in ("parent", "bridge", "lag")),
        *("interface.untagged_vlan", "interface.vrf", "vrf.rd", "vrf.tenant", "ip_range.tenant", "prefix.vlan", "cable.tenant"),
        *("interface.tagged_vlans", "anycast_address.tenant"),
        *(f"{kind}.{field}" for kind in ("vlan_group", "vlan", "prefix") for field in ("site", "tenant")),
    }
    required = {f"{kind.name}.{field.name}" for kind in KINDS.values() for field in kind.fields if field.required}
    types, named = (
        ("inventory_item_type", "device_type"),
        ("manufacturer", "device_role", "platform", "site", "tag", "tenant", "cluster_type"),
    )
    assert required == {
        *(f"{kind}.{field}" for kind in types for field in ("model", "slug")),
        *(f"{kind}.{field}" for kind in named for field in ("name", "slug")),
        *("location.name", "location.slug", "location.site", "interface.name", "mac_address.mac_address", "ip_address.address"),
        *(
            "cluster.name",
            "cluster.type",
            "virtual_machine.name",
            "vm_interface.name",
            "vm_mac_address.mac_address",
        ),
        *("virtual_disk.name", "virtual_disk.size", "vrf.name", "vlan_group.name", "vlan_group.slug"),
        *(f"vlan.{field}" for field in ("group", "vid", "name")),
        *("cable.a_interface", "cable.b_interface", "prefix.prefix", "ip_range.start_address", "ip_range.end_address"),
        "anycast_address.address",
        *(f"{on}_service.{field}" for on in ("device", "vm") for field in ("name", "protocol", "ports")),
    }
    fast = {f"{kind.name}.{field.name}" for kind in KINDS.values() for field in kind.fields if field.pins}
    assert fast == {"device_primary_ip.primary_ip4", "device_primary_ip.primary_ip6"}
    assert {kind.versions for kind in KINDS.values()} == {"moment"}


@pytest.mark.parametrize(
    ("mapped", "words"),
    [
        ({"assets": ["name"]}, "no kind 'assets'"),
        ({"manufacturer": ["nme"]}, "manufacturer has no field 'nme'"),
        ({"manufacturer": ["cf_"]}, "no field 'cf_'"),
        ({"asset": ["name"]}, "refers to inventory_item_type"),
    ],
)
def test_what_is_not_there_is_refused(mapped: dict[str, list[str]], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        declared(mapped)
