"""Clusters, virtual machines, services, linked interfaces: the simulated NetBox against the recorded answers of a real one."""

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

FOLDER = "4.6-virtual"
DEVICES, INTERFACES = "dcim/devices", "dcim/interfaces"
CLUSTERS, MACHINES = "virtualization/clusters", "virtualization/virtual-machines"
VM_INTERFACES, DISKS = "virtualization/interfaces", "virtualization/virtual-disks"
SEQUENCES = (
    *("virtualization_clusters_scope", "virtualization_virtual_machines_host", "virtualization_virtual_disks"),
    *("ipam_services_device", "ipam_services_vm", "extras_journal_entries_device", "extras_journal_entries_vm"),
)
"""Requests on one type of object, one after the other, in the order in which they were recorded."""


def _fill(state: NetBoxState) -> None:
    for name in ("Lisbon", "Porto"):
        state.create("dcim/sites", {"name": name, "slug": name.lower()})
    state.create("dcim/locations", {"name": "Hall", "slug": "hall", "site": 1})
    state.create("tenancy/tenants", {"name": "Ten", "slug": "ten"})
    state.create("dcim/manufacturers", {"name": "Madeup", "slug": "madeup"})
    state.create("dcim/device-types", {"manufacturer": 1, "model": "SRV-1", "slug": "srv-1"})
    state.create("dcim/platforms", {"name": "os-a", "slug": "os-a"})
    at(state, "dcim/device-roles", 2, {"name": "Server", "slug": "server"})
    at(state, "virtualization/cluster-types", 5, {"name": "vmx", "slug": "vmx"})
    for row_id, name in ((1, "sw-1"), (2, "sw-2"), (12, "sw-3")):
        at(state, DEVICES, row_id, {"name": name, "device_type": 1, "role": 2, "site": 1})
    for row_id, address in ((9, "10.40.2.1/24"), (10, "10.40.3.1/24")):
        at(state, "ipam/ip-addresses", row_id, {"address": address})


def _fill_clusters(state: NetBoxState) -> None:
    for row_id, name, site in ((5, "Lis", 1), (6, "Opo", 2), (7, "Nowhere", None)):
        scope = {"scope_type": "dcim.site", "scope_id": site} if site else {}
        at(state, CLUSTERS, row_id, {"name": name, "type": 5, **scope})
    at(state, DEVICES, 6, {"name": "hv-1", "device_type": 1, "role": 2, "site": 1, "cluster": 5})


def _fill_machines(state: NetBoxState) -> None:
    at(state, MACHINES, 5, {"name": "web", "cluster": 5, "device": 6})
    at(state, MACHINES, 6, {"name": "db", "cluster": 5})


def _fill_more(state: NetBoxState) -> None:
    """What single requests ran into."""
    _fill(state)
    _fill_clusters(state)
    at(state, MACHINES, 2, {"name": "vm-1", "cluster": 5})
    _fill_machines(state)
    for row_id, name in ((8, "vma"), (9, "vmb")):
        at(state, MACHINES, row_id, {"name": name, "cluster": 7})
    at(state, MACHINES, 11, {"name": "wd", "cluster": 5, "disk": 7000})
    at(state, VM_INTERFACES, 5, {"virtual_machine": 5, "name": "ens1"})
    at(state, VM_INTERFACES, 11, {"virtual_machine": 11, "name": "e0"})
    at(state, DISKS, 5, {"virtual_machine": 11, "name": "d0", "size": 100})
    at(state, "ipam/vlans", 5, {"vid": 20, "name": "net0"})
    ports = ((1, 1, "eth0"), (2, 1, "eth1"), (3, 1, "eth2"), (15, 2, "eth2"))
    for row_id, device, name in ports:
        at(state, INTERFACES, row_id, {"device": device, "name": name, "type": "1000base-t"})
    for row_id, device, name in ((65, 1, "Po10"), (66, 2, "Po10"), (91, 1, "Po77")):
        at(state, INTERFACES, row_id, {"device": device, "name": name, "type": "lag"})
    at(state, INTERFACES, 92, {"device": 1, "name": "par", "type": "1000base-t"})
    at(state, INTERFACES, 93, {"device": 1, "name": "par.1", "type": "virtual", "parent": 92})
    at(state, INTERFACES, 94, {"device": 1, "name": "m77", "type": "1000base-t", "lag": 91})


BEFORE: dict[str, Callable[[NetBoxState], None]] = {
    "virtualization_clusters_scope": _fill,
    "virtualization_virtual_machines_host": _fill_clusters,
    "virtualization_virtual_disks": _fill_machines,
}


def _moved(endpoint: str, row_id: int, **values: Any) -> Callable[[NetBoxState], None]:
    def prepare(state: NetBoxState) -> None:
        state.patch(endpoint, row_id, values)

    return prepare


def _host_left(state: NetBoxState) -> None:
    state.patch(DEVICES, 6, {"cluster": 7})
    state.patch(CLUSTERS, 5, {"scope_id": 2})


