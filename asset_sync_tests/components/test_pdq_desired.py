"""What NetBox should hold by what PDQ Connect tells, odd as that may be: from its answer to the desired tables."""

from typing import Any

import pandas as pd
import pytest

from asset_sync.components.declared.reading import needed_columns
from asset_sync.reconcile.desired import Desired, desired_tables
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.refusals import validated
from asset_sync.reconcile.tables import guess_column
from asset_sync.sandbox.company import MAKERS, PRODUCTS, Company, Machine
from asset_sync.systems.netbox import declared
from asset_sync.systems.pdq.system import PDQ
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


def desired(*told: Device, target: tuple[str, ...] = ASSET_KINDS, prefixes: PrefixLengths | None = None) -> Desired:
    """Return what is made by the YAML that comes with the project of these devices, as far as the step reads them."""
    mapping = mapping_of({kind: CONFIGURED[kind] for kind in target}, prefixes)
    kinds, devices = declared(mapping.fields), answered(*told)
    read = needed_columns(PDQ, mapping, PDQ.main) or list(devices.columns)
    made = desired_tables(source_of(devices[read]), kinds, mapping)
    validated(kinds, made.tables)
    return made


def adapted(*networking: Any, **prefixes: int) -> Desired:
    """Return what is made of devices with these adapters."""
    given = ({"networking": each, "manufacturer": "Dell Inc.", "model": "Latitude 5440"} for each in networking)
    return desired(*given, target=DEVICE_KINDS, prefixes=PrefixLengths(**prefixes))


def column(table: pd.DataFrame, name: str) -> list[Any]:
    plain = table[name].astype(object)
    return plain.where(plain.notna(), None).tolist()


def addresses(made: Desired) -> list[tuple[str, bool]]:
    """Return the addresses, and whether their prefix lengths are but guessed."""
    table = made.tables["ip_address"]
    guessed = table[guess_column("address")] if guess_column("address") in table else pd.Series(data=False, index=table.index)
    return list(zip(column(table, "address"), guessed.tolist(), strict=True))


# Makers and models.


def test_models_that_a_plus_tells_apart_are_two() -> None:
    told = ("Surface Pro 7", "Surface Pro 7+", "surface pro 7 +")
    made = desired(*({"manufacturer": "Microsoft Corporation", "model": model} for model in told)).tables
    types, assets = made["inventory_item_type"], made["asset"]
    assert sorted(column(types, "model")) == ["Surface Pro 7", "Surface Pro 7+"]
    assert types["slug"].nunique() == 2
    models = dict(zip(types["key"], types["model"], strict=True))
    assert [models[key] for key in column(assets, "inventoryitem_type")] == ["Surface Pro 7", *["Surface Pro 7+"] * 2]


def test_a_maker_and_a_model_of_punctuation_alone_are_unknown() -> None:
    made = desired({"manufacturer": "---", "model": "***"}, {"manufacturer": "Dell Inc.", "model": "Latitude 5440"}).tables
    assert sorted(column(made["manufacturer"], "name")) == ["Dell", "Unknown"]
    assert sorted(column(made["inventory_item_type"], "model")) == ["Latitude 5440", "Unknown model"]
    assert made["asset"]["inventoryitem_type"].notna().all()


def test_a_company_has_as_many_makers_and_products_as_it_bought() -> None:
    machines = [machine for machine in Company(2000, 7) if machine.manufacturer and machine.model]
    told = {tuple(pdq_row(machine).values()): pdq_row(machine) for machine in machines}
    assert len(told) > len(PRODUCTS) * 3
    made = desired(*told.values()).tables
    assert sorted(column(made["manufacturer"], "name")) == sorted(maker.name for maker in MAKERS)
    assert len(made["inventory_item_type"]) == len(PRODUCTS)


def pdq_row(machine: Machine) -> Device:
    product = machine.product
    return {"manufacturer": machine.manufacturer, "model": machine.model, "sku": product.sku, "family": product.family}


def test_a_maker_that_is_not_told_is_known_by_the_model() -> None:
    made = desired(
        {"manufacturer": None, "model": "Latitude 5440"}, {"manufacturer": "DELL", "model": "Dell Latitude 5440"}
    ).tables
    assert column(made["manufacturer"], "name") == ["Dell"]
    assert column(made["inventory_item_type"], "model") == ["Latitude 5440"]


