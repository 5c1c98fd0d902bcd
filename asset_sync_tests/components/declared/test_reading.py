"""What of a source's tables the desired tables are made from."""

from asset_sync.components.declared.reading import needed_columns, open_columns
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.mapping import Condition, FieldMapping, Rule
from asset_sync.reconcile.merge import Ownership
from asset_sync.systems.netbox.system import NETBOX
from asset_sync.systems.pdq.system import PDQ
from asset_sync.systems.snipeit.system import SNIPEIT
from asset_sync_tests.components.pdq_answers import ASSET_KINDS, CONFIGURED, DEVICE_KINDS, mapping_of

OWNED = Ownership("source")


def test_of_devices_that_become_assets_the_bulk_is_not_needed() -> None:
    mapping = mapping_of({kind: CONFIGURED[kind] for kind in ASSET_KINDS})
    named = "biosAssetTag family id manufacturer model name osFullName serialNumber sku"
    assert needed_columns(PDQ, mapping, "devices") == named.split()


def test_a_table_that_others_are_made_of_is_needed_whole() -> None:
    assert needed_columns(PDQ, mapping_of({kind: CONFIGURED[kind] for kind in DEVICE_KINDS}), "devices") is None


def test_what_leads_to_a_column_is_needed_and_that_column_where_it_is() -> None:
    fields = {
        "status": FieldMapping(OWNED, source="status_id.name"),
        "site": FieldMapping(OWNED, template="{location_id.parent_id.name}"),
    }
    where = {"hardware": (Condition("company_id.name", ("Example",)),)}
    mapping = SyncMapping({"asset": "hardware"}, {"asset": fields}, where)
    hardware = needed_columns(SNIPEIT, mapping, "hardware")
    assert hardware is not None
    assert {"id", "status_id", "location_id", "company_id"} <= set(hardware)
    assert "serial" not in hardware
    for table in ("status_labels", "locations", "companies"):
        there = needed_columns(SNIPEIT, mapping, table)
        assert there is not None
        assert {"id", "name"} <= set(there)
    assert "parent_id" in (needed_columns(SNIPEIT, mapping, "locations") or ())


def test_a_custom_field_is_asked_for_wherever_a_foreign_key_leads_to_it() -> None:
    rules = (Rule((Condition("region.parent.cf_open", ("yes",)),), FieldMapping(OWNED, source="name")),)
    fields = {"facility": FieldMapping(OWNED, template="{region.cf_code} {cf_own}", rules=rules)}
    where = {"sites": (Condition("region.cf_country", filled=True),)}
    mapping = SyncMapping({"site": "sites"}, {"site": fields}, where)
    assert open_columns(NETBOX, mapping, "regions") == ["cf_code", "cf_country", "cf_open"]
    assert open_columns(NETBOX, mapping, "sites") == ["cf_own"]
