"""What WhatsUp Gold should hold, from devices of NetBox and the verdicts about their addresses."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.refusals import validated
from asset_sync.reconcile.sources import Column, Source, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug import DEVICE, GROUP, declared
from asset_sync.systems.wug.monitoring.addresses import refused_twins, told_of, with_verdicts
from asset_sync.systems.wug.monitoring.shaping import Layout, shaped_tables

SOURCE = Ownership("source")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRIVATE, PUBLIC = "private address", "public address: WhatsUp Gold must be able to reach it"
ROLES = pd.DataFrame(
    [("role", "Router"), ("role", "Wireless Access Point"), ("brand", "Cisco"), ("os", "IOS-XE")],
    columns=["kind", "name"],
    dtype="str",
)
MAPPING = {
    DEVICE.name: {
        **{name: FieldMapping(SOURCE, source=name) for name in ("name", "address")},
        "group": FieldMapping(SOURCE, source="site_path"),
        "role": FieldMapping(SOURCE, source="role", values={"Access Point": "Wireless Access Point"}),
        "brand": FieldMapping(SOURCE, source="manufacturer"),
        "os": FieldMapping(SOURCE, source="platform"),
        "attr_netbox_id": FieldMapping(SOURCE, source="id"),
    },
}
KINDS = declared({GROUP.name: ["path"], **MAPPING})
LAYOUT = Layout("NetBox")


def devices(*rows: dict[str, str | None]) -> pd.DataFrame:
    """Devices with ids 1, 2, … and ordinary values, but for those given."""
    usual = {"site_path": "Europe/Berlin", "role": "Router", "manufacturer": "Cisco", "platform": "IOS-XE"}
    made = [
        {"id": str(n), **usual, "name": f"sw{n}", "address": f"10.0.0.{n}/24", **row} for n, row in enumerate(rows, start=1)
    ]
    return with_verdicts(pd.DataFrame(made, columns=["id", "name", "address", *usual], dtype="str"), {})


def made(
    devices: pd.DataFrame,
    layout: Layout = LAYOUT,
    roles: pd.DataFrame = ROLES,
    mapping: Mapping[str, Mapping[str, FieldMapping]] = MAPPING,
) -> tuple[Tables, list[str]]:
    """What a sync with that mapping makes of judged devices, and what was left out."""
    kinds = declared({GROUP.name: ["path"], **mapping})
    source = Source({"devices": SourceTable("devices", "", tuple(map(Column, devices.columns)))}, {"devices": devices})
    told = SyncMapping({DEVICE.name: "devices"}, mapping)
    tables = desired_tables(source, {DEVICE.name: kinds[DEVICE.name]}, told).tables
    shaped, left_out = shaped_tables(devices, kinds, tables, layout, roles)
    return validated(kinds, shaped), left_out


def desired(*rows: dict[str, str | None], layout: Layout = LAYOUT, roles: pd.DataFrame = ROLES) -> Tables:
    return made(devices(*rows), layout, roles)[0]


def column(table: pd.DataFrame, name: str) -> list[Any]:
    plain = table[name].astype(object)
    return plain.where(plain.notna(), None).tolist()


# Groups.


@pytest.mark.parametrize(
    ("paths", "layout", "groups"),
    [
        ([], LAYOUT, ["NetBox"]),
        (["Boat"], LAYOUT, ["NetBox", "NetBox/Boat"]),
        (
            ["Europe/DACH/Berlin", "Europe/Oslo", "Europe/Oslo"],
            LAYOUT,
            ["NetBox", "NetBox/Europe", "NetBox/Europe/DACH", "NetBox/Europe/DACH/Berlin", "NetBox/Europe/Oslo"],
        ),
        (["Boat"], Layout("Ours/NetBox"), ["Ours", "Ours/NetBox", "Ours/NetBox/Boat"]),
        (["Boat"], Layout("NetBox", "NetBox/Retired"), ["NetBox", "NetBox/Boat", "NetBox/Retired"]),
        ([], Layout("NetBox", "NetBox/Retired"), ["NetBox", "NetBox/Retired"]),
        ([None, "Boat"], LAYOUT, ["NetBox", "NetBox/Boat"]),
    ],
)
def test_there_is_a_group_for_each_site_and_for_all_above_it(
    paths: Sequence[str | None], layout: Layout, groups: list[str]
) -> None:
    tables = desired(*({"site_path": path} for path in paths), layout=layout)
    table = tables[GROUP.name]
    assert column(table, "path") == column(table, "key") == column(table, "source_key") == groups
    assert column(tables[DEVICE.name], "group") == [path and f"{layout.root}/{path}" for path in paths]


def test_a_group_that_is_there_in_another_case_is_that_group() -> None:
    there = ["NETBOX", "NETBOX/Europe", "NETBOX/Europe/Dublin", "Other/oslo"]
    tables = desired(
        {"site_path": "Europe/DUBLIN"},
        {"site_path": "EUROPE/DUBLIN/Lab"},
        {"site_path": "europe/Oslo"},
        {"site_path": "Europe/OSLO"},
        layout=Layout("NetBox", there=there),
    )
    oslo, dublin = "NETBOX/Europe/Oslo", "NETBOX/Europe/Dublin"
    assert column(tables[DEVICE.name], "group") == [dublin, f"{dublin}/Lab", oslo, oslo]
    assert column(tables[GROUP.name], "path") == ["NETBOX", "NETBOX/Europe", dublin, f"{dublin}/Lab", oslo]


def test_of_groups_that_differ_in_case_alone_the_one_that_is_spelt_so_counts() -> None:
    layout = Layout("NetBox", there=["NetBox/DUBLIN", "NetBox/Dublin"])
    tables = desired({"site_path": "Dublin"}, {"site_path": "DUBLIN"}, {"site_path": "dublin"}, layout=layout)
    assert column(tables[DEVICE.name], "group") == ["NetBox/Dublin", "NetBox/DUBLIN", "NetBox/DUBLIN"]


# Names.


@pytest.mark.parametrize(
    ("name", "address"), [("172.30.2.3", "172.30.2.3/24"), ("2001:DB8:0::1", "2001:db8::1/64"), (" 10.0.0.1", "10.0.0.1/8")]
)
def test_an_address_is_no_name_of_the_device_that_has_it(name: str, address: str) -> None:
    mapping = {**MAPPING, DEVICE.name: {**MAPPING[DEVICE.name], "host_name": FieldMapping(SOURCE, source="name")}}
    given = devices({"name": name, "address": address}, {"name": "10.9.9.9"})
    table = made(given, mapping=mapping)[0][DEVICE.name]
    assert column(table, "name") == column(table, "host_name") == [None, "10.9.9.9"]


# Roles, brands and systems.


def test_what_whatsup_gold_does_not_know_is_left_out_and_named_once() -> None:
    given: list[dict[str, str | None]] = [
        {"role": "Toaster", "manufacturer": "Acme"},
        {"role": "Toaster", "platform": "ToastOS"},
        {"role": "Kettle", "manufacturer": None, "platform": None},
        {},
    ]
    table = desired(*given)[DEVICE.name]
    assert column(table, "role") == [None, None, None, "Router"]
    assert column(table, "brand") == [None, "Cisco", None, "Cisco"]
    assert column(table, "os") == ["IOS-XE", None, None, "IOS-XE"]
    assert made(devices(*given))[1] == ["role 'Kettle'", "role 'Toaster'", "brand 'Acme'", "os 'ToastOS'"]


def test_what_it_knows_is_written_as_it_spells_it_and_values_translate() -> None:
    given: list[dict[str, str | None]] = [{"role": "ROUTER", "manufacturer": "cisco"}, {"role": "access-point"}]
    table = desired(*given)[DEVICE.name]
    assert column(table, "role") == ["Router", "Wireless Access Point"]
    assert column(table, "brand") == ["Cisco", "Cisco"]
    assert made(devices(*given))[1] == []


def test_a_name_that_it_knows_as_something_else_is_unknown() -> None:
    assert column(desired({"role": "Cisco"})[DEVICE.name], "role") == [None]
    assert column(desired({}, roles=ROLES.iloc[:0])[DEVICE.name], "brand") == [None]


def test_fields_that_are_not_mapped_are_not_asked_for() -> None:
    mapping = {name: field for name, field in MAPPING[DEVICE.name].items() if name not in {"role", "brand", "os"}}
    assert made(devices({"role": "Toaster"}), mapping={DEVICE.name: mapping})[1] == []


# Addresses.


def test_a_refused_address_is_never_written_and_the_device_says_why() -> None:
    table = desired({}, {"address": "169.254.1.2/16"}, {"address": "127.0.0.1/8"}, {"address": None})[DEVICE.name]
    assert column(table, "address") == ["10.0.0.1", None, None, None]
    assert column(table, "refused") == [None, "link-local address", "loopback address", "no primary address"]
    assert column(table, "source_key") == ["1", "2", "3", "4"]


def test_devices_of_one_name_are_told_apart_by_their_ids() -> None:
    assert column(desired({"name": "ap"}, {"name": "sw"}, {"name": "ap"})[DEVICE.name], "key") == ["ap (1)", "sw", "ap (3)"]


def test_rows_are_paired_by_their_place_whatever_the_index() -> None:
    table = devices({}, {"address": "::1/128"}, {"name": "last"}).iloc[[2, 1]]
    found = made(table)[0][DEVICE.name]
    assert found.index.tolist() == [0, 1]
    assert column(found, "key") == ["last", "sw2"]
    assert column(found, "address") == ["10.0.0.3", None]
    assert column(found, "attr_netbox_id") == ["3", "2"]


JUDGED = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5"],
        "name": ["lan", "wan", "old", "six", "none"],
        "address": ["10.0.0.1/24", "8.8.8.8/32", "169.254.0.9/16", "2001:4860::0008/64", None],
    },
    dtype="str",
)
RECENT = {("1", "10.0.0.1"): NOON, ("2", "10.0.0.1"): NOON, ("4", "2001:4860::8"): NOON, ("9", "8.8.8.8"): NOON}


def test_addresses_are_canonical_and_what_was_exported_of_late_is_warned_of() -> None:
    table = with_verdicts(JUDGED, RECENT)
    again = "exported at 2026-11-21 12:00 UTC"
    assert column(table, "address") == ["10.0.0.1", "8.8.8.8", "169.254.0.9", "2001:4860::8", None]
    assert column(table, "refused") == [None, None, "link-local address", None, "no primary address"]
    assert column(table, "warnings") == [f"{PRIVATE}; {again}", PUBLIC, None, f"{PUBLIC}; {again}", None]
    assert column(table, "name") == column(JUDGED, "name")


def test_reasons_and_warnings_are_counted_and_the_refused_are_named() -> None:
    told = told_of(with_verdicts(JUDGED, RECENT))
    listed = told.pop("refused").value
    assert told == {
        "dagster/row_count": 5,
        "refused/link-local address": 1,
        "refused/no primary address": 1,
        f"warned/{PRIVATE}": 1,
        f"warned/{PUBLIC}": 2,
        "warned/recently exported": 2,
    }
    assert "old 169.254.0.9: link-local address" in listed
    assert "lan" not in listed


def test_where_nothing_is_refused_that_is_said() -> None:
    told = told_of(with_verdicts(JUDGED.iloc[:2], {}))
    assert told["refused"].value == "none"
    assert {name for name in told if name.startswith("refused/")} == set()


TWINS: list[dict[str, str | None]] = [
    {"address": "10.0.0.9/24"},
    {},
    {"address": "10.0.0.9/32"},
    {"address": "169.254.1.1/16"},
    {"address": "169.254.1.1/16"},
]


def test_devices_with_one_address_are_told_and_the_others_go_on() -> None:
    table = refused_twins(devices(*TWINS), oldest=False)
    words = "`same_address: oldest` has the one entered first monitored"
    assert column(table, "refused") == [
        f"10.0.0.9 is the address of sw3 (#3), too: {words}",
        None,
        f"10.0.0.9 is the address of sw1 (#1), too: {words}",
        "link-local address",
        "link-local address",
    ]


def test_the_yaml_may_choose_the_one_that_was_entered_first() -> None:
    refused = column(refused_twins(devices(*TWINS), oldest=True), "refused")
    assert (refused[0], refused[1]) == (None, None)
    assert refused[2].startswith("10.0.0.9 is the address of sw1 (#1), too")