def test_hardware_that_is_not_told_is_a_guess_and_so_is_all_that_follows_from_it() -> None:
    made = desired(
        {"manufacturer": None, "model": None},
        {"manufacturer": None, "model": "Box 3000"},
        {"manufacturer": "Dell Inc.", "model": " "},
        {"manufacturer": "Dell Inc.", "model": "Latitude 5440"},
    ).tables
    asset, types, makers = made["asset"], made["inventory_item_type"], made["manufacturer"]
    assert asset[guess_column("inventoryitem_type")].tolist() == [True, True, True, False]
    assert dict(zip(makers["name"], makers[guess_column("name")], strict=True)) == {"Unknown": True, "Dell": False}
    said = zip(
        types["manufacturer"], types["model"], types[guess_column("manufacturer")], types[guess_column("model")], strict=True
    )
    assert sorted(said) == [
        ("dell", "Latitude 5440", False, False),
        ("dell", "Unknown model", False, True),
        ("unknown", "Box 3000", True, False),
        ("unknown", "Unknown model", True, True),
    ]


def test_where_everything_is_told_nothing_is_a_guess() -> None:
    made = desired({"manufacturer": "Dell Inc.", "model": "Latitude 5440", "osFullName": "Windows 11 Pro"}).tables
    assert not [name for table in made.values() for name in table if str(name).startswith("guess:")]


# Asset tags.


def test_factory_words_are_no_asset_tags() -> None:
    words = (
        "No Asset Tag",
        "No Asset Tag",
        "No Asset Information",
        "No Asset Information",
        "System Asset Tag",
        "UNKNOWN",
        "17",
    )
    made = desired(*({"biosAssetTag": word, "manufacturer": "Dell Inc.", "model": "X"} for word in words))
    assert column(made.tables["asset"], "asset_tag") == [*[None] * 6, "17"]
    assert made.tables["asset"]["refused"].isna().all()


# Addresses.


def test_a_prefix_length_that_nobody_told_is_a_guess() -> None:
    made = adapted([adapter(ipv4Address="10.7.7.10", ipv4Gateway="10.7.7.1", ipv6Address="fd00:1::5")])
    assert addresses(made) == [("10.7.7.10/24", True), ("fd00:1::5/64", True)]
    assert made.notes == ()


def test_a_prefix_length_or_a_mask_that_is_told_is_none() -> None:
    made = adapted(
        [
            adapter(ipv4Address="10.7.7.10/22"),
            adapter(alias="b", ipv4Address="10.8.7.10/255.255.0.0", ipv6Address="fd00:1::5/48"),
        ]
    )
    assert addresses(made) == [("10.7.7.10/22", False), ("10.8.7.10/16", False), ("fd00:1::5/48", False)]


@pytest.mark.parametrize("host", ["10.20.1.255", "10.20.1.0", "10.20.2.77"])
def test_a_host_that_cannot_be_in_the_assumed_network_is_written_alone_and_told(host: str) -> None:
    made = adapted([adapter(ipv4Address=host, ipv4Gateway="10.20.0.1")], [adapter(ipv4Address="10.9.9.9")])
    assert addresses(made) == [(f"{host}/32", True), ("10.9.9.9/24", True)]
    assert made.tables["device_primary_ip"]["primary_ip4"].tolist() == [f"{host}/32", "10.9.9.9/24"]
    (note,) = made.notes
    assert host in note
    assert "1 (" in note


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"ipv4Address": "10.20.1.0"}, ["10.20.1.0/32"]),
        ({"ipv6Address": "fd00:1::"}, ["fd00:1::/128"]),
        ({"ipv6Address": "fd00:1::5", "ipv6Gateway": "fd00:2::1"}, ["fd00:1::5/128"]),
        ({"ipv6Address": "fd00:1::5", "ipv6Gateway": "fe80::1%7"}, ["fd00:1::5/64"]),
        ({"ipv4Address": "10.20.1.5", "ipv4Gateway": "0.0.0.0"}, ["10.20.1.5/24"]),
        ({"ipv4Address": "10.20.1.5", "ipv4Gateway": "n/a"}, ["10.20.1.5/24"]),
        ({"ipv4Address": "10.20.1.5/16", "ipv4Gateway": "192.168.0.1"}, ["10.20.1.5/16"]),
        ({"ipv4Address": "10.20.0.0/16"}, ["10.20.0.0/32"]),
    ],
)
def test_networks_and_gateways_at_the_ends(told: Device, expected: list[str]) -> None:
    assert [address for address, _ in addresses(adapted([adapter(**told)]))] == expected


