"""Which custom fields a NetBox has, read once and kept as a table."""

from typing import Any

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.netbox import Token
from asset_sync.systems.netbox import check_choices, custom_field_table, declared, observe
from asset_sync.systems.netbox.custom_field_table import TABLE, from_table, to_table
from asset_sync.systems.netbox.custom_fields import CustomField
from asset_sync_tests.systems.netbox.conftest import Lab

ASSET = "netbox_inventory.asset"
FIELDS, SETS = "extras/custom-fields", "extras/custom-field-choice-sets"
LOOKUPS: dict[str, list[str]] = {"manufacturer": [], "inventory_item_type": []}


def define(lab: Lab, name: str, custom_type: str, **more: Any) -> None:
    lab.state.create(FIELDS, {"name": name, "type": custom_type, "object_types": [ASSET], **more})


def fields_of(lab: Lab, *mapped: str) -> dict[str, CustomField]:
    tables = observe(lab.client, declared({**LOOKUPS, "asset": [*mapped]}))
    return dict(from_table(tables[TABLE])[ASSET])


def test_what_a_field_takes_is_kept(lab: Lab) -> None:
    lab.state.create(SETS, {"name": "s", "extra_choices": [["w", "Windows"], ["l", "Linux"]]})
    lab.state.create("dcim/sites", {"name": "Lisbon", "slug": "lis"})
    define(lab, "os", "select", choice_set=1, required=True, default="w")
    define(lab, "price", "decimal", validation_minimum=0, validation_maximum=9.5)
    define(lab, "code", "text", validation_regex="^[A-Z]+$", unique=True)
    define(lab, "home", "object", related_object_type="dcim.site")
    define(lab, "other", "text")
    assert fields_of(lab, "cf_os", "cf_price", "cf_code", "cf_home") == {
        "os": CustomField(ASSET, "os", "select", required=True, default='"w"', options={"w": ("Windows",), "l": ("Linux",)}),
        "price": CustomField(ASSET, "price", "decimal", minimum=0, maximum=9.5),
        "code": CustomField(ASSET, "code", "text", unique=True, regex="^[A-Z]+$"),
        "home": CustomField(ASSET, "home", "object", related="dcim.site", options={"1": ("Lisbon", "lis")}),
    }


def test_a_table_holds_what_was_put_into_it() -> None:
    fields = [
        CustomField("dcim.device", "a", "integer", required=True, default="5", minimum=-1.5),
        CustomField("dcim.device", "b", "multiobject", related="dcim.site", options={}),
        CustomField("dcim.site", "a", "text", unique=True, regex="x"),
    ]
    kept = from_table(to_table(fields))
    assert [field for of_type in kept.values() for field in of_type.values()] == fields


def test_a_field_that_must_be_filled_is_kept_though_nothing_maps_it(lab: Lab) -> None:
    define(lab, "must", "text", required=True)
    define(lab, "may", "text")
    assert list(fields_of(lab)) == ["must"]


def test_without_custom_fields_that_matter_there_is_no_table(lab: Lab) -> None:
    define(lab, "may", "text")
    assert TABLE not in observe(lab.client, declared({**LOOKUPS, "asset": ["name"]}))


def test_of_a_type_with_too_many_objects_none_is_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_field_table, "_OBJECTS_MOST", 1)
    for name in ("a", "b"):
        lab.state.create("dcim/sites", {"name": name, "slug": name})
    lab.state.create("dcim/manufacturers", {"name": "HP", "slug": "hp"})
    define(lab, "home", "object", related_object_type="dcim.site")
    define(lab, "maker", "multiobject", related_object_type="dcim.manufacturer")
    found = fields_of(lab, "cf_home", "cf_maker")
    assert found["home"].options is None
    assert found["maker"].options == {"1": ("HP", "hp")}


def test_a_token_that_may_not_see_custom_fields_reads_the_rest(lab: Lab) -> None:
    may = frozenset({"plugins/inventory/assets", "plugins/inventory/inventory-item-types", "dcim/manufacturers"})
    token = lab.state.add_token(Token("limited", may_read=may, may_write=frozenset()))
    lab.assets(2)
    client = lab.connect(token.secret)
    assert len(observe(client, declared({**LOOKUPS, "asset": ["name"]}))["asset"]) == 2
    with pytest.raises(ConfigurationError, match=r"no custom field 'x' on netbox_inventory.asset: .*let the token see it"):
        observe(client, declared({**LOOKUPS, "asset": ["cf_x"]}))


def test_a_constant_that_is_not_of_the_type_is_refused_before_anything_is_read(lab: Lab) -> None:
    define(lab, "encrypted", "boolean")
    kinds = declared({**LOOKUPS, "asset": ["cf_encrypted"]})
    check_choices(lab.client, kinds, {"asset": {"cf_encrypted": ["yes"]}})
    with pytest.raises(ConfigurationError, match=r"asset.cf_encrypted: 'maybe' is neither true nor false: mend it in the"):
        check_choices(lab.client, kinds, {"asset": {"cf_encrypted": ["yes", "maybe"]}})
