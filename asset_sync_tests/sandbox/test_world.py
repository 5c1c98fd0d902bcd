import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from asset_sync.sandbox import kubernetes
from asset_sync.sandbox.world import World


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with World(60, 3) as world:
        yield world


@pytest.fixture(scope="module")
def wired() -> Iterator[World]:
    """A world with network gear."""
    with World(60, 3, network=40) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    yield running
    for faults in running.faults.values():
        faults.clear()


def devices(world: World) -> requests.Response:
    environment = world.environment()
    return requests.get(
        f"{environment['PDQ_URL']}/v1/api/devices?pageSize=100",
        headers={"Authorization": f"Bearer {environment['PDQ_TOKEN']}"},
        timeout=5,
    )


def netbox(world: World, endpoint: str) -> requests.Response:
    environment = world.environment()
    return requests.get(
        f"{environment['NETBOX_URL']}/api/{endpoint}/",
        params={"limit": 500},
        headers={"Authorization": f"Token {environment['NETBOX_TOKEN']}"},
        timeout=5,
    )


def monitored(world: World, endpoint: str) -> Any:
    """The data that WhatsUp Gold answers with."""
    environment = world.environment()
    base = f"{environment['WUG_MAIN_URL']}/api/v1"
    names = {"username": environment["WUG_MAIN_USERNAME"], "password": environment["WUG_MAIN_PASSWORD"]}
    token = requests.post(f"{base}/token", data={"grant_type": "password", **names}, timeout=5).json()["access_token"]
    return requests.get(f"{base}/{endpoint}", headers={"Authorization": f"Bearer {token}"}, timeout=5).json()["data"]


def monitored_devices(world: World) -> dict[str, str]:
    """Names by address."""
    rows = monitored(world, "device-groups/0/devices/-")["devices"]
    return {row["networkAddress"]: row["name"] for row in rows}


def test_the_environment_leads_to_the_company(world: World) -> None:
    assert {row["id"] for row in devices(world).json()["data"]} == {machine.id for machine in world.company}


def test_netbox_starts_with_the_companys_sites_and_nothing_else(world: World) -> None:
    rows = netbox(world, "dcim/sites").json()["results"]
    assert {(row["name"], row["slug"]) for row in rows} == {(site.name, site.slug) for site in world.company.sites}
    for endpoint in ("dcim/devices", "dcim/manufacturers", "plugins/inventory/assets"):
        assert netbox(world, endpoint).json()["count"] == 0


def test_without_network_gear_whatsup_gold_is_empty(world: World) -> None:
    assert world.network is None
    assert monitored(world, "device-groups/0/devices/-")["devices"] == []
    for endpoint in ("dcim/regions", "dcim/interfaces", "ipam/ip-addresses"):
        assert netbox(world, endpoint).json()["count"] == 0


def test_network_gear_is_in_netbox_and_whatsup_gold_has_devices_of_its_own(wired: World) -> None:
    assert wired.network is not None
    assert {row["name"] for row in netbox(wired, "dcim/devices").json()["results"]} == {
        device.name for device in wired.network.devices
    }
    groups = {row["name"] for row in monitored(wired, "device-groups/-")["groups"]}
    assert groups == {"My Network", "Discovered Devices", *(site.name for site in wired.company.sites)}
    addresses = {row["address"].split("/")[0] for row in netbox(wired, "ipam/ip-addresses").json()["results"]}
    assert not monitored_devices(wired).keys() & addresses


@pytest.mark.parametrize(("network", "found"), [(1, 2), (40, 4)])
def test_whatsup_gold_starts_with_a_tenth_of_the_gear_as_its_own(network: int, found: int) -> None:
    assert len(World(60, 3, network=network).wug.devices) == found


def test_a_negative_number_of_network_devices_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        World(60, 3, network=-1)


def test_a_day_moves_the_network_and_whatsup_gold(wired: World) -> None:
    names = {row["id"]: row["name"] for row in netbox(wired, "dcim/devices").json()["results"]}
    before = monitored_devices(wired)
    wired.day()
    renamed = {one.after.id: one.after.name for one in wired.network_changes.updated if one.kind == "renamed"}
    created = {one.id: one.name for one in wired.network_changes.created}
    after = {row["id"]: row["name"] for row in netbox(wired, "dcim/devices").json()["results"]}
    assert after == {**names, **renamed, **created}
    assert len(wired.network_changes) == 5
    assert len(before) < len(monitored_devices(wired)) <= len(before) + 2
    assert sum(monitored_devices(wired)[address] != name for address, name in before.items()) == 1


