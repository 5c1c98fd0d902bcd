import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from asset_sync.sandbox.world import World


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with World(60, 3) as world:
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


def test_the_environment_leads_to_the_company(world: World) -> None:
    assert {row["id"] for row in devices(world).json()["data"]} == {machine.id for machine in world.company}


def test_netbox_starts_with_the_companys_sites_and_nothing_else(world: World) -> None:
    rows = netbox(world, "dcim/sites").json()["results"]
    assert {(row["name"], row["slug"]) for row in rows} == {(site.name, site.slug) for site in world.company.sites}
    for endpoint in ("dcim/devices", "dcim/manufacturers", "plugins/inventory/assets"):
        assert netbox(world, endpoint).json()["count"] == 0


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


def test_a_day_can_be_asked_for_over_http(world: World) -> None:
    before = world.days
    told = requests.post(f"{world.control_url}/day", timeout=5).json()
    assert told["day"] == world.days == before + 1
    assert told["machines"] == len(world.company)


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
    assert requests.delete(url, timeout=5).json() == {"pdq": [], "netbox": [], "snipeit": []}


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
