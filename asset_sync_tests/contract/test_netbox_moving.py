"""Values and addresses that move between objects: the simulated NetBox against the recorded answers of a real one.

NetBox saves the rows of a bulk write one by one, in the order of the model, and checks each against the others as they stand
at that moment.
"""

from collections.abc import Callable
from typing import Any

import pytest

from asset_sync.sandbox.netbox import NetBoxState
from asset_sync_tests.contract import recorded
from asset_sync_tests.contract.content import ASSETS, at, fill_base
from asset_sync_tests.contract.recorded import normal, shape_difference
from asset_sync_tests.contract.replaying import client_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FOLDER = "4.6-moving"
DEVICES, INTERFACES, ADDRESSES = "dcim/devices", "dcim/interfaces", "ipam/ip-addresses"
IN_ANY_ORDER = {"swap_asset_serials_null_1"}
"""All rows are equal in what they are sorted by."""


def _fill(state: NetBoxState) -> None:
    fill_base(state)
    common = {"device_type": 1, "role": 1, "site": 1}
    for row_id, name in ((10, "alfa"), (11, "bravo")):
        at(state, DEVICES, row_id, {**common, "name": name, "serial": f"S{name}", "asset_tag": f"T{name}"})
    at(state, DEVICES, 12, {**common, "name": "sw-2"})
    ports = ((3, 1, "eth3"), (94, 12, "A1"), (95, 12, "B1"), (97, 12, "N2"), (98, 12, "N1"))
    for row_id, device, name in (*ports, (99, 10, "eth0"), (100, 11, "eth0"), (101, 10, "eth1")):
        at(state, INTERFACES, row_id, {"device": device, "name": name, "type": "other"})
    at(state, ADDRESSES, 10, {"address": "10.40.3.1/24"})
    for row_id, address, interface, device in ((11, "10.50.0.1/24", 99, 10), (12, "10.50.0.2/24", 100, 11)):
        on = {"assigned_object_type": "dcim.interface", "assigned_object_id": interface}
        at(state, ADDRESSES, row_id, {"address": address, **on})
        state.patch(DEVICES, device, {"primary_ip4": row_id})
    at(state, ADDRESSES, 13, {"address": "10.60.0.5/24"})
    for number in (1, 2):
        body = {"serial": f"AS{number}", "asset_tag": f"AT{number}", "status": "stored", "device_type": 1}
        at(state, ASSETS, number, body)


def _emptied(endpoint: str, field: str, *ids: int) -> Callable[[NetBoxState], None]:
    def prepare(state: NetBoxState) -> None:
        for row_id in ids:
            state.patch(endpoint, row_id, {field: None})

    return prepare


def _names_exchanged(state: NetBoxState) -> None:
    for row_id, name in ((10, None), (11, "alfa"), (10, "bravo")):
        state.patch(DEVICES, row_id, {"name": name})


PREPARE: dict[str, Callable[[NetBoxState], None]] = {
    "gotcha_chain_device_names": _names_exchanged,
    "gotcha_swap_asset_tags_null_2": _emptied(DEVICES, "asset_tag", 10, 11),
    "swap_asset_serials_null_2": _emptied(ASSETS, "serial", 1, 2),
    "swap_device_names_null_2": _emptied(DEVICES, "name", 10, 11),
}


@pytest.mark.parametrize("name", recorded.names(FOLDER))
def test_what_moves_is_answered_as_recorded(name: str) -> None:
    state = NetBoxState(version="4.6")
    _fill(state)
    if name in PREPARE:
        PREPARE[name](state)
    case = recorded.case(FOLDER, name)
    request, wanted = case["request"], case["response"]
    before = _contents(state)
    sent = {} if request.get("body") is None else {"json": request["body"]}
    answer = client_of(state).request(request["method"], request["path"], **sent)
    assert answer.status_code == wanted["status"], answer.text
    if wanted["status"] >= 400:
        assert normal(answer.json()) == normal(wanted["body"])
        assert _contents(state) == before
    elif wanted["body"] is not None:
        _compare(name, request["body"], wanted["body"], answer.json())


def _contents(state: NetBoxState) -> dict[str, list[dict[str, Any]]]:
    return {endpoint: state.objects(endpoint) for endpoint in (DEVICES, INTERFACES, ADDRESSES, ASSETS)}


def _compare(name: str, sent: Any, wanted: Any, got: Any) -> None:
    assert shape_difference(wanted, got) == ""
    if not isinstance(sent, list):
        sent, wanted, got = [sent], [wanted], [got]
    if "id" in sent[0]:
        assert (sorted if name in IN_ANY_ORDER else list)(_ids(got)) == (sorted if name in IN_ANY_ORDER else list)(_ids(wanted))
    fields = {field for body in sent for field in body}
    for one, other in zip(sorted(got, key=_id), sorted(wanted, key=_id), strict=True):
        assert {field: one[field] for field in fields - {"id"}} == {field: other[field] for field in fields - {"id"}}


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def _id(row: dict[str, Any]) -> int:
    return int(row["id"])


def test_the_primary_address_of_a_device_is_gone_with_the_address() -> None:
    state = NetBoxState()
    _fill(state)
    assert client_of(state).delete(f"/api/{ADDRESSES}/12/").status_code == 204
    assert state.get(DEVICES, 11)["primary_ip4"] is None
