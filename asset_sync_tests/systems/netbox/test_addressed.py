"""The devices of NetBox that have a primary address, against what the simulator was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError, TargetError
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.network import Network, NetworkDevice, build_network
from asset_sync.systems.netbox.addressed import COLUMNS, DeviceFilter, addressed_devices
from asset_sync.systems.netbox.client import Row
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.scripted import Reply, scripted

DEVICES = "dcim/devices"
ALL = DeviceFilter(statuses=())
Records = dict[str, dict[str, str | None]]


@dataclass
class Gear:
    """A network in a simulated NetBox, and the client that reads it."""

    lab: Lab
    network: Network

    def read(self, chosen: DeviceFilter = ALL, *custom: str) -> pd.DataFrame:
        return addressed_devices(self.lab.client, chosen, custom)

    def records(self, chosen: DeviceFilter = ALL, *custom: str) -> Records:
        """What is read by id, None where a value is missing."""
        table = self.read(chosen, *custom)
        plain = table.astype(object).where(table.notna(), None)
        return {row["id"]: {str(name): value for name, value in row.items()} for row in plain.to_dict("records")}

    def rows(self, endpoint: str) -> dict[int | None, Row]:
        """What NetBox holds, by id."""
        return {row["id"]: row for row in self.lab.state.objects(endpoint)}

    def addressed(self) -> list[NetworkDevice]:
        return [device for device in self.network.devices if device.address]

    def first(self) -> NetworkDevice:
        return self.addressed()[0]

    def create(self, endpoint: str, name: str, **more: Any) -> int:
        made = self.lab.state.create(endpoint, {"name": name, "slug": name.lower().replace(" ", "-").replace("/", "-"), **more})
        return int(made["id"])

    def patch(self, **values: Any) -> str:
        """Change the first device; return its id."""
        self.lab.state.patch(DEVICES, self.first().id, values)
        return str(self.first().id)


@pytest.fixture
def gear(lab: Lab) -> Gear:
    company = Company(3_000, 7)
    for site in company.sites:
        lab.state.create("dcim/sites", {"name": site.name, "slug": site.slug, "status": "active"})
    return Gear(lab, build_network(lab.state, company, 60))


def path_of(site: Row, regions: Mapping[int | None, Row]) -> str:
    names, above = [site["name"]], site["region"]
    while above is not None:
        names.insert(0, regions[above]["name"])
        above = regions[above]["parent"]
    return "/".join(names)


def test_every_column_is_as_netbox_holds_it(gear: Gear) -> None:
    tenant = gear.create("tenancy/tenants", "Facilities")
    gear.patch(tenant=tenant)
    sites = {row["slug"]: row for row in gear.rows("dcim/sites").values()}
    held, regions, tags = gear.rows(DEVICES), gear.rows("dcim/regions"), gear.rows("extras/tags")
    locations = gear.rows("dcim/locations")
    expected = {
        str(device.id): {
            "id": str(device.id),
            "name": device.name,
            "address": device.address,
            "url": f"{gear.lab.url}/dcim/devices/{device.id}/",
            "status": device.status,
            "site": sites[device.site]["name"],
            "site_path": path_of(sites[device.site], regions),
            "location": locations[held[device.id]["location"]]["name"] if held[device.id]["location"] else None,
            "rack": None,
            "role": device.role.name,
            "device_type": device.model.model,
            "manufacturer": device.model.manufacturer,
            "platform": device.model.platform or None,
            "serial": device.serial,
            "asset_tag": device.asset_tag,
            "tenant": "Facilities" if device == gear.first() else None,
            "tags": ", ".join(sorted(tags[number]["name"] for number in held[device.id]["tags"])) or None,
            "description": device.description or None,
            "comments": device.comments or None,
        }
        for device in gear.addressed()
    }
    assert gear.records() == expected
    assert gear.read().columns.tolist() == list(COLUMNS)
    for column in set(COLUMNS) - {"rack"}:
        assert any(row[column] for row in expected.values()), column


def test_devices_without_a_primary_address_are_left_out_and_ipv6_alone_is_one(gear: Gear) -> None:
    read = gear.records()
    bare = [device for device in gear.network.devices if device.address is None]
    six = {str(device.id): device.address for device in gear.addressed() if device.address and ":" in device.address}
    assert bare
    assert six
    assert not {str(device.id) for device in bare} & read.keys()
    assert {number: read[number]["address"] for number in six} == six


def test_a_device_with_both_has_the_address_that_the_server_prefers(gear: Gear) -> None:
    device = next(one for one in gear.addressed() if "." in str(one.address))
    body = {"address": "2001:db8::77/64", "assigned_object_type": "dcim.interface", "assigned_object_id": device.interface_id}
    address = gear.lab.state.create("ipam/ip-addresses", body)["id"]
    gear.lab.state.patch(DEVICES, device.id, {"primary_ip6": address})
    (row,) = gear.lab.client.rows(DEVICES, ("primary_ip",), [("id", str(device.id))])
    assert gear.records()[str(device.id)]["address"] == row["primary_ip"]["address"] == "2001:db8::77/64"


def test_a_device_without_a_name_is_called_as_netbox_shows_it(gear: Gear) -> None:
    number = gear.patch(name=None)
    (row,) = gear.lab.client.rows(DEVICES, ("display",), [("id", number)])
    assert row["display"]
    assert gear.records()[number]["name"] == row["display"]


def test_a_netbox_without_devices_gives_an_empty_table_with_all_columns(lab: Lab) -> None:
    table = addressed_devices(lab.client, DeviceFilter())
    assert table.columns.tolist() == list(COLUMNS)
    assert table.empty


def test_the_number_of_requests_does_not_grow_with_the_devices(gear: Gear) -> None:
    before = gear.lab.client.tally.read
    gear.read(DeviceFilter(tags=("core",)), *custom(gear, text=("x",)))
    assert gear.lab.client.tally.read - before <= 12


# Filters.

Takes = Callable[[Gear, NetworkDevice, Row], bool]


def slug(gear: Gear, endpoint: str, number: int | None) -> str | None:
    return gear.rows(endpoint)[number]["slug"] if number is not None else None


def two(gear: Gear, endpoint: str, of: str) -> list[str]:
    """The slugs of the first two that devices refer to."""
    held = gear.rows(DEVICES)
    found = dict.fromkeys(slug(gear, endpoint, held[device.id][of]) for device in gear.addressed())
    return [one for one in found if one][:2]


@pytest.mark.parametrize(
    ("name", "endpoint", "of"),
    [
        ("sites", "dcim/sites", "site"),
        ("roles", "dcim/device-roles", "role"),
        ("types", "dcim/device-types", "device_type"),
        ("tenants", "tenancy/tenants", "tenant"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_filter_takes_the_devices_with_any_of_its_values(gear: Gear, name: str, endpoint: str, of: str, count: int) -> None:
    for number, tenant in zip((0, 3, 5), ("Facilities", "Facilities", "Guests and more"), strict=True):
        there = next((n for n, row in gear.rows("tenancy/tenants").items() if row["name"] == tenant), None)
        made = there or gear.create("tenancy/tenants", tenant)
        gear.lab.state.patch(DEVICES, gear.addressed()[number].id, {"tenant": made})
    slugs = two(gear, endpoint, of)[:count]
    assert len(slugs) == count
    held = gear.rows(DEVICES)
    expected = {str(d.id) for d in gear.addressed() if slug(gear, endpoint, held[d.id][of]) in slugs}
    found = gear.records(DeviceFilter(statuses=(), **{name: slugs}))
    assert found.keys() == expected
    assert 0 < len(expected) < len(gear.addressed())


@pytest.mark.parametrize("statuses", [("active",), ("planned", "offline"), ("active", "planned", "offline")])
def test_statuses_are_chosen_by_value_and_active_alone_by_default(gear: Gear, statuses: tuple[str, ...]) -> None:
    expected = {str(device.id) for device in gear.addressed() if device.status in statuses}
    assert expected
    assert gear.records(DeviceFilter(statuses=statuses)).keys() == expected
    if statuses == ("active",):
        assert gear.records(DeviceFilter()).keys() == expected


@pytest.mark.parametrize("tags", [("core",), ("core", "guest-network"), ("core", "guest-network", "out-of-hours")])
def test_of_several_tags_any_is_enough(gear: Gear, tags: tuple[str, ...]) -> None:
    held, known = gear.rows(DEVICES), gear.rows("extras/tags")
    expected = {
        str(device.id) for device in gear.addressed() if {known[tag]["slug"] for tag in held[device.id]["tags"]} & set(tags)
    }
    assert gear.records(DeviceFilter(statuses=(), tags=tags)).keys() == expected
    assert 0 < len(expected) < len(gear.addressed())


def test_of_several_filters_all_must_take_a_device(gear: Gear) -> None:
    sites = two(gear, "dcim/sites", "site")
    expected = {
        str(d.id) for d in gear.addressed() if d.site in sites and d.role.name in ("Switch", "Router") and d.status == "active"
    }
    assert gear.records(DeviceFilter(sites=sites, roles=("switch", "router"))).keys() == expected
    assert expected


@pytest.mark.parametrize("name", ["sites", "roles", "types", "tags", "statuses", "tenants"])
def test_a_filter_that_names_what_netbox_does_not_have_is_refused_in_one_line(gear: Gear, name: str) -> None:
    known = {"tags": ["core"], "statuses": ["active"]}.get(name, [])
    with pytest.raises(AssetSyncError, match="atlantis") as refused:
        gear.read(DeviceFilter(**{name: [*known, "atlantis"]}))
    assert "\n" not in str(refused.value)


UNKNOWN = {
    "sites": "NetBox has no site 'atlantis': name sites by their slugs in the filters",
    "roles": "NetBox has no role 'atlantis': name roles by their slugs in the filters",
    "types": "NetBox has no device type 'atlantis': name types by their slugs in the filters",
    "tenants": "NetBox has no tenant 'atlantis': name tenants by their slugs in the filters",
    "tags": "NetBox has no tag 'atlantis': name tags by their slugs in the filters",
    "statuses": "NetBox has no status 'atlantis' of devices; it has offline, active",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_netbox_does_not_have_is_named_with_what_it_should_be(gear: Gear, name: str) -> None:
    with pytest.raises(AssetSyncError) as refused:
        gear.read(DeviceFilter(**{name: ["atlantis"]}))
    assert str(refused.value).startswith(UNKNOWN[name])


# Site paths.


def test_a_site_is_named_after_all_its_regions_and_a_slash_in_a_name_parts_nothing(gear: Gear) -> None:
    above = gear.create("dcim/regions", "Here / There")
    within = gear.create("dcim/regions", "South", parent=above)
    site = gear.create("dcim/sites", "Hall 1/2", region=within, status="active")
    number = gear.patch(site=site, location=None)
    read = gear.records()[number]
    assert (read["site_path"], read["site"]) == ("Here - There/South/Hall 1-2", "Hall 1/2")


def test_a_site_without_a_region_is_its_own_path(gear: Gear) -> None:
    site = gear.create("dcim/sites", "Boat", status="active")
    number = gear.patch(site=site, location=None)
    assert gear.records()[number]["site_path"] == "Boat"


# Custom fields.

FIELDS: dict[str, tuple[Any, str | None]] = {
    "text": ("Ümläute, too", "Ümläute, too"),
    "longtext": ("two\nlines", "two\nlines"),
    "integer": (0, "0"),
    "decimal": (2.5, "2.5"),
    "boolean": (False, "false"),
    "date": ("2026-11-21", "2026-11-21"),
    "url": ("https://example.com/x", "https://example.com/x"),
    "json": ({"b": [1], "a": None}, '{"a":null,"b":[1]}'),
    "select": ("l", "l"),
    "multiselect": (["w", "l"], "w, l"),
    "object": ("dcim/sites", "Boat"),
    "multiobject": ("dcim/sites", "Boat, Hall 1/2"),
}


def custom(gear: Gear, **values: tuple[Any, ...]) -> list[str]:
    """Make a custom field of devices of each of those types, named after its type; return their columns."""
    for name in values:
        more: Row = {}
        if name.endswith("select"):
            choices = {"name": f"Of {name}", "extra_choices": [["l", "Linux"], ["w", "Windows"]]}
            more = {"choice_set": gear.lab.state.create("extras/custom-field-choice-sets", choices)["id"]}
        if name.endswith("object"):
            more = {"related_object_type": "dcim.site"}
        field = {"name": f"my_{name}", "type": name, "object_types": ["dcim.device"], **more}
        gear.lab.state.create("extras/custom-fields", field)
    return [f"cf_my_{name}" for name in values]


def test_a_custom_field_of_any_type_is_text(gear: Gear) -> None:
    sites = [gear.create("dcim/sites", name, status="active") for name in ("Boat", "Hall 1/2")]
    columns = custom(gear, **FIELDS)
    values = {f"my_{name}": given for name, (given, _) in FIELDS.items()} | {"my_object": sites[0], "my_multiobject": sites}
    number = gear.patch(custom_fields=values)
    read = gear.records(ALL, *columns)
    assert {name: read[number][f"cf_my_{name}"] for name in FIELDS} == {name: told for name, (_, told) in FIELDS.items()}
    assert {row[column] for other, row in read.items() for column in columns if other != number} == {None}
    assert gear.read(ALL, *columns).columns.tolist() == [*COLUMNS, *columns]


def test_a_custom_field_that_is_not_there_or_of_something_else_is_refused_in_one_line(gear: Gear) -> None:
    gear.lab.state.create("extras/custom-fields", {"name": "floor", "type": "text", "object_types": ["dcim.site"]})
    for name in ("cf_floor", "cf_nothing"):
        before = gear.lab.client.tally.read
        with pytest.raises(
            ConfigurationError, match=f"no custom field '{name[3:]}' on dcim.device: create it there"
        ) as refused:
            gear.read(ALL, name)
        assert "\n" not in str(refused.value)
        assert gear.lab.client.tally.read - before <= 3, "no device is read before"


# Listings that are not whole.


@pytest.mark.parametrize("endpoint", ["devices", "sites", "regions"])
def test_a_listing_that_fails_is_no_table(gear: Gear, endpoint: str) -> None:
    gear.lab.faults.set("http_500", path=f"dcim/{endpoint}/")
    with pytest.raises(TargetError, match=f"dcim/{endpoint}"):
        gear.read()


def test_a_listing_that_lacks_devices_is_refused_though_it_is_filtered(gear: Gear) -> None:
    status = Reply({"netbox-version": "4.6.8"})
    page = Reply({"count": None, "next": None, "results": []})
    count = Reply({"count": 1, "next": None, "results": []})
    with scripted(count, status, page, count, page) as script:
        client = type(gear.lab.client)(script.url, "t")
        with pytest.raises(TargetError, match="dcim/devices counts 1 objects but lists 0, twice"):
            addressed_devices(client, DeviceFilter(sites=("hq",)))
        counted = [seen.url for seen in script.seen if "limit=1&" in seen.url]
    assert len(counted) == 2
    assert all("site=hq" in url and "has_primary_ip=true" in url for url in counted)
