"""An apply of hundreds of writes, killed anywhere, started again and undone: the target is as it was, field by field."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.apply.runs import AT_ONCE, Log, applied, by_outcome, seen
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
from asset_sync_tests.reconcile.worlds import (
    ADDRESS,
    ASSET,
    KINDS,
    MAKER,
    MODEL,
    NOW,
    PORT,
    PRIMARY,
    Row,
    desired,
    link,
    links,
    observed,
    planned,
    snapshot,
)

KILL_POINTS = 20
BATCH = 20


def company() -> Snapshot:
    """Machines that change, swap their tags, come, go and come back, with models, ports and addresses of theirs."""
    makers: list[Row] = [{"source_key": f"mk{n}", "name": f"Maker {n}"} for n in range(5)]
    models: list[Row] = [{"source_key": f"md{n}", "maker": f"mk{n % 5}", "name": f"Model {n}"} for n in range(15)]
    changed = [_changed(n) for n in range(100)]
    back: list[Row] = [{"source_key": f"b{n}", "serial": f"B{n}A", "status": "in-use"} for n in range(15)]
    new: list[Row] = [
        {"source_key": f"n{n}", "serial": f"N{n}A", "status": "in-use", "model": f"md{n % 15}", "memory": 8} for n in range(80)
    ]
    twins: list[Row] = [{"source_key": f"t{n}", "name": "localhost", "room": "r1", "status": "in-use"} for n in range(15)]
    owners = [f"n{n}" for n in range(60)] + [f"u{n}" for n in range(20)]
    wanted = {
        "maker": desired(MAKER, *makers),
        "model": desired(MODEL, *models),
        "asset": desired(ASSET, *changed, *back, *new, *twins),
        "port": desired(PORT, *({"source_key": f"{key}/e", "asset": key, "name": "eth0"} for key in owners)),
        "address": desired(ADDRESS, *(_address(number, key) for number, key in enumerate(owners))),
        "primary": desired(PRIMARY, *({"source_key": key, "asset": key, "address": f"{key}/ip"} for key in owners)),
    }
    there = MemoryTarget.of(KINDS, {"asset": observed(ASSET, *_there())}).tables()
    return snapshot(wanted, there, {"asset": links(*_links())})


def _changed(number: int) -> Row:
    """The first sixty change their tags round, three by three."""
    tag = number - number % 3 + (number + 1) % 3 if number < 60 else number
    return {
        "source_key": f"u{number}",
        "serial": f"U{number}A",
        "tag": f"T{tag}",
        "memory": 8,
        "room": "new",
        "model": f"md{number % 15}" if number % 2 else None,
        "status": "in-use",
    }


def _address(number: int, key: str) -> Row:
    return {"source_key": f"{key}/ip", "address": f"10.0.0.{number}/24", "port": f"{key}/e"}


def _there() -> list[Row]:
    own = {"memory": 4, "room": "old", "status": "in-use"}
    changed: list[Row] = [{"id": f"1{n:02}", "serial": f"U{n}A", "tag": f"T{n}", **own} for n in range(100)]
    gone: list[Row] = [{"id": f"3{n:02}", "serial": f"G{n}A", **own} for n in range(25)]
    back: list[Row] = [{"id": f"4{n:02}", "serial": f"B{n}A", **own, "status": "retired"} for n in range(15)]
    return [*changed, *gone, *back]


def _links() -> list[Row]:
    base = {"room": "old", "status": "in-use"}
    missing = {"missing_runs": 9, "missing_since": NOW - timedelta(days=9)}
    changed = [link(f"u{n}", f"1{n:02}", **base) for n in range(100)]
    gone = [link(f"g{n}", f"3{n:02}", **base, **missing) for n in range(25)]
    return [*changed, *gone, *(link(f"b{n}", f"4{n:02}", **base, retired_by="sync") for n in range(15))]


@dataclass
class Process:
    """One that dies at one of the moments that it counts; whatever its threads do afterwards does nothing."""

    dies_at: int | None = None
    moments: list[str] = field(default_factory=list)
    dead: bool = False

    def does(self, name: str, act: Callable[[], Any]) -> Any:
        """Do it, unless it is before or after this that the process dies."""
        self._moment(f"before {name}")
        done = act()
        self._moment(f"after {name}")
        return done

    def _moment(self, name: str) -> None:
        self.dead = self.dead or len(self.moments) == self.dies_at
        if self.dead:
            raise Killed
        self.moments.append(name)


@dataclass
class Watched(MemoryTarget):
    """A target that processes write to, one after the other."""

    process: Process = field(default_factory=Process)

    def _request(self, store: Callable[[], Any], *given: Any) -> Any:
        with self.lock:
            return self.process.does("store", lambda: super(Watched, self)._request(store, *given))

    def carry_out(self, plan: Plan, now: Snapshot, log: Log, *, workers: int, dies_at: int | None = None) -> None:
        """Apply a plan, or go on with it, in a new process."""
        self.process = process = Process(dies_at)
        log.recorded.clear()
        apply(
            plan,
            KINDS,
            self,
            done=dict(log.outcomes),
            known=seen(now),
            intended=frozenset(log.intended),
            intend=lambda seqs: process.does("intend", lambda: log.intend(seqs)),
            record=lambda ended: process.does("record", lambda: log.record(ended)),
            workers=workers,
            settling=AT_ONCE,
        )


def target_of(now: Snapshot) -> Watched:
    rows = MemoryTarget.of(KINDS, now.observed).objects
    return Watched(KINDS, rows, size=BATCH)


def contents(target: MemoryTarget) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every object but its version; what is empty is left out."""
    return {
        (kind, target_id): {name: value for name, value in row.items() if name != "version" and value is not None}
        for kind, rows in target.objects.items()
        for target_id, row in rows.items()
    }