@pytest.mark.parametrize(
    ("told", "gateway", "expected"),
    [
        ("10.1.1.16/23", None, "10.1.1.16/23"),
        ("10.1.1.16", "10.1.1.1/23", "10.1.1.16/24"),
        ("10.1.1.16", "10.1.0.1/23", "10.1.1.16/32"),
        ("10.2.0.0", None, "10.2.0.0/32"),
        ("10.2.1.255", None, "10.2.1.255/32"),
        ("10.2.0.255", None, "10.2.0.255/23"),
    ],
)
def test_addresses_at_the_ends_of_networks_that_are_known(told: str, gateway: str | None, expected: str) -> None:
    mapping = mapping_of({kind: CONFIGURED[kind] for kind in DEVICE_KINDS}, networks=["10.2.0.0/23"])
    device = {"networking": [adapter(ipv4Address=told, ipv4Gateway=gateway)]}
    made = desired_tables(source_of(answered(device)), declared(mapping.fields), mapping)
    assert column(made.tables["ip_address"], "address") == [expected]
    assert len(made.notes) == expected.endswith("/32")


def test_with_host_prefixes_there_are_no_ends_and_nothing_is_told() -> None:
    made = adapted([adapter(ipv4Address="10.20.1.255", ipv6Address="fd00:1::")], ipv4=32, ipv6=128)
    assert addresses(made) == [("10.20.1.255/32", True), ("fd00:1::/128", True)]
    assert made.notes == ()


@pytest.mark.parametrize(
    ("told", "expected"),
    [("fd00:1::5%7", ["fd00:1::5/64"]), ("fd00:1::5%Ethernet 2/48", ["fd00:1::5/48"]), ("fe80::1%7", []), ("::1", [])],
)
def test_an_ipv6_zone_is_no_part_of_the_address(told: str, expected: list[str]) -> None:
    made = adapted([adapter(ipv6Address=told)])
    assert [address for address, _ in addresses(made)] == expected
    assert len(made.notes) == (not expected)


@pytest.mark.parametrize(
    "told", ["n/a", "10.1.1", "10.1.1.300", "fd00::5", "10.1.1.1, 10.1.1.2", "10.1.1.5/77", ["10.1.1.1"], 7]
)
def test_what_is_no_address_is_left_out_and_told(told: object) -> None:
    made = adapted([adapter(ipv4Address=told, ipv6Address="fd00:1::5")])
    assert [address for address, _ in addresses(made)] == ["fd00:1::5/64"]
    assert len(made.notes) == 1


def test_what_belongs_on_no_interface_is_left_out_and_told() -> None:
    useless = ("127.0.0.1", "169.254.3.4", "224.0.0.5", "0.0.0.0", "255.255.255.255", " ", None)
    made = adapted(*([adapter(ipv4Address=address)] for address in useless))
    assert addresses(made) == []
    (note,) = made.notes
    assert ": 5 ('127.0.0.1')" in note


# Adapters of odd types.


def test_what_is_no_adapter_is_passed_over_and_the_rest_goes_on() -> None:
    good = adapter(ipv4Address="10.1.1.10", ipv4Gateway="10.1.1.1")
    made = adapted(
        [None, "eth0", 7, [good], good],
        [{"index": "2", "alias": "a"}, {"index": 1, "alias": "b"}],
        {"index": 1, "alias": "a"},
        "Ethernet",
        [{}],
        [
            adapter(alias=" Ethernet ", index=None),
            adapter(alias="Ethernet", index=1e300),
            adapter(alias=7),
            adapter(alias=None),
        ],
        None,
        [good | {"ipv4Address": "10.1.1.11"}],
    ).tables
    interfaces = made["interface"]
    assert column(made["device"], "source_key") == [f"d{n}" for n in range(8)]
    assert list(zip(interfaces["device"], interfaces["name"], strict=True)) == [
        *[("PC0", "Ethernet"), ("PC1", "b"), ("PC1", "a"), ("PC4", "adapter 0")],
        *[("PC5", "7"), ("PC5", "adapter 1"), ("PC5", "Ethernet"), ("PC5", "Ethernet 2"), ("PC7", "Ethernet")],
    ]
    assert column(made["ip_address"], "address") == ["10.1.1.10/24", "10.1.1.11/24"]


def test_one_odd_value_does_not_stop_the_others() -> None:
    made = desired(
        {"memory": 1e20, "manufacturer": "Dell Inc.", "model": "X"},
        {"memory": 8, "name": ["odd"], "manufacturer": {"a": 1}, "model": False},
    ).tables
    assert column(made["asset"], "source_key") == ["d0", "d1"]
