from collections import Counter
from ipaddress import ip_interface, ip_network
from typing import Any

import pytest
from starlette.testclient import TestClient

from asset_sync.sandbox.company import MAKERS, Company
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.network import UPDATES, Network, NetworkDevice, build_network
from asset_sync.sandbox.network_monitoring import Monitoring, found_by_monitoring, hosts_of
from asset_sync.sandbox.wug import Host, WugState

Row = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(200, 7)


@pytest.fixture
def netbox(company: Company) -> NetBoxState:
    return with_sites(company)


@pytest.fixture
def network(netbox: NetBoxState, company: Company) -> Network:
    return build_network(netbox, company, 60)


def with_sites(company: Company) -> NetBoxState:
    state = NetBoxState()
    for site in company.sites:
        state.create("dcim/sites", {"name": site.name, "slug": site.slug})
    return state


def built(company: Company, count: int) -> Network:
    return build_network(with_sites(company), company, count)


def answered(netbox: NetBoxState, endpoint: str) -> list[Row]:
    """What NetBox answers to a list request."""
    client = TestClient(create_app(netbox), headers={"Authorization": f"Token {DEFAULT_TOKEN}"})
    rows: list[Row] = client.get(f"/api/{endpoint}/", params={"limit": 1000}).json()["results"]
    return rows


def by_id(netbox: NetBoxState, endpoint: str) -> dict[int, Row]:
    return {row["id"]: row for row in answered(netbox, endpoint)}


def shown(row: Row) -> Row:
    """An answered device in the words of the network's own devices."""
    primary = row["primary_ip"]
    return {
        **{name: row[name] for name in ("id", "name", "serial", "asset_tag", "description", "comments")},
        "site": row["site"]["slug"],
        "model": row["device_type"]["model"],
        "manufacturer": row["device_type"]["manufacturer"]["name"],
        "platform": row["platform"]["name"] if row["platform"] else "",
        "role": row["role"]["name"],
        "status": row["status"]["value"],
        "address_id": primary["id"] if primary else None,
        "address": primary["address"] if primary else None,
    }


def told(device: NetworkDevice) -> Row:
    plain = ("id", "name", "serial", "asset_tag", "description", "comments", "site", "status", "address_id", "address")
    return {
        **{name: getattr(device, name) for name in plain},
        "model": device.model.model,
        "manufacturer": device.model.manufacturer,
        "platform": device.model.platform,
        "role": device.role.name,
    }


def usable(row: Row) -> bool:
    return row["address"] is not None and not ip_interface(row["address"]).ip.is_link_local


def test_netbox_answers_with_the_devices_that_the_network_knows(netbox: NetBoxState, network: Network) -> None:
    assert [told(device) for device in network.devices] == sorted(
        map(shown, answered(netbox, "dcim/devices")), key=lambda row: row["id"]
    )
    assert len(network) == 60


def test_each_device_has_one_interface_and_its_address_is_on_it(netbox: NetBoxState, network: Network) -> None:
    interfaces = by_id(netbox, "dcim/interfaces")
    assert {(row["device"]["id"], row["id"]) for row in interfaces.values()} == {
        (device.id, device.interface_id) for device in network.devices
    }
    assert {row["id"]: row["assigned_object_id"] for row in answered(netbox, "ipam/ip-addresses")} == {
        device.address_id: device.interface_id for device in network.devices if device.address
    }


def test_what_there_is_of_each_sort(netbox: NetBoxState, network: Network) -> None:
    rows = [shown(row) for row in answered(netbox, "dcim/devices")]
    addresses = [ip_interface(row["address"]) for row in rows if row["address"]]
    assert sum(address.ip.is_link_local for address in addresses) == 1
    assert sum(address.version == 6 for address in addresses) == 5
    assert len(addresses) == 57
    assert Counter(row["status"] for row in rows) == {"active": 56, "planned": 2, "offline": 2}
    assert {row["site"] for row in rows} == {"dublin", "wien"}
    assert 30 < sum(row["asset_tag"] is not None for row in rows) < 60
    assert len({row["serial"] for row in rows}) == 60
    assert {row["role"] for row in rows} == {"Router", "Switch", "Firewall", "Access Point", "UPS"}


def test_addresses_are_in_the_management_networks_of_their_sites(company: Company, network: Network) -> None:
    octets = {site.slug: site.octet for site in company.sites}
    for device in network.devices:
        if device.address and not device.is_link_local:
            octet = octets[device.site]
            assert str(ip_interface(device.address).network) in (f"172.20.{octet}.0/24", f"2001:db8:{octet:x}:20::/64")


