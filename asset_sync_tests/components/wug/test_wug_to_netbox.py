"""WhatsUp Gold → NetBox, and the whole loop."""

from collections.abc import Mapping
from typing import Any

import pytest

from asset_sync_tests.components.wug.lab import EXPORT, IMPORT, Lab, wug_writes

DEVICES = "dcim/devices"
LOOKUPS = ("dcim/manufacturers", "dcim/device-types", "dcim/device-roles", "dcim/sites")


def by_name(lab: Lab) -> dict[str, Any]:
    return {row["name"]: row for row in lab.world.netbox.objects(DEVICES)}


def found_in(lab: Lab) -> Mapping[str, Any]:
    """What WhatsUp Gold found by itself, by its id there."""
    assert lab.world.monitoring is not None
    return lab.world.monitoring.found


def named(lab: Lab, endpoint: str, number: int) -> str:
    row = next(row for row in lab.world.netbox.objects(endpoint) if row["id"] == number)
    return str(row.get("name") or row.get("model") or row.get("address"))


def test_what_monitoring_found_becomes_devices_with_type_role_site_address_and_tag(lab: Lab) -> None:
    assert lab.run(IMPORT).success
    devices = by_name(lab)
    for found in found_in(lab).values():
        device = devices[found.host.name]
        kind = next(row for row in lab.world.netbox.objects("dcim/device-types") if row["id"] == device["device_type"])
        assert named(lab, "dcim/manufacturers", kind["manufacturer"]) == (found.host.brand or "Unknown")
        assert kind["model"] == (found.host.os or "Unknown model")
        assert named(lab, "dcim/device-roles", device["role"]) == found.host.role
        assert named(lab, "dcim/sites", device["site"]) == found.group
        primary = device["primary_ip4"] or device["primary_ip6"]
        assert named(lab, "ipam/ip-addresses", primary).split("/")[0] == found.host.address
        assert [named(lab, "extras/tags", tag) for tag in device["tags"]] == ["wug"]


@pytest.mark.slow
def test_a_site_that_is_there_is_used_and_none_is_made_beside_it(lab: Lab) -> None:
    before = [row["name"] for row in lab.world.netbox.objects("dcim/sites")]
    lab.run(IMPORT)
    assert [row["name"] for row in lab.world.netbox.objects("dcim/sites")] == before


def test_the_second_run_writes_nothing(lab: Lab) -> None:
    lab.run(IMPORT)
    before = lab.world.netbox.requests.writes
    run = lab.run(IMPORT)
    assert run.success
    assert not any(run.planned.values())
    assert lab.world.netbox.requests.writes == before


@pytest.mark.slow
def test_a_device_that_was_exported_from_netbox_never_comes_back(lab: Lab) -> None:
    lab.run(EXPORT)
    before = set(by_name(lab))
    run = lab.run(IMPORT)
    new = set(by_name(lab)) - before
    assert new == {found.host.name for found in found_in(lab).values()}
    assert run.metadata(f"{IMPORT}/found")["devices/comes from NetBox"] == len(lab.monitored())


@pytest.mark.slow
def test_it_does_not_come_back_either_if_somebody_took_its_netbox_id_away(lab: Lab) -> None:
    lab.run(EXPORT)
    before = len(by_name(lab))
    with lab.wug().lock:
        for device in lab.wug().devices.values():
            device.attributes.clear()
    lab.run(IMPORT)
    assert len(by_name(lab)) == before + len(found_in(lab))


@pytest.mark.slow
def test_people_s_edits_in_netbox_win(lab: Lab) -> None:
    lab.run(IMPORT)
    number, found = next(iter(found_in(lab).items()))
    device = by_name(lab)[found.host.name]
    lab.world.netbox.patch(DEVICES, device["id"], {"name": "renamed by Anna", "status": "planned"})
    with lab.wug().lock:
        lab.wug().devices[number].name = "another name"
    run = lab.run(IMPORT)
    assert run.success
    now = next(row for row in lab.world.netbox.objects(DEVICES) if row["id"] == device["id"])
    assert (now["name"], now["status"]) == ("renamed by Anna", "planned")


