"""Whole syncs of what PDQ Connect tells, day after day, into NetBox's kinds: what is there afterwards, and what is held."""

from collections.abc import Mapping
from typing import Any

import pytest

from asset_sync.components import config
from asset_sync.components.declared.mapping import FieldConfig
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.desired import desired_tables
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.refusals import split_refused
from asset_sync.systems.netbox import declared
from asset_sync_tests.components.pdq_answers import (
    ASSET_KINDS,
    CONFIGURED,
    DEVICE_KINDS,
    Device,
    adapter,
    answered,
    mapping_of,
    source_of,
)
from asset_sync_tests.reconcile.lab import GRACE, Lab

DELL: Device = {"manufacturer": "Dell Inc.", "model": "Latitude 5440", "osFullName": "Windows 11 Pro"}


class PdqLab(Lab):
    """Syncs of devices that PDQ Connect tells of, by the YAML's mapping, or one with other fields."""

    def __init__(self, target: tuple[str, ...], fields: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None) -> None:
        more = {kind: {n: FieldConfig.model_validate(f) for n, f in each.items()} for kind, each in (fields or {}).items()}
        self.mapping = mapping_of({kind: CONFIGURED[kind] | more.get(kind, {}) for kind in target})
        self.told: tuple[Device, ...] = ()
        super().__init__(declared(self.mapping.fields), Policy(config.owners(self.mapping.fields), GRACE))

    def day(self, *told: Device) -> dict[str, str]:
        """Sync these devices; return what is held, by key."""
        self.told = told
        plan = self.run()
        return {row["key"]: row["hold"] for row in p.records(plan.held)}

    def snapshot(self) -> Snapshot:
        """Return what a run sees now."""
        made = desired_tables(source_of(answered(*self.told)), self.kinds, self.mapping)
        wanted, refused = split_refused(made.tables)
        return Snapshot(wanted, self.target.tables(), self.ledger.links(), refused)

    def there(self, kind: str, *fields: str) -> list[tuple[Any, ...]]:
        """Return those fields of the target's objects, in the order of their ids."""
        rows = sorted(self.target.objects.get(kind, {}).values(), key=lambda row: int(row["id"]))
        return [tuple(row.get(field) for field in fields) for row in rows]

    def types(self) -> dict[str, tuple[str, str]]:
        """Return the maker and the model of each asset, by its name."""
        makers, types = self.target.objects["manufacturer"], self.target.objects["inventory_item_type"]
        of_assets = {name: types[of] for name, of in self.there("asset", "name", "inventoryitem_type")}
        return {name: (makers[of["manufacturer"]]["name"], of["model"]) for name, of in of_assets.items()}


@pytest.fixture
def assets() -> PdqLab:
    return PdqLab(ASSET_KINDS)


@pytest.fixture
def devices() -> PdqLab:
    return PdqLab(DEVICE_KINDS)


def settled(lab: PdqLab) -> bool:
    """Tell whether a further run would write nothing."""
    return len(lab.plan().writes) == 0


# Assets.


def test_model_plus_sign_makes_two_types(assets: PdqLab) -> None:
    told = [{"manufacturer": "Microsoft", "model": model} for model in ("Surface Pro 7", "Surface Pro 7+", "Surface Pro 7+")]
    assert assets.day(*told) == {}
    assert assets.types() == {
        "PC0": ("Microsoft", "Surface Pro 7"),
        "PC1": ("Microsoft", "Surface Pro 7+"),
        "PC2": ("Microsoft", "Surface Pro 7+"),
    }
    assert settled(assets)


@pytest.mark.slow
def test_a_model_that_comes_later_is_not_taken_for_the_one_that_was_there(assets: PdqLab) -> None:
    one, other = ({"manufacturer": "Microsoft", "model": model} for model in ("Surface Pro 7+", "Surface Pro 7"))
    assets.day(one)
    assert assets.day(one | {"name": "GONE"}, other) == {}
    assert assets.types() == {"GONE": ("Microsoft", "Surface Pro 7+"), "PC1": ("Microsoft", "Surface Pro 7")}
    assert settled(assets)