@pytest.mark.parametrize(("size", "seed"), [(200, 7), (12_000, 1)])
def test_sites_are_in_nested_regions(size: int, seed: int) -> None:
    company = Company(size, seed)
    netbox = with_sites(company)
    build_network(netbox, company, 20)
    regions = answered(netbox, "dcim/regions")
    assert {row["name"]: row["parent"] and row["parent"]["name"] for row in regions} == {
        "Worldwide": None,
        "Europe": "Worldwide",
        "DACH": "Europe",
    }
    sites = {row["name"]: row["region"]["name"] for row in answered(netbox, "dcim/sites")}
    known = {"Berlin": "DACH", "Wien": "DACH", "Dublin": "Europe", "Oslo": "Europe", "Osaka": "Worldwide"}
    assert sites.keys() == {site.name for site in company.sites}
    assert all(sites[name] == known[name] for name in sites.keys() & known.keys())


def test_some_devices_have_a_location_of_their_site_and_tags(netbox: NetBoxState, network: Network) -> None:
    sites = {row["id"]: row["site"]["slug"] for row in answered(netbox, "dcim/locations")}
    rows = answered(netbox, "dcim/devices")
    placed = [row for row in rows if row["location"]]
    assert 10 < len(placed) < 50
    assert all(sites[row["location"]["id"]] == row["site"]["slug"] for row in placed)
    assert 5 < sum(bool(row["tags"]) for row in rows) < 50


def test_no_manufacturer_makes_machines_of_the_company(netbox: NetBoxState, network: Network) -> None:
    makers = {spelling.casefold() for maker in MAKERS for spelling in (maker.name, *maker.spellings)}
    assert not makers & {row["name"].casefold() for row in answered(netbox, "dcim/manufacturers")}


def test_the_same_company_and_count_give_the_same_gear_and_days() -> None:
    def lived(count: int, seed: int) -> list[object]:
        network = built(Company(200, seed), count)
        return [network.devices, network.day(1), network.day(2), network.devices]

    assert lived(40, 7) == lived(40, 7)
    assert lived(40, 7) != lived(40, 8)


@pytest.mark.parametrize("count", [1, 2, 3, 20, 61])
def test_a_network_of_any_size_has_one_link_local_address(count: int) -> None:
    network = built(Company(200, 7), count)
    assert len(network) == count
    assert [device.status for device in network.devices if device.is_link_local] == ["active"]


def test_a_full_site_gives_ipv6_addresses() -> None:
    network = built(Company(10, 1), 600)
    addresses = [ip_interface(device.address) for device in network.devices if device.address]
    assert len({address.ip for address in addresses}) == len(addresses) == 570
    hosts = Counter(address.network for address in addresses if address.version == 4)
    assert max(hosts.values()) <= 253


def test_what_cannot_be_built_is_refused(company: Company) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        built(company, 0)
    with pytest.raises(KeyError):
        build_network(NetBoxState(), company, 5)


@pytest.mark.parametrize(("count", "touched"), [(3, 1), (19, 2), (20, 5), (60, 6), (204, 20)])
def test_a_day_touches_a_tenth(company: Company, count: int, touched: int) -> None:
    network = built(company, count)
    changes = network.day(1)
    assert len(changes) == touched
    assert len(network) == count + len(changes.created)


def test_netbox_differs_by_what_is_told_and_nothing_else(netbox: NetBoxState, network: Network) -> None:
    before = by_id(netbox, "dcim/devices")
    changes = network.day(3)
    after = by_id(netbox, "dcim/devices")
    assert after.keys() - before.keys() == {device.id for device in changes.created}
    assert {one for one in before if after[one]["last_updated"] > before[one]["last_updated"]} == {
        update.after.id for update in changes.updated
    }
    for update in changes.updated:
        assert shown(before[update.before.id]) == told(update.before)
        assert shown(after[update.after.id]) == told(update.after)
    assert all(shown(after[device.id]) == told(device) for device in changes.created)
    assert len(changes) == len({update.after.id for update in changes.updated}) + len(changes.created)


def test_each_kind_of_update_changes_what_it_says(netbox: NetBoxState, network: Network) -> None:
    fields = {
        "renamed": {"name"},
        "readdressed": {"address", "address_id"},
        "role_changed": {"role"},
        "decommissioned": {"status"},
    }
    updates = [update for seed in range(10) for update in network.day(seed).updated]
    assert {update.kind for update in updates} == set(UPDATES)
    for update in updates:
        if update.kind == "described":
            assert "description" in update.fields.keys() <= {"description", "comments"}
        else:
            assert update.fields.keys() == fields[update.kind]
    assert {update.after.status for update in updates if update.kind == "decommissioned"} == {"decommissioning"}


def test_an_old_address_is_gone_and_never_comes_again(netbox: NetBoxState, network: Network) -> None:
    gone: set[str] = set()
    for seed in range(15):
        moved = [update for update in network.day(seed).updated if update.kind == "readdressed"]
        gone |= {str(update.before.address) for update in moved}
        assert all(
            ip_interface(str(one.before.address)).network == ip_interface(str(one.after.address)).network for one in moved
        )
        assert not gone & {row["address"] for row in answered(netbox, "ipam/ip-addresses")}
    assert gone


def test_many_days_leave_the_network_and_netbox_in_step(netbox: NetBoxState, network: Network) -> None:
    for seed in range(40):
        assert len(network.day(seed)) >= 5
    assert [told(device) for device in network.devices] == [shown(row) for row in by_id_in_order(netbox)]
    assert sum(device.is_link_local and device.status == "active" for device in network.devices) == 1
    assert len({device.name for device in network.devices}) == len(network)


