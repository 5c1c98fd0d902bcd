import pytest

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.reconcile.tables import observed_schema
from asset_sync.systems.netbox import KINDS, check_choices, declared, observe
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.extract import CHOICES, table
from asset_sync_tests.systems.netbox.conftest import Lab

ASSETS = declared(
    {"manufacturer": ["name"], "inventory_item_type": ["model"], "asset": ["name", "description"]},
)


def test_observes_every_kind_in_the_declared_form(lab: Lab) -> None:
    interface = lab.an_interface()
    lab.create("mac_address", {"mac_address": "02:00:00:00:00:01", "interface": interface})
    lab.create("ip_address", {"address": "10.0.0.5/24", "interface": interface, "status": "active"})
    tables = observe(lab.client, KINDS)
    assert list(tables) == list(KINDS)
    for name, observed in tables.items():
        observed_schema(KINDS[name]).validate(observed)
    assert tables["interface"].loc[0, "key"] == "pc1 eth0"
    assert tables["device_type"].loc[0, "key"] == "HP M"
    assert tables["device_primary_ip"]["device"].tolist() == tables["device"]["id"].tolist()
    assert tables["ip_address"].loc[0, "interface"] == interface


def test_reads_what_is_mapped_and_needed(lab: Lab) -> None:
    lab.assets(3)
    observed = observe(lab.client, KINDS, {"asset": ["description"]})["asset"]
    fields = ["name", "serial", "asset_tag", "status", "inventoryitem_type", "description"]
    assert observed.columns.tolist() == ["id", "key", "version", "created", "locked", *fields]
    assert observed["serial"].tolist() == ["S0", "S1", "S2"]
    assert observed["description"].isna().all()
    assert observed["version"].notna().all()


def test_an_endpoint_is_listed_once_for_all_kinds_that_live_there(lab: Lab) -> None:
    lab.an_interface()
    reads = []
    for names in (("device",), ("device", "device_primary_ip")):
        before = lab.client.tally.read
        observe(lab.client, {name: KINDS[name] for name in names})
        reads.append(lab.client.tally.read - before)
    assert reads == [3, 3], "a listing of the devices and its count, and the custom fields with theirs"


def test_assets_of_other_kinds_are_seen_and_locked(lab: Lab) -> None:
    lab.an_interface()
    lab.state.create("plugins/inventory/assets", {"serial": "X1", "status": "used", "device_type": 1})
    lab.create("inventory_item_type", {"manufacturer": "1", "model": "I", "slug": "i"})
    lab.create("asset", {"name": "a", "serial": "X2", "status": "used", "inventoryitem_type": "1"})
    observed = observe(lab.client, ASSETS)["asset"].set_index("serial")
    assert observed.loc["X1", "locked"] == "is the asset of a device, not of an inventory item"
    assert observed["inventoryitem_type"].isna().tolist() == [True, False]
    assert observed["locked"].isna().tolist() == [False, True]


def test_addresses_in_a_vrf_are_other_addresses() -> None:
    rows = [{"id": 1, "address": "10.0.0.5/24", "vrf": None}, {"id": 2, "address": "10.0.0.5/24", "vrf": {"id": 1}}]
    assert table(KINDS["ip_address"], rows, {})["id"].tolist() == ["1"]


def test_a_listing_that_fails_is_an_error(lab: Lab) -> None:
    lab.assets(2)
    lab.faults.set("http_500", path="assets")
    with pytest.raises(TargetError, match="assets"):
        observe(lab.client, ASSETS)


def test_custom_fields_are_read(lab: Lab) -> None:
    lab.state.create("extras/custom-fields", {"name": "os", "type": "text", "object_types": ["netbox_inventory.asset"]})
    written = lab.assets(1)
    lab.state.patch("plugins/inventory/assets", int(written[0].target_id), {"custom_fields": {"os": "Windows"}})
    kinds = declared({"manufacturer": [], "inventory_item_type": [], "asset": ["cf_os"]})
    assert observe(lab.client, kinds)["asset"]["cf_os"].tolist() == ["Windows"]


def test_custom_fields_that_are_not_there_are_refused_before_anything_is_read(lab: Lab) -> None:
    kinds = declared({"manufacturer": [], "inventory_item_type": [], "asset": ["cf_os"]})
    with pytest.raises(ConfigurationError, match="no custom field 'os' on netbox_inventory"):
        observe(lab.client, kinds)


def test_a_constant_that_netbox_gives_no_choice_of_is_refused_with_the_choices(lab: Lab) -> None:
    with pytest.raises(ConfigurationError, match=r"NetBox has no status 'usd' for asset; it has stored, used, retired"):
        check_choices(lab.client, ASSETS, {"asset": {"status": ["usd"]}})


def test_every_field_is_known_of_which_netbox_takes_some_values_alone(lab: Lab) -> None:
    asked = {endpoint: lab.client.choices(endpoint).keys() for endpoint in {api(kind).endpoint for kind in KINDS.values()}}
    found = {field.name for kind in KINDS.values() for field in kind.fields if field.name in asked[api(kind).endpoint]}
    assert found == CHOICES


def test_constants_that_are_choices_or_free_text_pass(lab: Lab) -> None:
    check_choices(
        lab.client, ASSETS, {"asset": {"status": ["stored"], "description": ["anything"]}, "manufacturer": {"name": ["X"]}}
    )