def test_a_new_device_of_the_network_answers_to_whatsup_golds_scans(wired: World) -> None:
    assert wired.network is not None
    wired.day()
    reachable = {
        str(row["primary_ip"]["address"]).split("/")[0]
        for row in netbox(wired, "dcim/devices").json()["results"]
        if row["status"]["value"] == "active" and row["primary_ip"] and not row["primary_ip"]["address"].startswith("169.254.")
    }
    assert wired.wug.hosts.keys() == reachable | monitored_devices(wired).keys()


def test_snipeit_is_made_when_it_is_first_asked_and_has_days_from_then_on() -> None:
    with World(20, 3) as world:
        world.day()
        assert "snipeit" not in vars(world)
        environment = world.environment()
        headers = {"Authorization": f"Bearer {environment['SNIPEIT_TOKEN']}", "Accept": "application/json"}
        url = f"{environment['SNIPEIT_API_URL']}/api/v1/hardware"
        assert requests.get(url, headers=headers, timeout=5).json()["total"] > 0
        before = world.snipeit.now
        world.day()
        assert world.snipeit.now > before


def test_a_day_changes_what_pdq_shows(world: World) -> None:
    before = world.days
    changes = world.day()
    assert world.days == before + 1
    rows = {row["id"]: row for row in devices(world).json()["data"]}
    assert rows.keys() == {machine.id for machine in world.company}
    assert all(rows[change.after.id]["name"] == change.after.name for change in changes.updated)


def test_faults_strike_their_own_system_only(world: World) -> None:
    world.netbox_faults.set("http_503")
    assert devices(world).status_code == 200
    assert netbox(world, "dcim/sites").status_code == 503
    world.pdq_faults.set("expired_token")
    assert devices(world).status_code == 401
    world.faults["wug"].set("http_500", path="/device-groups")
    url = f"{world.environment()['WUG_MAIN_URL']}/api/v1/device-groups/-"
    assert requests.get(url, timeout=5).status_code == 500


def test_a_write_to_netbox_can_time_out_and_be_there(world: World) -> None:
    world.netbox_faults.set("timeout_after_write", method="POST", times=1)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{world.environment()['NETBOX_URL']}/api/dcim/regions/",
            json={"name": "North", "slug": "north"},
            headers={"Authorization": f"Token {world.environment()['NETBOX_TOKEN']}"},
            timeout=0.5,
        )
    assert [row["slug"] for row in netbox(world, "dcim/regions").json()["results"]] == ["north"]


def test_an_expired_token_is_refused_by_netbox_in_its_own_way(world: World) -> None:
    world.netbox_faults.set("expired_token")
    assert netbox(world, "dcim/sites").status_code == 403


def test_the_control_address_explains_itself(world: World) -> None:
    text = requests.get(world.control_url, timeout=5).text
    assert "POST   /day" in text
    assert world.environment()["PDQ_URL"] in text
    assert "timeout_after_write" in text
    assert world.environment()["WUG_MAIN_URL"] in text
    assert "0 network devices in NetBox, 0 devices in WhatsUp Gold" in text
    assert "no longer to be seen (pdq, wug)" in text
    assert "a list's continue token is too old: 410, with a token that goes on in another snapshot (hedgehog)" in text
    assert "()" not in text


def test_a_day_can_be_asked_for_over_http(world: World) -> None:
    before = world.days
    told = requests.post(f"{world.control_url}/day", timeout=5).json()
    assert told["day"] == world.days == before + 1
    assert told["machines"] == len(world.company)
    assert (told["network"], told["network_updated"], told["network_created"], told["monitored"]) == (0, 0, 0, 0)


def test_the_control_address_tells_of_the_network(wired: World) -> None:
    told = requests.post(f"{wired.control_url}/day", timeout=5).json()
    assert told["network"] == netbox(wired, "dcim/devices").json()["count"]
    assert told["network_updated"] + told["network_created"] == 5
    assert told["monitored"] == len(monitored_devices(wired))
    assert f"{told['network']} network devices in NetBox" in requests.get(wired.control_url, timeout=5).text


