"""VLANs, VRFs, prefixes, IP ranges, cables: the simulated NetBox against the recorded answers of a real one."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from asset_sync.sandbox.netbox import NetBoxState
from asset_sync_tests.contract import recorded
from asset_sync_tests.contract.content import at
from asset_sync_tests.contract.recorded import normal, shape_difference
from asset_sync_tests.contract.replaying import Answer, answer, client_of, listed, replayed, steps_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FOLDER = "4.6-fabric"
CABLES, INTERFACES, DEVICES = "dcim/cables", "dcim/interfaces", "dcim/devices"
VLANS, GROUPS, VRFS = "ipam/vlans", "ipam/vlan-groups", "ipam/vrfs"
PREFIXES, RANGES, ADDRESSES = "ipam/prefixes", "ipam/ip-ranges", "ipam/ip-addresses"
SEQUENCES = (
    *("dcim_cables", "dcim_cables_multi", "dcim_cables_profile", "ipam_vlan_groups", "ipam_vlans_in_group"),
    *("ipam_vlans_in_site", "ipam_vrfs", "ipam_prefixes_vrf_scope", "ipam_ip_ranges", "ipam_ip_addresses_vrf", "ipam_roles"),
)
"""Requests on one type of object, one after the other, in the order in which they were recorded."""


def _fill(state: NetBoxState) -> None:
    """Four switches of twelve ports each."""
    for name in ("Lisbon", "Porto"):
        state.create("dcim/sites", {"name": name, "slug": name.lower()})
    state.create("dcim/locations", {"name": "Hall", "slug": "hall", "site": 1})
    state.create("tenancy/tenants", {"name": "Ten", "slug": "ten"})
    state.create("dcim/manufacturers", {"name": "Madeup", "slug": "madeup"})
    state.create("dcim/device-types", {"manufacturer": 1, "model": "SW-1", "slug": "sw-1"})
    state.create("dcim/device-roles", {"name": "Switch", "slug": "switch"})
    for number in range(1, 5):
        state.create(DEVICES, {"name": f"sw-{number}", "device_type": 1, "role": 1, "site": 1})
        for port in range(12):
            state.create(INTERFACES, {"device": number, "name": f"eth{port}", "type": "1000base-t"})
    state.create("ipam/roles", {"name": "Users", "slug": "users"})


def _fill_groups(state: NetBoxState) -> None:
    scope = {"scope_type": "dcim.site", "scope_id": 1}
    at(state, GROUPS, 5, {"name": "Campus", "slug": "campus", "vid_ranges": [[10, 99]], **scope})
    at(state, GROUPS, 6, {"name": "Loose", "slug": "loose"})


def _fill_vrfs(state: NetBoxState) -> None:
    at(state, VRFS, 5, {"name": "strict", "rd": "65000:71"})
    at(state, VRFS, 6, {"name": "lax", "rd": "65000:72", "enforce_unique": False})


def _fill_vlans(state: NetBoxState) -> None:
    for number in range(4):
        at(state, VLANS, 5 + number, {"vid": 20 + number, "name": f"net{number}", "group": 5})


def _fill_more(state: NetBoxState) -> None:
    """What single requests ran into."""
    _fill(state)
    _fill_groups(state)
    _fill_vrfs(state)
    at(state, VLANS, 2, {"vid": 11, "name": "V1x", "group": 5})
    _fill_vlans(state)
    at(state, VLANS, 13, {"vid": 777, "name": "porto", "site": 2})
    for vrf in (None, 5):
        state.create(PREFIXES, {"prefix": "10.60.0.0/24", "vrf": vrf})
        state.create(ADDRESSES, {"address": "10.60.0.5/24", "vrf": vrf})
    state.create(RANGES, {"start_address": "10.70.0.10/24", "end_address": "10.70.0.50/24", "vrf": 5})
    at(state, INTERFACES, 49, {"device": 1, "name": "spare", "type": "1000base-t"})
    at(state, INTERFACES, 67, {"device": 1, "name": "br0", "type": "bridge"})
    state.create("virtualization/cluster-types", {"name": "vmx", "slug": "vmx"})
    state.create("virtualization/clusters", {"name": "Lis", "type": 1})
    at(state, "virtualization/virtual-machines", 5, {"name": "web", "cluster": 1})
    at(state, "virtualization/interfaces", 5, {"virtual_machine": 5, "name": "e0"})
    for row_id, a_end, b_end in ((2, 2, 14), (13, 1, 13), (23, 10, 22), (24, 11, 23)):
        at(state, CABLES, row_id, _cable(a_end, b_end))


def _cable(a_end: int, b_end: int, **more: Any) -> dict[str, Any]:
    ends = {f"{side}_terminations": [_end(number)] for side, number in (("a", a_end), ("b", b_end))}
    return {**ends, **more}


def _end(interface: int) -> dict[str, Any]:
    return {"object_type": "dcim.interface", "object_id": interface}


BEFORE: dict[str, Callable[[NetBoxState], None]] = {
    "dcim_cables": _fill,
    "ipam_vlans_in_group": _fill_groups,
    "ipam_vlans_in_site": _fill_vlans,
    "ipam_prefixes_vrf_scope": _fill_vrfs,
}


def _peer_deleted(state: NetBoxState) -> None:
    state.delete(INTERFACES, 10)


def _port_freed(state: NetBoxState) -> None:
    state.delete(CABLES, 23)


def _recabled(state: NetBoxState) -> None:
    state.patch(CABLES, 13, {"b_terminations": [_end(38)]})


def _planned(state: NetBoxState) -> None:
    state.patch(CABLES, 2, {"status": "planned", "label": "C-1x"})


PREPARE: dict[str, Callable[[NetBoxState], None]] = {
    "gotcha_interface_cabled_delete_after": _peer_deleted,
    "gotcha_cable_half_reattach": _peer_deleted,
    "dcim_interfaces_cabled__get": _planned,
    "dcim_cables_move_end__patch": _port_freed,
    "gotcha_cable_patch_one_end_empty": _recabled,
}


@cache
def _sequences() -> dict[str, Answer]:
    return replayed(FOLDER, SEQUENCES, BEFORE)


@pytest.mark.parametrize("name", steps_of(SEQUENCES))
def test_object_types(name: str) -> None:
    wanted = recorded.case(FOLDER, name)["response"]
    status, body = _sequences()[name]
    assert status == wanted["status"], body
    assert normal(body) == normal(wanted["body"])


SINGLE = sorted(set(recorded.names(FOLDER)) - set(steps_of(SEQUENCES)))


@pytest.mark.parametrize("name", SINGLE)
def test_single_requests(name: str) -> None:
    state = NetBoxState(version="4.6")
    _fill_more(state)
    if name in PREPARE:
        PREPARE[name](state)
    wanted, sent = recorded.case(FOLDER, name)["response"], recorded.case(FOLDER, name)["request"]["body"]
    status, body = answer(client_of(state), FOLDER, name)
    assert status == wanted["status"], body
    if status >= 400:
        assert normal(body) == normal(wanted["body"])
    elif body is not None:
        assert shape_difference(wanted["body"], body) == ""
        for one, told, asked in zip(listed(body), listed(wanted["body"]), listed(sent), strict=True) if sent else ():
            for field in asked.keys() & one.keys() - {"id"}:
                assert _plain(one[field]) == _plain(told[field]), field


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict) and "object_id" in value:
        return value["object_id"]
    return value.get("id", value.get("value")) if isinstance(value, dict) else value


# What no single answer shows.


@pytest.fixture
def state() -> NetBoxState:
    made = NetBoxState(version="4.6")
    _fill_more(made)
    return made


def test_an_interface_that_is_deleted_leaves_its_cable_with_an_open_end_and_without_a_word(state: NetBoxState) -> None:
    before, peer = state.get(CABLES, 23), state.get(INTERFACES, 22)
    state.delete(INTERFACES, 10)
    assert state.get(CABLES, 23) == {**before, "a_terminations": ()}
    assert state.get(INTERFACES, 22) == peer
    shown = client_of(state).get(f"/api/{INTERFACES}/22/").json()
    assert (shown["cable"]["id"], shown["_occupied"], shown["link_peers"]) == (23, True, [])
    assert [row["changed_object_type"] for row in state.objects("core/object-changes")][-1] == "dcim.interface"


def test_a_cable_moves_the_versions_of_the_interfaces_that_it_comes_to(state: NetBoxState) -> None:
    before = {number: state.get(INTERFACES, number)["last_updated"] for number in (3, 15, 16)}
    state.create(CABLES, _cable(3, 15))
    moved = {number for number in before if state.get(INTERFACES, number)["last_updated"] != before[number]}
    assert moved == {3, 15}


def test_vlans_stand_against_the_deletion_of_their_group_and_prefixes_against_that_of_their_vrf(state: NetBoxState) -> None:
    client = client_of(state)
    assert client.delete(f"/api/{GROUPS}/5/").status_code == 409
    answer = client.delete(f"/api/{VRFS}/5/")
    names = "10.60.0.0/24 (2), 10.60.0.5/24 (2), 10.70.0.10-50/24 (1)"
    assert answer.status_code == 409
    assert sorted(answer.json()["detail"].partition("found: ")[2].split(", ")) == sorted(names.split(", "))
