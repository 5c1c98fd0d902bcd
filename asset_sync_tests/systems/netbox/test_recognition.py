"""Which objects of NetBox are recognised, by the rules that its kinds declare."""

import pytest

from asset_sync.reconcile.identity import match
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.tables import no_links
from asset_sync.systems.netbox.kinds import ASSET, DEVICE, INVENTORY_ITEM_TYPE, MAC_ADDRESS, MANUFACTURER
from asset_sync_tests.reconcile.worlds import Row, desired, observed


def recognised(kind: Kind, wanted: Row, there: Row) -> bool:
    """Tell whether the record is recognised as the object, of which there is no other."""
    found = match(kind, desired(kind, {"source_key": "a", **wanted}), observed(kind, {"id": "7", **there}), no_links())
    assert found["verdict"].iloc[0] in {"same", "new"}, found["evidence"].iloc[0]
    return bool(found["verdict"].iloc[0] == "same")


@pytest.mark.parametrize("kind", [ASSET, DEVICE])
@pytest.mark.parametrize(
    ("tag", "other", "same"),
    [
        ("B1-12", " b1-12 ", True),
        ("B1-12", "B11-2", False),
        ("B1-12", "B112", False),
        ("17", "17", True),
        ("No Asset Information", "No Asset Information", False),
        ("Default string", "Default string", False),
    ],
)
def test_an_asset_tag_is_the_same_but_for_case_and_outer_blanks(kind: Kind, tag: str, other: str, *, same: bool) -> None:
    place = {} if kind is ASSET else {"site": "1"}
    wanted, there = {"asset_tag": tag, "name": "pc-17"}, {"asset_tag": other, "name": "beamer"}
    assert recognised(kind, wanted | place, there | place) is same


@pytest.mark.parametrize(("model", "same"), [("surface pro-7", True), ("Surface Pro 7+", False), ("Surface Pro 71", False)])
def test_a_model_is_recognised_by_what_tells_models_apart(model: str, *, same: bool) -> None:
    there = {"manufacturer": "5", "model": "Surface Pro 7"}
    assert recognised(INVENTORY_ITEM_TYPE, {"manufacturer": "5", "model": model}, there) is same


@pytest.mark.parametrize("written", ["AA:BB:11:22:33:44", "aa-bb-11-22-33-44", "aabb.1122.3344"])
def test_a_mac_address_is_the_same_however_it_is_written(written: str) -> None:
    there = {"mac_address": "AA:BB:11:22:33:44", "interface": "3"}
    assert recognised(MAC_ADDRESS, {"mac_address": written, "interface": "3"}, there)


@pytest.mark.parametrize(("there", "same"), [("Hewlett-Packard", True), ("HP Inc.", True), ("hp", True), ("HPE", False)])
def test_a_maker_that_is_there_under_another_spelling_is_used(there: str, *, same: bool) -> None:
    assert recognised(MANUFACTURER, {"name": "HP", "slug": "hp"}, {"name": there, "slug": "other"}) is same


@pytest.mark.parametrize(
    ("company", "brand"),
    [("HPE", "Aruba"), ("HP", "Compaq"), ("Dell", "Alienware"), ("Cisco", "Cisco Meraki"), ("Nvidia", "Mellanox")],
)
def test_a_company_and_its_brand_are_two_makers(company: str, brand: str) -> None:
    assert not recognised(MANUFACTURER, {"name": company, "slug": "a"}, {"name": brand, "slug": "b"})
    assert not recognised(MANUFACTURER, {"name": brand, "slug": "b"}, {"name": company, "slug": "a"})


def test_of_several_spellings_that_are_there_none_is_taken_and_nothing_is_held() -> None:
    there = observed(
        MANUFACTURER, {"id": "1", "name": "HP Inc.", "slug": "a"}, {"id": "2", "name": "Hewlett-Packard", "slug": "b"}
    )
    found = match(MANUFACTURER, desired(MANUFACTURER, {"source_key": "hp", "name": "HP", "slug": "hp"}), there, no_links())
    assert found["verdict"].tolist() == ["new"]


def test_a_product_that_is_there_under_its_long_name_is_used() -> None:
    there = {"manufacturer": "5", "model": "HP EliteBook 840 14 inch G9 Notebook PC", "slug": "long"}
    wanted = {"manufacturer": "5", "model": "EliteBook 840 G9", "slug": "elitebook-840-g9"}
    assert recognised(INVENTORY_ITEM_TYPE, wanted, there)
    assert not recognised(INVENTORY_ITEM_TYPE, wanted | {"manufacturer": "6"}, there)
