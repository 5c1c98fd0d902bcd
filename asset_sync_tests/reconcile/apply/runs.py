"""Plans carried out against a target in memory, with a log in the ledger's place."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, Settling, apply, known_objects
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.reconcile.memory import MemoryTarget
from asset_sync_tests.reconcile.worlds import (
    ADDRESS,
    ASSET,
    KINDS,
    MAKER,
    MODEL,
    PORT,
    PRIMARY,
    Row,
    desired,
    link,
    links,
    observed,
    snapshot,
)

AT_ONCE = Settling(total=0.0, every=0.0)


@dataclass
class Log:
    """What apply intended and recorded, in a thread of its own choice: an outcome closes an intent."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    intended: set[int] = field(default_factory=set)
    threads: set[int] = field(default_factory=set)
    recorded: set[int] = field(default_factory=set)

    def intend(self, seqs: Sequence[int]) -> None:
        assert seqs, "an intent of nothing"
        self.intended |= set(seqs)

    def record(self, ended: Sequence[Outcome]) -> None:
        self.threads.add(threading.get_ident())
        for outcome in ended:
            assert outcome.seq not in self.recorded, "an outcome was recorded twice"
            self.recorded.add(outcome.seq)
            self.intended.discard(outcome.seq)
            self.outcomes[outcome.seq] = outcome


def applied(
    plan: Plan, target: MemoryTarget, log: Log | None = None, *, known: Known | None = None, workers: int = 1
) -> dict[int, Outcome]:
    """Apply the plan, or go on with it; return the outcomes, having checked that there is one a row.

    What the plan saw is what the target has, but for what was created by requests, unless it is said.
    """
    log = log if log is not None else Log()
    log.recorded.clear()
    outcomes = apply(
        plan,
        target.kinds,
        target,
        done=dict(log.outcomes),
        known=known if known is not None else _not_created(target),
        intended=frozenset(log.intended),
        intend=log.intend,
        record=log.record,
        workers=workers,
        settling=AT_ONCE,
    )
    assert sorted(outcomes) == plan.writes.index.tolist()
    assert outcomes == log.outcomes
    assert not log.intended
    return outcomes


def carried_out(
    plan: Plan, target: MemoryTarget, log: Log | None = None, *, known: Known | None = None, workers: int = 1
) -> dict[str, list[str]]:
    """Apply the plan, or go on with it; return the keys by outcome."""
    return by_outcome(plan, applied(plan, target, log, known=known, workers=workers))


def _not_created(target: MemoryTarget) -> Known:
    created = set(target.created)
    return {
        kind: {i: row["created"] for i, row in rows.items() if (kind, i) not in created}
        for kind, rows in target.objects.items()
    }


def seen(now: Snapshot) -> Known:
    """Return the objects that a plan of this snapshot knows."""
    return known_objects(now.observed, {})


def by_outcome(plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in p.records(plan.writes):
        if row["seq"] in outcomes:
            found.setdefault(outcomes[row["seq"]].outcome, []).append(row["key"])
    return found


def details(plan: Plan, log: Log) -> dict[str, str | None]:
    return {row["key"]: log.outcomes[row["seq"]].detail for row in p.records(plan.writes)}


UPDATES, CREATES = ["u0", "u1", "u2", "u3"], ["c0", "c1", "c2", "c3"]
ALL = [*UPDATES, *CREATES]
WANTED = sorted([f"S{n}A" for n in range(4)] + [f"N{n}A" for n in range(4)])
"""The keys of a fleet of four, and its serials."""


def fleet(count: int) -> Snapshot:
    """Some machines that are there and need more memory, and as many that are not there."""
    wanted: list[Row] = [{"source_key": f"u{n}", "serial": f"S{n}A", "memory": 8} for n in range(count)]
    wanted += [{"source_key": f"c{n}", "serial": f"N{n}A", "memory": 8} for n in range(count)]
    there: list[Row] = [{"id": str(n), "serial": f"S{n}A", "memory": 4} for n in range(count)]
    remembered: list[Row] = [link(f"u{n}", str(n)) for n in range(count)]
    return snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(*remembered)})


def household() -> Snapshot:
    """One of each kind, each on the one before, nothing of it there yet."""
    return snapshot(
        {
            "maker": desired(MAKER, {"source_key": "hp", "name": "HP"}, {"source_key": "dell", "name": "Dell"}),
            "model": desired(
                MODEL,
                {"source_key": "md", "maker": "hp", "name": "ProBook"},
                {"source_key": "me", "maker": "dell", "name": "Latitude"},
            ),
            "asset": desired(
                ASSET,
                {"source_key": "a", "serial": "S1", "model": "md"},
                {"source_key": "b", "serial": "S2", "model": "me"},
            ),
            "port": desired(PORT, {"source_key": "p", "asset": "a", "name": "eth0"}),
            "address": desired(ADDRESS, {"source_key": "ip", "address": "10.0.0.1/24", "port": "p"}),
            "primary": desired(PRIMARY, {"source_key": "a", "asset": "a", "address": "ip"}),
        },
        {},
    )


def twins(count: int, *, there: int = 0) -> Snapshot:
    """Machines of the same values, none of which identifies one; the first of them are there, and linked."""
    row = {"name": "localhost", "room": "r1", "memory": 4}
    wanted: list[Row] = [{"source_key": f"a{n}", **row} for n in range(count)]
    present: list[Row] = [{"id": str(n), **row} for n in range(there)]
    remembered = links(*(link(f"a{n}", str(n), name="localhost", room="r1") for n in range(there)))
    return snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *present)}, {"asset": remembered})


def plan_of(*rows: tuple[str | None, ...]) -> Plan:
    """Return a plan of those operations, in their order."""
    return Plan("test", "normal", p.operations_table(list(rows)))


def operation(
    op: str,
    key: str,
    target_id: str | None = None,
    version: str | None = None,
    *,
    kind: str = "asset",
    step: str | None = None,
    hold: str | None = None,
    **changes: tuple[object, object],
) -> tuple[str | None, ...]:
    """Return an operation of a plan that gives fields new values: `field=(old, new)`."""
    told = {name: {"old": old, "new": new, "owner": "source", "reason": "test"} for name, (old, new) in changes.items()}
    return (kind, op, key, key, target_id, version, p.encode(told), "test", hold, None, step, None)


def target_of(now: Snapshot, faults: Callable[[int], str] = lambda _: "fine", **more: object) -> MemoryTarget:
    return MemoryTarget.of(KINDS, now.observed, faults=faults, **more)


def at(*numbers: int, fault: str) -> Callable[[int], str]:
    """Return faults for the requests of those numbers."""
    return lambda number: fault if number in numbers else "fine"


def put(target: MemoryTarget, kind: str, target_id: str, **values: object) -> None:
    """Make an object as a person does."""
    own = {"id": target_id, "key": f"#{target_id}", "version": "v1", "created": None, "locked": None}
    target.objects.setdefault(kind, {})[target_id] = {**dict.fromkeys(f.name for f in KINDS[kind].fields), **own, **values}


def serials(target: MemoryTarget) -> list[str]:
    return sorted(row["serial"] for row in target.objects["asset"].values())


def memories(target: MemoryTarget) -> set[int | None]:
    return {row["memory"] for row in target.objects["asset"].values()}