def test_junk_asset_tags_hold_nobody_and_are_on_nobody(assets: PdqLab) -> None:
    words = ("No Asset Tag", "No Asset Tag", "No Asset Information", "No Asset Information", "System Asset Tag", "UNKNOWN")
    assert assets.day(*(DELL | {"biosAssetTag": word} for word in words)) == {}
    assert assets.there("asset", "serial", "asset_tag") == [(f"A77{n}", None) for n in range(6)]
    assert settled(assets)


@pytest.mark.slow
def test_a_tag_that_looks_like_a_strangers_is_another_tag(assets: PdqLab) -> None:
    assets.target.make("asset", name="beamer", asset_tag="B11-2", status="used", description="room 2")
    assert assets.day(DELL | {"serialNumber": None, "biosAssetTag": "B1-12"}) == {}
    assert assets.there("asset", "name", "asset_tag", "description") == [
        ("beamer", "B11-2", "room 2"),
        ("PC0", "B1-12", "Windows 11 Pro"),
    ]


def test_punctuation_only_model_and_maker_are_unknown(assets: PdqLab) -> None:
    assert assets.day({"manufacturer": "---", "model": "***"}, DELL) == {}
    assert assets.types() == {"PC0": ("Unknown", "Unknown model"), "PC1": ("Dell", "Latitude 5440")}
    assert settled(assets)


@pytest.mark.parametrize("there", [(), ("Aruba",), ("HPE",), ("Aruba", "HPE")])
def test_a_company_and_its_brand_are_two_makers_whichever_is_there(assets: PdqLab, there: tuple[str, ...]) -> None:
    for name in there:
        assets.target.make("manufacturer", name=name, slug=name.lower())
    server, controller = (
        {"manufacturer": "HPE", "model": "ProLiant DL360 Gen10"},
        {"manufacturer": "Aruba", "model": "MM-HW-1K"},
    )
    assert assets.day(server, controller) == {}
    assert assets.types() == {"PC0": ("HPE", "ProLiant DL360 Gen10"), "PC1": ("Aruba", "MM-HW-1K")}
    assert sorted(assets.there("manufacturer", "name")) == [("Aruba",), ("HPE",)]
    assert settled(assets)


@pytest.mark.parametrize("lost", [("manufacturer", "model"), ("manufacturer",), ("model",)])
@pytest.mark.parametrize("blank", [None, *(pytest.param(text, marks=pytest.mark.slow) for text in ("", "  ", "---"))])
def test_hardware_blank_once_changes_nothing(assets: PdqLab, lost: tuple[str, ...], blank: str | None) -> None:
    assets.day(DELL, DELL)
    before = assets.types()
    again = DELL | dict.fromkeys(lost, blank) | {"serialNumber": None}
    assert assets.day(again, DELL) == {}
    assert assets.types() == before == {"PC0": ("Dell", "Latitude 5440"), "PC1": ("Dell", "Latitude 5440")}
    assert settled(assets)
    assets.day(DELL | {"model": "Latitude 7450"}, DELL)
    assert assets.types()["PC0"] == ("Dell", "Latitude 7450")


def test_a_default_gives_way_to_what_the_source_says_later(assets: PdqLab) -> None:
    assets.day({"manufacturer": None, "model": None})
    assert assets.types() == {"PC0": ("Unknown", "Unknown model")}
    assert assets.day(DELL) == {}
    assert assets.types() == {"PC0": ("Dell", "Latitude 5440")}


def test_a_default_replaces_nothing_that_a_person_wrote() -> None:
    lab = PdqLab(ASSET_KINDS, {"asset": {"comments": {"from": "sku", "default": "from PDQ", "owner": "source"}}})
    lab.day(DELL, DELL | {"sku": "A1"})
    assert lab.there("asset", "comments") == [("from PDQ",), ("A1",)]
    for (asset,) in lab.there("asset", "id"):
        lab.target.edit("asset", asset, comments="by hand")
    lab.day(DELL, DELL | {"sku": "A1"})
    assert lab.there("asset", "comments") == [("by hand",), ("A1",)]