@pytest.mark.slow
def test_a_device_that_changes_in_monitoring_makes_nothing_new_in_netbox(lab: Lab) -> None:
    lab.run(IMPORT)
    before = {endpoint: lab.world.netbox.objects(endpoint) for endpoint in LOOKUPS}
    device, group = lab.wug().devices[next(iter(found_in(lab)))], lab.wug().add_group("Annex")
    with lab.wug().lock:
        device.groups, device.role, device.brand, device.os = [group.id], "Telescope", "Zeiss", "ObservatoryOS"
    run = lab.run(IMPORT)
    assert run.success
    assert not any(run.planned.values())
    assert {endpoint: lab.world.netbox.objects(endpoint) for endpoint in LOOKUPS} == before


@pytest.mark.slow
def test_what_monitoring_lost_stays_in_netbox_unless_the_yaml_says_that_it_knows_everything(lab: Lab) -> None:
    lab.run(IMPORT)
    number, found = next(iter(found_in(lab).items()))
    lab.wug().delete_device(number)
    for _ in range(4):
        lab.pass_time(30)
        run = lab.run(IMPORT)
    assert run.planned["retire"] == 0
    assert by_name(lab)[found.host.name]["status"] == "active"


@pytest.mark.slow
def test_the_whole_loop_ends_empty(lab: Lab) -> None:
    for sync in (EXPORT, IMPORT, EXPORT):
        assert lab.run(sync).success
    names, writes = set(by_name(lab)), (lab.world.netbox.requests.writes, wug_writes(lab.wug()))
    for sync in (IMPORT, EXPORT, IMPORT, EXPORT):
        run = lab.run(sync)
        assert run.success
        assert not any(run.planned.values()), sync
    assert (lab.world.netbox.requests.writes, wug_writes(lab.wug())) == writes
    assert set(by_name(lab)) == names
    assert max(lab.wug().address_counts().values()) == 1


@pytest.mark.slow
def test_the_loop_of_devices_that_netbox_alone_knew_ends_empty_at_once(lab: Lab) -> None:
    for number in list(lab.wug().devices):
        lab.wug().delete_device(number)
    lab.run(EXPORT)
    for sync in (IMPORT, EXPORT):
        run = lab.run(sync)
        assert run.success
        assert not any(run.planned.values())


@pytest.mark.slow
def test_what_a_person_deleted_in_netbox_does_not_come_back(lab: Lab) -> None:
    lab.run(IMPORT)
    number, found = next(iter(found_in(lab).items()))
    assert number
    lab.world.netbox.delete(DEVICES, by_name(lab)[found.host.name]["id"])
    run = lab.run(IMPORT)
    assert run.success
    assert found.host.name not in by_name(lab)
    assert run.metadata(f"{IMPORT}/found")["devices/was deleted in NetBox"] == 1


@pytest.mark.slow
def test_an_address_that_a_device_of_netbox_has_in_a_vrf_is_its_own(lab: Lab) -> None:
    netbox = lab.world.netbox
    found = next(iter(found_in(lab).values()))
    vrf = netbox.create("ipam/vrfs", {"name": "customers"})
    at = {"assigned_object_type": "dcim.interface", "assigned_object_id": netbox.objects("dcim/interfaces")[0]["id"]}
    length = 128 if ":" in found.host.address else 32
    netbox.create("ipam/ip-addresses", {"address": f"{found.host.address}/{length}", "vrf": vrf["id"], **at})
    run = lab.run(IMPORT)
    assert run.success
    assert found.host.name not in by_name(lab)
    assert run.metadata(f"{IMPORT}/found")["devices/its address is on a device of NetBox"] == 1


@pytest.mark.slow
def test_an_address_that_nobody_has_in_a_vrf_is_another_one(lab: Lab) -> None:
    netbox = lab.world.netbox
    found = next(one for one in found_in(lab).values() if ":" not in one.host.address)
    vrf = netbox.create("ipam/vrfs", {"name": "customers"})
    spare = netbox.create("ipam/ip-addresses", {"address": f"{found.host.address}/24", "vrf": vrf["id"]})
    assert lab.run(IMPORT).success
    device = by_name(lab)[found.host.name]
    assert device["primary_ip4"] != spare["id"]
    assert named(lab, "ipam/ip-addresses", device["primary_ip4"]) == f"{found.host.address}/32"
    assert not any(lab.run(IMPORT).planned.values())
