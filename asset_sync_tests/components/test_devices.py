"""PDQ Connect → NetBox with the kinds of devices: dcim devices, their interfaces and addresses, by the same staircase."""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from asset_sync.sandbox.company import Machine
from asset_sync_tests.components.probe import ASSETS, DEVICES, YAML, load_whole
from asset_sync_tests.pipeline import Pipeline, running


@pytest.fixture(params=[pytest.param("4.6", marks=pytest.mark.slow), "4.7"])
def devices(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """A pipeline whose YAML names the kinds of devices, against both versions of NetBox."""
    yaml = YAML.replace(ASSETS, DEVICES)
    definitions = load_whole(tmp_path, yaml, monkeypatch)
    with running(monkeypatch, database_url, tmp_path, size=30, netbox_version=request.param) as made:
        yield Pipeline(made.world, made.instance, definitions)


def rows(pipeline: Pipeline, endpoint: str) -> dict[int, dict[str, object]]:
    return {row["id"]: row for row in pipeline.world.netbox.objects(endpoint)}


def device_of(pipeline: Pipeline, machine: Machine) -> dict[str, object]:
    serial = "".join(machine.serial.upper().split())
    return next(row for row in rows(pipeline, "dcim/devices").values() if row["serial"] == serial)


def address_of(pipeline: Pipeline, machine: Machine) -> str:
    """The primary IPv4 address of the machine's device in NetBox."""
    address = rows(pipeline, "ipam/ip-addresses")[device_of(pipeline, machine)["primary_ip4"]]  # type: ignore[index]
    return str(ipaddress.ip_interface(str(address["address"])).ip)


def test_every_machine_becomes_a_device_with_its_addresses(devices: Pipeline) -> None:
    assert devices.run().success
    interfaces, macs = rows(devices, "dcim/interfaces"), rows(devices, "dcim/mac-addresses")
    for machine in devices.world.company:
        device = device_of(devices, machine)
        assert device["name"] == machine.name
        assert address_of(devices, machine) == machine.ipv4
        own = [row for row in interfaces.values() if row["device"] == device["id"]]
        main = [macs[row["primary_mac_address"]]["mac_address"] for row in own if row["primary_mac_address"]]  # type: ignore[index]
        assert main == [machine.mac]


@pytest.mark.slow
def test_the_second_run_writes_nothing(devices: Pipeline) -> None:
    devices.run()
    runs = []
    assert devices.writes_of(lambda: runs.append(devices.run())) == 0
    assert runs[0].success
    assert not any(runs[0].planned.values())


@pytest.mark.slow
def test_a_moved_address_follows_its_machine(devices: Pipeline) -> None:
    devices.run()
    machine = next(iter(devices.world.company))
    devices.world.company.apply(put=[replace(machine, ipv4="10.99.0.77", gateway="10.99.0.1")])
    run = devices.run()
    assert run.success, run.errors()
    assert address_of(devices, machine) == "10.99.0.77"
    assert not any(devices.run().planned.values())


@pytest.mark.slow
def test_an_address_that_another_machine_gave_up_is_taken_over(devices: Pipeline) -> None:
    devices.run()
    first, second = list(devices.world.company)[:2]
    moved = replace(first, ipv4="10.99.0.78", gateway="10.99.0.1")
    devices.world.company.apply(put=[moved, replace(second, ipv4=first.ipv4, gateway=first.gateway)])
    for _ in range(3):
        run = devices.run()
    assert run.success, run.errors()
    assert not any(run.planned.values()), run.metadata("pdq_to_netbox/plan")["report"]
    assert address_of(devices, first) == "10.99.0.78"
    assert address_of(devices, second) == first.ipv4


@pytest.mark.slow
def test_an_address_on_somebody_elses_interface_is_left_there(devices: Pipeline) -> None:
    netbox = devices.world.netbox
    machine = next(iter(devices.world.company))
    maker = netbox.create("dcim/manufacturers", {"name": "Routers", "slug": "routers"})
    kind = netbox.create("dcim/device-types", {"manufacturer": maker["id"], "model": "R1", "slug": "r1"})
    role = netbox.create("dcim/device-roles", {"name": "Router", "slug": "router"})
    site = netbox.objects("dcim/sites")[0]
    router = netbox.create(
        "dcim/devices",
        {"name": "router1", "device_type": kind["id"], "role": role["id"], "site": site["id"], "status": "active"},
    )
    port = netbox.create("dcim/interfaces", {"device": router["id"], "name": "eth0", "type": "other"})
    taken = netbox.create(
        "ipam/ip-addresses",
        {"address": f"{machine.ipv4}/16", "assigned_object_type": "dcim.interface", "assigned_object_id": port["id"]},
    )
    run = devices.run()
    assert run.success, run.errors()
    there = netbox.get("ipam/ip-addresses", taken["id"])
    assert there["assigned_object_id"] == port["id"]
    assert device_of(devices, machine)["primary_ip4"] is None
    assert devices.ledger.plan(run.plan_id).held["hold"].str.contains("assigned to another object").any()
