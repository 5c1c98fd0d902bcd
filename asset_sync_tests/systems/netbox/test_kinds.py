from typing import Any

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Field
from asset_sync.systems.netbox.kinds import (
    ASSET,
    DEVICE_PRIMARY_IP,
    INTERFACE,
    IP_ADDRESS,
    KINDS,
    api,
    declared,
    json_fields,
    needed,
    read_value,
    write_values,
)


def test_every_kind_has_its_place_in_the_api() -> None:
    for kind in KINDS.values():
        assert api(kind).endpoint
        assert needed(kind, ()) <= {field.name for field in kind.fields}
        assert all(set(filters) <= {field.name for field in kind.fields} for filters in api(kind).find)
        assert (kind.facet_of is None) == bool(kind.identity)


def test_declared_kinds_have_what_is_mapped_and_what_is_needed() -> None:
    kinds = declared({"asset": ["description", "cf_os"], "inventory_item_type": ["model"], "manufacturer": ["name"]})
    assert list(kinds) == ["manufacturer", "inventory_item_type", "asset"]
    names = {field.name for field in kinds["asset"].fields}
    assert names == {"name", "serial", "asset_tag", "status", "inventoryitem_type", "description", "cf_os"}
    assert kinds["asset"].field("cf_os") == Field("cf_os")


def test_kinds_say_what_netbox_lets_be_empty_what_it_holds_fast_and_what_its_versions_are() -> None:
    empty = {f"{kind.name}.{field.name}" for kind in KINDS.values() for field in kind.fields if field.nullable}
    assert empty == {"asset.serial", "asset.asset_tag", "device.asset_tag"}
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


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("name", {"name": "a"}, "a"),
        ("name", {"name": ""}, None),
        ("name", {}, None),
        ("status", {"status": "used"}, "used"),
        ("status", {"status": {"value": "active", "label": "Active"}}, "active"),
        ("status", {"status": {"value": None, "label": None}}, None),
        ("inventoryitem_type", {"inventoryitem_type": {"id": 3, "model": "x"}}, "3"),
        ("inventoryitem_type", {"inventoryitem_type": None}, None),
        ("warranty_end", {"warranty_end": "2029-01-01"}, "2029-01-01"),
    ],
)
def test_reads_values(name: str, row: dict[str, Any], value: object) -> None:
    assert read_value(ASSET, ASSET.field(name), row) == value


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("x", "x"),
        ({"value": "l", "label": "Linux"}, "l"),
        (5, "5"),
        (True, "true"),
        (["a", "b"], '["a","b"]'),
        (None, None),
        ([], None),
    ],
)
def test_reads_custom_fields_as_text(stored: object, value: str | None) -> None:
    assert read_value(ASSET, Field("cf_x"), {"custom_fields": {"x": stored}}) == value


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"assigned_object_type": "dcim.interface", "assigned_object_id": 7}, "7"),
        ({"assigned_object_type": None, "assigned_object_id": None}, None),
        ({"assigned_object_type": "virtualization.vminterface", "assigned_object_id": 12}, "virtualization.vminterface:12"),
    ],
)
def test_an_assignment_is_a_reference_both_ways(row: dict[str, Any], value: str | None) -> None:
    assert read_value(IP_ADDRESS, IP_ADDRESS.field("interface"), row) == value
    assert write_values(IP_ADDRESS, {"interface": value}, {}) == row


def test_a_facet_refers_to_its_own_object_and_never_writes_that() -> None:
    assert read_value(DEVICE_PRIMARY_IP, DEVICE_PRIMARY_IP.field("device"), {"id": 4}) == "4"
    assert write_values(DEVICE_PRIMARY_IP, {"device": "4", "primary_ip4": "9"}, {}) == {"primary_ip4": 9}


def test_writes_values() -> None:
    values = {"name": None, "serial": None, "status": "used", "inventoryitem_type": "3", "warranty_end": None}
    expected = {"name": "", "serial": None, "status": "used", "inventoryitem_type": 3, "warranty_end": None}
    assert write_values(ASSET, values, {}) == expected
    assert write_values(INTERFACE, {"enabled": False, "mtu": 9000}, {}) == {"enabled": False, "mtu": 9000}


def test_writes_custom_fields_as_their_type_wants_them() -> None:
    values = {"cf_a": "5", "cf_b": "5", "cf_c": "true", "cf_d": "l", "cf_e": '["x"]', "cf_f": "five", "cf_g": None}
    types = {"a": "text", "b": "integer", "c": "boolean", "d": "select", "e": "multiselect", "f": "integer"}
    expected = {"a": "5", "b": 5, "c": True, "d": "l", "e": ["x"], "f": "five", "g": None}
    assert write_values(ASSET, values, types) == {"custom_fields": expected}


def test_asks_for_flat_fields_alone_where_it_can() -> None:
    kinds = declared({"manufacturer": ["name"], "inventory_item_type": ["model"], "asset": ["cf_a", "cf_b"]})
    fields = json_fields(kinds["asset"])
    assert set(fields) == {"name", "serial", "asset_tag", "status", "inventoryitem_type", "custom_fields", "kind"}