def test_one_bad_value_holds_its_field_and_the_machine_goes_on() -> None:
    lab = PdqLab(ASSET_KINDS, {"asset": {"warranty_end": {"from": "osInstallDate", "transform": "date", "owner": "source"}}})
    held = lab.day(DELL | {"osInstallDate": "2024-02-30T08:00:00Z"}, DELL | {"osInstallDate": "2024-02-29T08:00:00Z"})
    assert list(held) == ["PC0"]
    assert "warranty_end: '2024-02-30' is no date" in held["PC0"]
    assert lab.there("asset", "name", "warranty_end") == [("PC0", None), ("PC1", "2024-02-29")]


def test_a_bad_value_blanks_nothing_not_even_where_empty_values_do() -> None:
    clearing = {"from": "osInstallDate", "transform": "date", "owner": "source", "clears": True}
    lab = PdqLab(ASSET_KINDS, {"asset": {"warranty_end": clearing}})
    lab.day(DELL | {"osInstallDate": "2024-02-29"})
    assert list(lab.day(DELL | {"osInstallDate": "soon", "name": "RENAMED"})) == ["RENAMED"]
    assert lab.there("asset", "name", "warranty_end") == [("RENAMED", "2024-02-29")]
    assert lab.day(DELL) == {}
    assert lab.there("asset", "name", "warranty_end") == [("PC0", None)]


def test_a_model_that_netbox_cannot_name_holds_its_machines_alone(assets: PdqLab) -> None:
    held = assets.day(DELL, DELL | {"model": "M" * 101})
    assert "model has 101 characters, the target takes 100" in held["PC1"]
    assert assets.types() == {"PC0": ("Dell", "Latitude 5440")}
    assert settled(assets)


# Devices with their addresses.


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["PC-7", "PC-NEW"], ["PC-7-OLD", "PC-7"]),
        (["PC-1", "pc-2"], ["PC-2", "pc-1"]),
    ],
)
def test_rename_chain_is_done_in_one_run(devices: PdqLab, first: list[str], then: list[str]) -> None:
    assert devices.day(*(DELL | {"name": name} for name in first)) == {}
    before = devices.there("device", "id", "serial")
    assert devices.day(*(DELL | {"name": name} for name in then)) == {}
    assert sorted(devices.there("device", "serial", "name")) == [(f"A77{n}", name) for n, name in enumerate(then)]
    assert devices.there("device", "id", "serial") == before


def test_a_platform_that_netbox_cannot_name_holds_no_machine(devices: PdqLab) -> None:
    held = devices.day(DELL | {"osFullName": "W" * 101})
    assert "name has 101 characters, the target takes 100" in " ".join(held.values())
    assert devices.there("device", "name", "platform") == [("PC0", None)]
    assert settled(devices)
    assert settled(devices)


@pytest.mark.slow
def test_replacement_with_the_same_name_has_it_once_the_old_one_is_retired(devices: PdqLab) -> None:
    old, new = (DELL | {"id": serial, "name": "PC-9", "serialNumber": serial} for serial in ("OLD", "NEW"))
    devices.day(old)
    told = [devices.day(new) for _ in range(3)]
    assert [held.get("PC-9", "").partition(", ")[2] for held in told] == ["name 'PC-9' is on device #1001 already"] * 2 + [""]
    assert devices.there("device", "serial", "name", "status") == [
        ("OLD", "PC-9 (retired 1001)", "decommissioning"),
        ("NEW", "PC-9", "active"),
    ]
    assert settled(devices)


def networked(key: str, **told: Any) -> Device:
    return DELL | {"id": key, "name": key, "serialNumber": f"SN-{key}", "networking": [adapter(**told)]}


def placed(lab: PdqLab) -> dict[str, tuple[str, str, bool] | None]:
    """Return, by address, the device and the interface that it is on, and whether it is the primary one there."""
    machines, interfaces = lab.target.objects["device"], lab.target.objects["interface"]
    found: dict[str, tuple[str, str, bool] | None] = dict.fromkeys(address for (address,) in lab.there("ip_address", "address"))
    for number, address, interface in lab.there("ip_address", "id", "address", "interface"):
        if interface:
            machine = machines[interfaces[interface]["device"]]
            is_primary = machine["device_primary_ip.primary_ip4"] == number
            found[address] = (machine["name"], interfaces[interface]["name"], is_primary)
    return found


