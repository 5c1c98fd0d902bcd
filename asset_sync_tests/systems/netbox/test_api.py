from typing import Any

import pytest

from asset_sync.reconcile.kinds import Field
from asset_sync.sandbox.netbox import NetBoxState
from asset_sync.systems.netbox.api import api, in_scope, json_fields, read_value, write_values
from asset_sync.systems.netbox.kinds import ASSET, DEVICE_PRIMARY_IP, INTERFACE, IP_ADDRESS, KINDS, declared, needed
from asset_sync.systems.netbox.virtual_kinds import PORTS


def test_every_kind_has_its_place_in_the_api() -> None:
    for kind in KINDS.values():
        assert api(kind).endpoint
        assert needed(kind, ()) <= {field.name for field in kind.fields}
        assert all(set(filters) <= {field.name for field in kind.fields} for filters in api(kind).find)
        assert (kind.facet_of is None) == bool(kind.identity)


def test_every_kind_is_where_netbox_keeps_objects_of_its_type() -> None:
    """Deletions are looked for by the type, rights and choices by the endpoint."""
    types = NetBoxState().by_content_type
    assert {kind.name: types[api(kind).object_type].endpoint for kind in KINDS.values()} == {
        kind.name: api(kind).endpoint for kind in KINDS.values()
    }


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


def test_reads_custom_fields_by_their_types() -> None:
    row = {"custom_fields": {"a": True, "b": {"value": "l", "label": "Linux"}, "c": {"value": 1}, "d": 5, "e": None}}
    types = {"a": "boolean", "b": "select", "c": "json", "d": "text", "e": "text"}
    read = {name: read_value(ASSET, Field(f"cf_{name}"), row, types) for name in (*types, "not_there")}
    assert read == {"a": "true", "b": "l", "c": '{"value":1}', "d": "5", "e": None, "not_there": None}


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


@pytest.mark.parametrize(
    ("kind", "field", "row", "value"),
    [
        ("cluster", "site", {"scope_type": "dcim.site", "scope_id": 7}, "7"),
        ("cluster", "site", {"scope_type": "dcim.location", "scope_id": 7}, "dcim.location:7"),
        ("cluster", "site", {"scope_type": None, "scope_id": None}, None),
        ("device_service", "device", {"parent_object_type": "dcim.device", "parent_object_id": 7}, "7"),
        *(
            (kind, field, {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": 7}, value)
            for kind, field, value in (
                ("vm_mac_address", "vm_interface", "7"),
                ("mac_address", "interface", "virtualization.vminterface:7"),
            )
        ),
    ],
)
def test_pairs_of_type_and_id_are_references_both_ways(kind: str, field: str, row: dict[str, Any], value: str | None) -> None:
    assert read_value(KINDS[kind], KINDS[kind].field(field), row) == value
    assert write_values(KINDS[kind], {field: value}, {}) == row


def test_services_and_macs_of_machines_are_kinds_of_their_own() -> None:
    on_machine = {"parent_object_type": "virtualization.virtualmachine", "parent_object_id": 7}
    assert [in_scope(KINDS[kind], on_machine) for kind in ("device_service", "vm_service")] == [False, True]
    on_device = {"assigned_object_type": "dcim.interface", "assigned_object_id": 7}
    assert [in_scope(KINDS[kind], on_device) for kind in ("mac_address", "vm_mac_address")] == [True, False]


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        *((PORTS, given, "80, 443") for given in ("443,80", " 80 , 443", "80, 443", "443, 80, 80")),
        (PORTS, "80", "80"),
        (PORTS, "http", "http"),
        *(("vcpus", given, value) for given, value in (("0.333", "0.33"), ("2", "2.00"), ("0.001", "0.01"), ("1.50", "1.50"))),
        *(("vcpus", given, given) for given in ("-1", "0", "many", "NaN")),
    ],
)
def test_values_are_wanted_as_netbox_gives_them_back(field: str, given: str, value: str) -> None:
    canonical = KINDS["vm_service" if field == PORTS else "virtual_machine"].field(field).canonical
    assert canonical is not None
    assert canonical(given) == value


def test_ports_are_read_as_they_are_written() -> None:
    kind = KINDS["vm_service"]
    assert write_values(kind, {PORTS: "443, 80"}, {}) == {"ports": [80, 443]}
    assert read_value(kind, kind.field(PORTS), {"ports": [443, 80, 80]}) == "80, 443"


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