@cache
def case() -> tuple[Snapshot, Plan, tuple[str, ...]]:
    """What is synced, the plan, and the moments of an apply of it."""
    now = company()
    plan, target = planned(now), target_of(now)
    target.carry_out(plan, now, Log(), workers=1)
    return now, plan, tuple(target.process.moments)


def test_the_plan_has_something_of_everything() -> None:
    _, plan, moments = case()
    writes = plan.writes
    assert len(writes) >= 500
    assert set(writes["kind"]) == KINDS.keys()
    assert set(writes["op"]) == {"create", "update", "retire", "restore"}
    assert writes[writes["op"] == "update"].duplicated(["kind", "target_id"]).sum() >= 20, "no value goes through another one"
    assert set(moments) == {f"{when} {what}" for when in ("before", "after") for what in ("intend", "store", "record")}


@pytest.mark.parametrize("point", range(KILL_POINTS))
def test_an_apply_that_was_killed_and_started_again_can_be_undone_field_by_field(point: int) -> None:
    now, plan, moments = case()
    target, log = target_of(now), Log()
    before = contents(target)
    workers = 1 if point % 2 else 4
    with pytest.raises(Killed):
        target.carry_out(plan, now, log, workers=workers, dies_at=len(moments) * (2 * point + 1) // (2 * KILL_POINTS))
    target.carry_out(plan, now, log, workers=workers)
    assert set(by_outcome(plan, log.outcomes)) == {"applied"}
    creates = [row for row in p.records(plan.writes) if row["op"] == p.CREATE]
    created = [(row["kind"], str(log.outcomes[row["seq"]].target_id)) for row in creates]
    assert sorted(created) == sorted(contents(target).keys() - before.keys()), "made twice, or taken twice"

    undo = inverse(plan, KINDS, log.outcomes, after=plan.id)
    assert set(by_outcome(undo, applied(undo, target))) == {"applied"}
    after = contents(target)
    assert {where: row for where, row in after.items() if where in before} == before
    assert {after[where]["status"] for where in created if where[0] == "asset"} == {"retired"}