PREPARE: dict[str, Callable[[NetBoxState], None]] = {
    "gotcha_cluster_scope_change_with_hosts": _moved(DEVICES, 6, cluster=7),
    "err_vm_device_without_cluster": _moved(DEVICES, 6, cluster=7),
    "err_vm_host_left_cluster": _host_left,
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
        assert _unordered(normal(body)) == _unordered(normal(wanted["body"]))
    elif body is not None:
        assert shape_difference(_without_third(wanted["body"]), _without_third(body)) == ""
        for one, asked in zip(listed(body), listed(sent), strict=True):
            for field in asked.keys() & one.keys() - {"id"}:
                assert _plain(one[field]) == _plain(asked[field]) or len(listed(body)) > 1, field


def _without_third(body: Any) -> Any:
    """A device within an interface within an interface is shown with a display_url, which nobody needs."""
    if isinstance(body, dict) and body.get("lag"):
        return {**body, "lag": {**body["lag"], "device": None}}
    return body


def _unordered(body: Any) -> Any:
    """The objects that stand against a deletion come in the database's order."""
    if isinstance(body, dict) and "found: " in str(body.get("detail")):
        words, _, names = body["detail"].partition("found: ")
        return words, sorted(names.split(", "))
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.get("id", value.get("value")) if isinstance(value, dict) else value


# What no single answer shows.


@pytest.fixture
def state() -> NetBoxState:
    made = NetBoxState(version="4.6")
    _fill_more(made)
    return made


def test_a_disk_overwrites_that_of_its_machine_which_is_no_change_of_the_machine(state: NetBoxState) -> None:
    before = state.get(MACHINES, 5)
    disk = state.create(DISKS, {"virtual_machine": 5, "name": "sda", "size": 300})
    state.create(DISKS, {"virtual_machine": 5, "name": "sdb", "size": 50})
    assert state.get(MACHINES, 5) == {**before, "disk": 350}
    state.patch(DISKS, disk["id"], {"size": 100})
    assert state.get(MACHINES, 5)["disk"] == 150
    state.delete(DISKS, disk["id"])
    assert state.get(MACHINES, 5) == {**before, "disk": 50}
    changed = [row["changed_object_type"] for row in state.objects("core/object-changes")][-4:]
    assert changed == ["virtualization.virtualdisk"] * 4


def test_machines_follow_their_cluster_to_another_site(state: NetBoxState) -> None:
    state.patch(DEVICES, 6, {"cluster": None})
    state.patch(CLUSTERS, 5, {"scope_id": 2})
    assert {row["site"] for row in state.objects(MACHINES) if row["cluster"] == 5} == {2}


def test_the_members_of_a_lag_that_is_deleted_have_none(state: NetBoxState) -> None:
    state.delete(INTERFACES, 91)
    assert state.get(INTERFACES, 94)["lag"] is None


def test_what_a_machine_has_goes_with_it(state: NetBoxState) -> None:
    on_machine = {"parent_object_type": "virtualization.virtualmachine", "parent_object_id": 11}
    state.create("ipam/services", {"name": "web", "protocol": "tcp", "ports": [80], **on_machine})
    note = {"assigned_object_type": "virtualization.virtualmachine", "assigned_object_id": 11, "comments": "x"}
    state.create("extras/journal-entries", note)
    state.delete(MACHINES, 11)
    left = {endpoint: len(state.objects(endpoint)) for endpoint in (DISKS, "ipam/services", "extras/journal-entries")}
    assert left == {DISKS: 0, "ipam/services": 0, "extras/journal-entries": 0}
    assert [row["virtual_machine"] for row in state.objects(VM_INTERFACES)] == [5]


@pytest.mark.parametrize(
    ("host_in", "said", "status", "why"),
    [
        (None, {"device": 6}, 201, ""),
        (None, {"cluster": 5, "device": 6}, 400, "device"),
        (5, {"cluster": 5, "device": 6}, 201, ""),
        (5, {"cluster": 7, "device": 6}, 400, "device"),
        (5, {"device": 6}, 400, "cluster"),
        (None, {"cluster": 5}, 201, ""),
        (5, {"cluster": 7}, 201, ""),
    ],
)
def test_a_machine_is_on_a_host_of_its_cluster_or_on_one_of_none(
    state: NetBoxState, host_in: int | None, said: dict[str, int], status: int, why: str
) -> None:
    """The rules of virtualization/models/virtualmachines.py of NetBox 4.6.8 (VirtualMachine.clean)."""
    state.delete(MACHINES, 5)
    state.patch(DEVICES, 6, {"cluster": host_in})
    answer = client_of(state).post(f"/api/{MACHINES}/", json={"name": "new", **said})
    assert answer.status_code == status, answer.text
    assert not why or list(answer.json()) == [why]


@pytest.mark.parametrize(
    ("vcpus", "words"),
    [
        (0.333, "Ensure that there are no more than 2 decimal places."),
        (12345, "Ensure that there are no more than 4 digits before the decimal point."),
    ],
)
def test_vcpus_have_two_places(state: NetBoxState, vcpus: float, words: str) -> None:
    answer = client_of(state).patch(f"/api/{MACHINES}/6/", json={"vcpus": vcpus})
    assert (answer.status_code, answer.json()) == (400, {"vcpus": [words]})