def by_id_in_order(netbox: NetBoxState) -> list[Row]:
    return sorted(answered(netbox, "dcim/devices"), key=lambda row: row["id"])


def test_active_devices_that_can_be_reached_answer_to_scans(netbox: NetBoxState, network: Network) -> None:
    expected = {}
    for row in map(shown, answered(netbox, "dcim/devices")):
        if row["status"] == "active" and usable(row):
            address = str(ip_interface(row["address"]).ip)
            role = "Wireless Access Point" if row["role"] == "Access Point" else row["role"]
            expected[address] = Host(address, f"{row['name'].lower()}.net.example", role, row["manufacturer"], row["platform"])
    assert hosts_of(network) == expected
    assert 45 < len(expected) < 57


def test_monitoring_finds_what_netbox_does_not_know(company: Company, network: Network) -> None:
    found = found_by_monitoring(company, 30)
    assert found[:4] == found_by_monitoring(company, 4)
    assert len({one.host.address for one in found}) == len({one.host.name for one in found}) == 30
    networks = {site.name: ip_network(f"172.21.{site.octet}.0/24") for site in company.sites}
    assert all(ip_interface(one.host.address).ip in networks[one.group] for one in found)
    assert not {one.host.name for one in found} & {device.name for device in network.devices}
    assert {"Printer", "Camera", "UPS", "Switch"} <= {one.host.role for one in found}


def test_more_than_a_site_has_room_for_is_found_at_ipv6_addresses(company: Company) -> None:
    addresses = [one.host.address for one in found_by_monitoring(company, 520)]
    assert len(set(addresses)) == 520
    assert Counter(ip_interface(address).version for address in addresses) == {4: 506, 6: 14}


def in_state(state: WugState) -> set[tuple[str, ...]]:
    """Name, address, role, brand, os and the path of groups of each device."""
    return {
        (one.name, one.address, one.role, one.brand, one.os, *(group.name for group in state.groups.lineage(one.groups[0])))
        for one in state.devices.values()
    }


def test_found_devices_are_in_whatsup_gold_in_groups_of_their_sites(company: Company, network: Network) -> None:
    state = WugState()
    Monitoring(state, network, company, 6)
    assert in_state(state) == {
        (one.host.name, one.host.address, one.host.role, one.host.brand, one.host.os, "My Network", one.group)
        for one in found_by_monitoring(company, 6)
    }
    assert {device.state for device in state.devices.values()} == {"Up"}


def test_a_scan_finds_a_device_of_the_network(company: Company, network: Network) -> None:
    seconds = [0.0]
    state = WugState(clock=lambda: seconds[0], scan_seconds=1.0)
    Monitoring(state, network, company, 2)
    device = next(one for one in network.devices if one.status == "active" and one.ip and not one.is_link_local)
    unreachable = next(one for one in network.devices if one.is_link_local)
    scan = state.start_scan([str(device.ip), str(unreachable.ip)], group="0", model="newDevice")
    seconds[0] = 5.0
    (found,) = state.scan(scan.id).found
    made = state.device(found)
    assert (made.name, made.address) == (f"{device.name.lower()}.net.example", str(device.ip))
    assert made.note == "This device was scanned by discovery."


def test_a_day_of_monitoring(company: Company, network: Network) -> None:
    state = WugState()
    monitoring = Monitoring(state, network, company, 6)
    for seed in range(8):
        before = in_state(state)
        changes = monitoring.day(seed)
        ((old, new),) = changes.renamed
        names = {row[0] for row in in_state(state)}
        assert 1 <= len(changes.found) <= 2
        assert names - {row[0] for row in before} == {new.host.name, *(one.host.name for one in changes.found)}
        assert {row[0] for row in before} - names == {old.host.name}
        assert old.host.address == new.host.address
        assert state.hosts[new.host.address].name == new.host.name
    assert {device_id: one.host.name for device_id, one in monitoring.found.items()} == {
        device.id: device.name for device in state.devices.values()
    }


def test_what_answers_follows_the_network_and_leaves_other_hosts_alone(company: Company, network: Network) -> None:
    state = WugState()
    monitoring = Monitoring(state, network, company, 6)
    state.hosts["192.0.2.1"] = other = Host("192.0.2.1", "other")
    for seed in range(10):
        network.day(seed)
        monitoring.day(seed)
    found = {one.host.address for one in monitoring.found.values()}
    assert {address: host for address, host in state.hosts.items() if address not in found} == {
        **hosts_of(network),
        "192.0.2.1": other,
    }
    assert found <= state.hosts.keys()


def test_what_is_no_longer_monitored_is_not_renamed(company: Company, network: Network) -> None:
    state = WugState()
    monitoring = Monitoring(state, network, company, 3)
    for device_id in list(state.devices):
        state.delete_device(device_id)
    assert monitoring.day(1).renamed == ()