@pytest.mark.slow
def test_adapter_renamed_takes_its_address_along(devices: PdqLab) -> None:
    devices.day(networked("PC", alias="Ethernet", ipv4Address="10.1.1.10"))
    assert devices.day(networked("PC", alias="Ethernet 2", ipv4Address="10.1.1.10")) == {}
    assert placed(devices) == {"10.1.1.10/24": ("PC", "Ethernet 2", True)}
    assert settled(devices)


@pytest.mark.slow
def test_address_of_a_gone_machine_is_its_heirs(devices: PdqLab) -> None:
    devices.day(networked("GONE", ipv4Address="10.1.1.50"), networked("HEIR", ipv4Address="10.1.1.51"))
    assert devices.day(networked("HEIR", ipv4Address="10.1.1.50")).keys() == {"#1001"}, "held: the retirement, that waits"
    devices.day(networked("HEIR", ipv4Address="10.1.1.50"))
    assert placed(devices) == {"10.1.1.50/24": ("HEIR", "Ethernet", True), "10.1.1.51/24": None}
    assert devices.there("device", "name", "device_primary_ip.primary_ip4", "status")[0] == ("GONE", None, "decommissioning")
    assert settled(devices)


def test_mask_of_a_known_address_stays(devices: PdqLab) -> None:
    devices.target.make("ip_address", address="10.7.7.10/22", status="reserved")
    devices.target.make("ip_address", address="10.7.7.12/16", status="active")
    told = [DELL | {"networking": [adapter(ipv4Address=f"10.7.7.{n}", ipv4Gateway="10.7.7.1")]} for n in (10, 12, 14)]
    assert devices.day(*told) == {}
    assert devices.there("ip_address", "address", "status") == [
        ("10.7.7.10/22", "reserved"),
        ("10.7.7.12/16", "active"),
        ("10.7.7.14/24", "active"),
    ]
    assert all(interface for (interface,) in devices.there("ip_address", "interface"))
    (mine,) = [number for number, address in devices.there("ip_address", "id", "address") if address == "10.7.7.14/24"]
    devices.target.edit("ip_address", mine, address="10.7.7.14/23")
    assert devices.day(*told) == {}
    assert devices.there("ip_address", "address")[2] == ("10.7.7.14/23",)
    assert settled(devices)


@pytest.mark.parametrize("host", ["10.20.1.255", "10.20.1.0"])
def test_addresses_at_the_ends(devices: PdqLab, host: str) -> None:
    told = DELL | {"networking": [adapter(ipv4Address=host, ipv4Gateway="10.20.0.1")]}
    assert devices.day(told) == {}
    assert devices.there("ip_address", "address") == [(f"{host}/32",)]
    assert devices.there("device", "device_primary_ip.primary_ip4") != [(None,)]
    assert settled(devices)


@pytest.mark.slow
def test_ipv6_zone(devices: PdqLab) -> None:
    addresses = adapter(ipv4Address="10.1.1.15", ipv4Gateway="10.1.1.1", ipv6Address="fd00:1::5%7")
    assert devices.day(DELL | {"networking": [addresses]}) == {}
    assert devices.there("ip_address", "address") == [("10.1.1.15/24",), ("fd00:1::5/64",)]
    assert settled(devices)


def test_pdq_adapters_of_odd_types_stop_nobody(devices: PdqLab) -> None:
    good = adapter(ipv4Address="10.1.1.10", ipv4Gateway="10.1.1.1")
    odd = ([None, good], [{"index": "2", "alias": "a"}, {"index": 1, "alias": "b"}], {"index": 1, "alias": "a"})
    assert devices.day(*(DELL | {"networking": each} for each in odd)) == {}
    assert devices.there("device", "name") == [("PC0",), ("PC1",), ("PC2",)]
    assert devices.there("ip_address", "address") == [("10.1.1.10/24",)]
    assert settled(devices)
