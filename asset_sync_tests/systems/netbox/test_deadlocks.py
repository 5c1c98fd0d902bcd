"""Devices of a few shared types, and their interfaces: written by several workers, and the server never gives a request up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Settling, apply
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome, Refused
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, Times, create_app
from asset_sync.sandbox.server import Server
from asset_sync.systems.netbox import KINDS, NetBoxClient, NetBoxTarget
from asset_sync_tests.systems.netbox.conftest import Lab, stored, update, writes
from asset_sync_tests.systems.scripted import Reply, Script, scripted

TYPES = 8
DEVICES = "dcim/devices"
INTERFACES = "dcim/interfaces"
DEADLOCK = Reply(
    {
        "error": "deadlock detected\nDETAIL:  Process 71 waits for ShareLock on transaction 9; blocked by process 72.",
        "exception": "OperationalError",
        "netbox_version": "4.6.8",
        "python_version": "3.12.1",
    },
    500,
)
VERSION = Reply({"netbox-version": "4.6.8"})
SITE = writes({"name": "Home", "slug": "home"})
MADE = Reply([{"id": 7, "name": "Home", "slug": "home", "last_updated": "x"}], 201)


@contextmanager
def netbox(row: float) -> Iterator[tuple[NetBoxState, NetBoxTarget]]:
    """A NetBox with types, a role and a site, that takes so many seconds a row."""
    state = NetBoxState()
    state.create("dcim/manufacturers", {"name": "Maker", "slug": "maker"})
    for number in range(TYPES):
        state.create("dcim/device-types", {"manufacturer": 1, "model": f"Model {number}", "slug": f"m{number}"})
    state.create("dcim/device-roles", {"name": "Role", "slug": "role"})
    state.create("dcim/sites", {"name": "Site", "slug": "site"})
    with (
        Server(create_app(state, times=Times(row=row))) as server,
        NetBoxClient(server.url, DEFAULT_TOKEN, writable=True, longest_wait=0.05) as client,
    ):
        yield state, NetBoxTarget(client)


def operation(
    kind: str, key: str, target_id: str | None = None, old: object = None, **values: object
) -> tuple[str | None, ...]:
    told = {name: {"old": old, "new": new, "owner": "source", "reason": "test"} for name, new in values.items()}
    op = p.UPDATE if target_id else p.CREATE
    return (kind, op, key, key, target_id, None, p.encode(told), "test", None, None, None, None)


def reference(kind: str, number: int) -> dict[str, Any]:
    return {"kind": kind, "key": str(number), "id": str(number)}


def device(number: int) -> tuple[str | None, ...]:
    """Device after device is of another type, as names and types come in a company."""
    role, site = reference("device_role", 1), reference("site", 1)
    kind = reference("device_type", number * 5 % TYPES + 1)
    told = {"name": f"pc{number:03}", "serial": f"S{number:05}", "status": "active"}
    return operation("device", f"pc{number:03}", None, None, **told, device_type=kind, role=role, site=site)


def retyped(number: int, target_id: str) -> tuple[str | None, ...]:
    old, new = (reference("device_type", number * factor % TYPES + 1) for factor in (5, 3))
    return operation("device", f"pc{number:03}", target_id, old, device_type=new)


def carried_out(target: NetBoxTarget, *operations: tuple[str | None, ...]) -> dict[int, Outcome]:
    plan = Plan("test", "normal", p.operations_table(list(operations)))
    return apply(
        plan, KINDS, target, done={}, known={}, intend=lambda _: None, record=lambda _: None, settling=Settling(0.0, 0.0)
    )


def test_300_devices_are_3_requests_and_none_is_given_up() -> None:
    with netbox(row=0.002) as (state, target):
        outcomes = carried_out(target, *map(device, range(300)))
        assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
        assert state.requests.by_method["POST"] == 3
        made = {row["name"]: (row["serial"], row["device_type"]) for row in state.objects(DEVICES)}
        assert made == {f"pc{n:03}": (f"S{n:05}", n * 5 % TYPES + 1) for n in range(300)}
        assert [state.get(DEVICES, int(str(outcomes[n].target_id)))["name"] for n in (0, 150, 299)] == [
            "pc000",
            "pc150",
            "pc299",
        ]


def test_interfaces_of_shared_devices_are_not_given_up_either() -> None:
    with netbox(row=0.001) as (state, target):
        carried_out(target, *map(device, range(20)))
        state.requests.reset()
        told = [(f"eth{port:02}", (number * 3 + port) % 20 + 1) for port in range(40) for number in range(20)]
        rows = [
            operation("interface", f"{name} of {of}", name=name, type="other", device=reference("device", of))
            for name, of in told
        ]
        outcomes = carried_out(target, *rows)
        assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
        assert state.requests.by_method["POST"] == 4
        assert {(row["name"], row["device"]) for row in state.objects(INTERFACES)} == set(told)


@pytest.mark.parametrize(
    ("kind", "endpoint", "values"),
    [
        ("vm_interface", "virtualization/interfaces", {"enabled": True}),
        ("virtual_disk", "virtualization/virtual-disks", {"size": 10}),
    ],
)
def test_what_shared_machines_have_is_not_given_up_either(kind: str, endpoint: str, values: dict[str, Any]) -> None:
    with netbox(row=0.001) as (state, target):
        for number in range(20):
            state.create("virtualization/virtual-machines", {"name": f"vm{number}", "site": 1})
        state.requests.reset()
        told = [(f"p{part:02}", (number * 3 + part) % 20 + 1) for part in range(20) for number in range(20)]
        rows = [
            operation(kind, f"{name} of {of}", name=name, virtual_machine=reference("virtual_machine", of), **values)
            for name, of in told
        ]
        outcomes = carried_out(target, *rows)
        assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
        assert state.requests.by_method["POST"] == 2
        assert {(row["name"], row["virtual_machine"]) for row in state.objects(endpoint)} == set(told)


def test_devices_that_change_their_types_are_not_given_up_either() -> None:
    with netbox(row=0.001) as (state, target):
        made = carried_out(target, *map(device, range(300)))
        state.requests.reset()
        rows = [retyped(n, str(made[n].target_id)) for n in range(300)]
        outcomes = carried_out(target, *rows)
        assert {outcome.outcome for outcome in outcomes.values()} <= {"applied", "already"}
        assert state.requests.by_method["PATCH"] == 3
        assert {row["name"]: row["device_type"] for row in state.objects(DEVICES)} == {
            f"pc{n:03}": n * 3 % TYPES + 1 for n in range(300)
        }


@pytest.mark.parametrize("times", [1, 3])
def test_a_batch_that_a_deadlock_gave_up_is_sent_again_as_it_is(times: int) -> None:
    with scripted(VERSION, *[DEADLOCK] * times, MADE) as script:
        assert stored(_target(script).create(KINDS["site"], SITE, ""))[0].target_id == "7"
        posts = [seen.body for seen in script.seen if seen.method == "POST"]
        assert len(posts) == times + 1
        assert len(set(posts)) == 1


def test_an_update_that_a_deadlock_gave_up_is_sent_again_with_its_versions(lab: Lab) -> None:
    there = lab.assets(3)
    with scripted(VERSION, DEADLOCK, Reply([{"id": int(row.target_id), "last_updated": "y"} for row in there])) as script:
        batch = [update(n, row, name=f"new {n}") for n, row in enumerate(there)]
        assert len(_target(script).update(KINDS["asset"], batch, "")) == 3
        first, second = [seen for seen in script.seen if seen.method == "PATCH"]
        assert (first.body, first.headers["if-match"]) == (second.body, second.headers["if-match"])


def test_a_deadlock_that_does_not_end_is_told_of_every_write_and_nothing_is_split() -> None:
    with scripted(VERSION, DEADLOCK) as script:
        two = writes({"name": "Home", "slug": "home"}, {"name": "Work", "slug": "work"})
        with pytest.raises(Refused, match="deadlock detected") as caught:
            _target(script).create(KINDS["site"], two, "")
        assert sorted(caught.value.rows) == [0, 1]
        assert {len(seen.body) for seen in script.seen if seen.method == "POST"} == {len(script.seen[-1].body)}


def _target(script: Script) -> NetBoxTarget:
    return NetBoxTarget(NetBoxClient(script.url, DEFAULT_TOKEN, writable=True, timeout=(2, 5), longest_wait=0.01))
