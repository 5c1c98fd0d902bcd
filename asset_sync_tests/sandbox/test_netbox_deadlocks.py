"""Bulk writes that overlap and move the same counters: in one order they wait, in another one of them is given up."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, Times, create_app
from asset_sync.sandbox.server import Server

DEVICES = "dcim/devices"
INTERFACES = "dcim/interfaces"
TYPES = 4


def _filled() -> NetBoxState:
    state = NetBoxState()
    state.create("dcim/manufacturers", {"name": "Maker", "slug": "maker"})
    for number in range(TYPES):
        state.create("dcim/device-types", {"manufacturer": 1, "model": f"Model {number}", "slug": f"m{number}"})
    state.create("dcim/device-roles", {"name": "Role", "slug": "role"})
    state.create("dcim/sites", {"name": "Site", "slug": "site"})
    return state


def _devices(name: str, types: list[int]) -> list[dict[str, Any]]:
    return [{"name": f"{name}{at}", "device_type": one, "role": 1, "site": 1} for at, one in enumerate(types)]


def _sent(state: NetBoxState, method: str, endpoint: str, *bodies: Any) -> list[requests.Response]:
    """Send the bodies at the same time, to a server that takes 30 ms a row."""
    with Server(create_app(state, times=Times(row=0.03))) as server, ThreadPoolExecutor(len(bodies)) as pool:
        headers = {"Authorization": f"Token {DEFAULT_TOKEN}"}
        url = f"{server.url}/api/{endpoint}/"
        return list(pool.map(lambda body: requests.request(method, url, json=body, headers=headers, timeout=10), bodies))


def test_devices_whose_types_come_in_another_order_deadlock() -> None:
    state = _filled()
    answers = _sent(state, "POST", DEVICES, _devices("a", [1, 2, 3, 4]), _devices("b", [4, 3, 2, 1]))
    assert sorted(answer.status_code for answer in answers) == [201, 500]
    (refused,) = (answer.json() for answer in answers if answer.status_code == 500)
    assert refused["exception"] == "OperationalError"
    assert refused["error"].startswith("deadlock detected\nDETAIL:  Process ")
    assert len(state.objects(DEVICES)) == TYPES


def test_devices_whose_types_come_in_one_order_wait_for_each_other() -> None:
    state = _filled()
    answers = _sent(state, "POST", DEVICES, *(_devices(name, [1, 1, 2, 3, 4]) for name in "abcd"))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len(state.objects(DEVICES)) == 20


def test_interfaces_of_shared_devices_deadlock() -> None:
    state = _filled()
    for one in _devices("pc", [1, 1]):
        state.create(DEVICES, one)
    orders = (("a", (1, 2)), ("b", (2, 1)))
    bodies = [[{"device": device, "name": name, "type": "other"} for device in order] for name, order in orders]
    assert sorted(answer.status_code for answer in _sent(state, "POST", INTERFACES, *bodies)) == [201, 500]


def test_devices_that_change_their_types_deadlock_and_others_do_not() -> None:
    state = _filled()
    for one in _devices("pc", [1, 2, 1, 2]):
        state.create(DEVICES, one)
    moved = [[{"id": one, "device_type": kind} for one in ids] for kind, ids in ((3, (1, 4)), (4, (2, 3)))]
    assert sorted(answer.status_code for answer in _sent(state, "PATCH", DEVICES, *moved)) == [200, 500]
    state = _filled()
    for one in _devices("pc", [1, 2, 1, 2]):
        state.create(DEVICES, one)
    orders = [((3, 1), (4, 2)), ((4, 2), (3, 1))]
    same = [[{"id": one, "device_type": kind, "comments": "x"} for one, kind in order] for order in orders]
    assert [answer.status_code for answer in _sent(state, "PATCH", DEVICES, *same)] == [200, 200]


@pytest.mark.parametrize("times", [Times(), Times(request=0.001)])
def test_what_nobody_else_writes_never_waits(times: Times) -> None:
    state = _filled()
    with Server(create_app(state, times=times)) as server:
        headers = {"Authorization": f"Token {DEFAULT_TOKEN}"}
        for name, order in (("a", [1, 2, 3]), ("b", [3, 2, 1])):
            body = _devices(name, order)
            assert requests.post(f"{server.url}/api/{DEVICES}/", json=body, headers=headers, timeout=5).status_code == 201
