"""Desired tables as NetBox takes them: custom fields in their one text, and what is not of its type told."""

from typing import Any

import pandas as pd

from asset_sync.reconcile.tables import Tables, desired_schema, desired_table
from asset_sync.systems.netbox import conform, declared, unready
from asset_sync.systems.netbox.custom_field_table import TABLE, to_table
from asset_sync.systems.netbox.custom_fields import CustomField

ASSET = "netbox_inventory.asset"
KINDS = declared({"manufacturer": ["name"], "inventory_item_type": ["model"], "asset": ["name", "cf_a", "cf_b"]})


def wanted(*rows: dict[str, Any]) -> Tables:
    """Return desired tables with those assets, which are called k0, k1, … by their source."""
    named = pd.DataFrame([{"source_key": f"k{n}", "key": f"k{n}", **row} for n, row in enumerate(rows)])
    tables = {"manufacturer": pd.DataFrame(), "inventory_item_type": pd.DataFrame(), "asset": named}
    return {name: desired_table(kind, tables[name]) for name, kind in KINDS.items()}


def has(*fields: CustomField) -> Tables:
    return {TABLE: to_table(fields)}


def field(name: str, custom_type: str, **rules: Any) -> CustomField:
    return CustomField(ASSET, name, custom_type, **rules)


def test_values_are_in_their_one_text_and_what_is_none_is_told_apart() -> None:
    desired = wanted(
        {"name": "x", "cf_a": "Ja", "cf_b": "1199.50"}, {"name": "y", "cf_a": "maybe"}, {"cf_a": None, "cf_b": "12,5"}
    )
    conformed, refused = conform(KINDS, desired, has(field("a", "boolean"), field("b", "decimal")))
    assets = conformed["asset"]
    desired_schema(KINDS["asset"]).validate(assets)
    assert assets["cf_a"].dropna().to_dict() == {0: "true"}
    assert assets["cf_b"].dropna().to_dict() == {0: "1199.5"}
    assert assets["name"].tolist()[:2] == ["x", "y"]
    assert list(refused) == ["asset"]
    assert refused["asset"].to_dict("records") == [
        {"source_key": "k1", "field": "cf_a", "value": "maybe", "reason": "'maybe' is neither true nor false"},
        {"source_key": "k2", "field": "cf_b", "value": "12,5", "reason": "'12,5' is no decimal number"},
    ]


def test_the_desired_tables_that_came_in_stay_as_they_are() -> None:
    desired = wanted({"cf_a": "Ja"})
    conform(KINDS, desired, has(field("a", "boolean")))
    assert desired["asset"]["cf_a"].tolist() == ["Ja"]


def test_without_a_table_of_custom_fields_nothing_is_changed() -> None:
    desired = wanted({"cf_a": "Ja"})
    conformed, refused = conform(KINDS, desired, {})
    assert conformed["asset"].equals(desired["asset"])
    assert not refused
    assert not unready(KINDS, desired, {})


def test_of_a_unique_field_a_value_that_several_records_have_is_nobodys() -> None:
    desired = wanted(*({"cf_a": value} for value in ("07", "7", "8", "7", None, None)))
    conformed, refused = conform(KINDS, desired, has(field("a", "integer", unique=True)))
    assert conformed["asset"]["cf_a"].dropna().to_dict() == {2: "8"}
    assert refused["asset"][["source_key", "value", "reason"]].to_numpy().tolist() == [
        ["k0", "07", "'7' is also on k1, k3, and NetBox keeps the field unique"],
        ["k1", "7", "'7' is also on k0, k3, and NetBox keeps the field unique"],
        ["k3", "7", "'7' is also on k0, k1, and NetBox keeps the field unique"],
    ]


def test_records_without_what_netbox_requires_are_not_ready_to_be_created() -> None:
    inventory = has(field("a", "boolean", required=True), field("b", "text", required=True, default='"x"'))
    conformed, _ = conform(KINDS, wanted({"cf_a": "yes"}, {"cf_a": "maybe"}, {}), inventory)
    told = "NetBox requires the custom field a, and the record has no value for it"
    assert unready(KINDS, conformed, inventory) == {"asset": {"k1": told, "k2": told}}


def test_no_record_is_ready_where_netbox_requires_what_is_not_mapped() -> None:
    inventory = has(field("c", "text", required=True), field("d", "text", required=True, default='"x"'))
    told = "NetBox requires the custom field c: map cf_c, or give it a default there"
    assert unready(KINDS, wanted({}, {}), inventory) == {"asset": {"k0": told, "k1": told}}
