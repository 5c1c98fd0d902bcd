"""What fabrics of equal names are called in NetBox, also where a person put all of them into one site."""

from typing import Any

from asset_sync.operations.definitions import component_of, declared
from asset_sync.reconcile.desired import desired_tables
from asset_sync.reconcile.sources import Source
from asset_sync.systems.hedgehog.system import HEDGEHOG
from asset_sync.systems.hedgehog.tables import TABLES, object_rows
from asset_sync_tests.components.hedgehog.lab import SYNC
from asset_sync_tests.systems.hedgehog.told import listings, made

OBJECTS = [
    made("Switch", "leaf-1", {"role": "server-leaf", "profile": "p"}),
    made("IPv4Namespace", "default", {"subnets": ["10.0.0.0/16"]}),
    made("VLANNamespace", "default", {"ranges": [{"from": 1000, "to": 2999}]}),
    made("VPC", "vpc-1", {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}}),
]


def names(fabric: str, kind: str) -> set[str]:
    """What the objects of a kind are called that the shipped YAML makes of a fabric."""
    component: Any = component_of(SYNC)
    source = Source(TABLES, {"objects": object_rows(fabric, listings(OBJECTS))})
    tables = desired_tables(source, declared(SYNC).kinds, component._every_mapping(HEDGEHOG)).tables
    return set(tables[kind]["name"])


def test_namespaces_of_two_fabrics_have_no_name_in_common() -> None:
    assert names("a", "vrf") == {"a/default", "a/underlay"}
    assert names("a", "vlan_group") == {"a/default"}
    for kind in ("vrf", "vlan_group"):
        assert not names("a", kind) & names("b", kind)