def test_a_day_tells_what_it_changed_in_the_fabric(world: World) -> None:
    before = vpcs(world)
    changes = requests.post(f"{world.control_url}/day", timeout=5).json()["fabric_changes"]
    made = {change["name"] for change in changes if (change["what"], change["kind"]) == ("created", "VPC")}
    assert made == vpcs(world) - before != set()


def test_the_control_address_says_how_a_person_changes_the_fabric(world: World) -> None:
    text = requests.get(world.control_url, timeout=5).text
    token = next(line.rpartition(" ")[2] for line in text.splitlines() if "may change the fabric" in line)
    name = min(vpcs(world))
    url = f"{world.environment()['HEDGEHOG_MAIN_SERVER']}/apis/vpc.githedgehog.com/v1beta1/namespaces/default/vpcs/{name}"
    assert requests.delete(url, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code == 200
    assert name not in vpcs(world)


def vpcs(world: World) -> set[str]:
    return {vpc["metadata"]["name"] for vpc in world.fabric.cluster.objects(kubernetes.named("VPC")).values()}


def test_faults_can_be_set_and_cleared_over_http(world: World) -> None:
    url = f"{world.control_url}/faults"
    order = {"system": "pdq", "name": "http_429", "rate": 1.0, "path": "/devices", "retry_after": 9}
    assert requests.post(url, json=order, timeout=5).status_code == 200
    answer = devices(world)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    world.netbox_faults.set("http_500")
    assert requests.delete(url, params={"system": "pdq", "name": "http_429"}, timeout=5).json()["pdq"] == []
    assert devices(world).status_code == 200
    assert netbox(world, "dcim/sites").status_code == 500
    assert requests.delete(url, params={"name": "short_page"}, timeout=5).status_code == 200
    assert requests.delete(url, timeout=5).json() == {"pdq": [], "netbox": [], "snipeit": [], "wug": [], "hedgehog": []}


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        '{"name": "cut"}',
        '{"system": "moon", "name": "cut"}',
        '{"system": "pdq", "name": "moon"}',
        '{"system": "netbox", "name": "junk_serials"}',
        '{"system": "pdq", "name": "cut", "rate": "often"}',
        '{"system": "pdq", "name": "cut", "colour": 1}',
        '{"system": "pdq", "name": "cut", "self": 1}',
    ],
)
def test_a_wrong_order_is_refused(world: World, body: str) -> None:
    assert requests.post(f"{world.control_url}/faults", data=body, timeout=5).status_code == 400
    assert world.pdq_faults.active() == []


def test_a_wrong_clearing_is_refused(world: World) -> None:
    assert requests.delete(f"{world.control_url}/faults?system=moon", timeout=5).status_code == 400
    assert requests.delete(f"{world.control_url}/faults?name=moon", timeout=5).status_code == 400


def test_nothing_is_left_running_where_a_port_is_taken() -> None:
    before = servers_running()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="use"):
        World(10, 1, netbox_port=taken.getsockname()[1]).__enter__()
    assert servers_running() == before


def servers_running() -> int:
    return sum(thread.name == "sandbox-server" for thread in threading.enumerate())


def test_a_machine_is_changed_and_removed_over_http(world: World) -> None:
    machine, other, *_ = list(world.company)
    url = f"{world.control_url}/machines"
    assert requests.patch(f"{url}/{machine.name}", json={"name": "PC-1", "asset_tag": None}, timeout=5).status_code == 200
    assert requests.delete(f"{url}/{other.name}", timeout=5).status_code == 200
    told = {each["id"]: each["name"] for each in devices(world).json()["data"]}
    assert (told.get(machine.id), told.get(other.id)) == ("PC-1", None)
    for name, body, status in (("PC-1", {"colour": 1}, 400), ("PC-1", {"serial": None}, 400), ("nobody", {}, 404)):
        assert requests.patch(f"{url}/{name}", json=body, timeout=5).status_code == status
    assert requests.delete(f"{url}/nobody", timeout=5).status_code == 404
