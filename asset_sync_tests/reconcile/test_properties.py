"""What must hold in every world: generated sources, targets and memories of them, with junk, twins and people's edits."""

import os
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, Settling, apply
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.merge import Owner, Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Grace, Policy, Snapshot
from asset_sync.reconcile.target import APPLIED, Outcome
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.memory import DAY, Killed, MemoryLedger, MemoryTarget
from asset_sync_tests.reconcile.worlds import (
    ADDRESS,
    ASSET,
    KINDS,
    MAKER,
    MODEL,
    NOW,
    OWNERS,
    PORT,
    PRIMARY,
    REFERRED,
    Row,
    desired,
    observed,
    planned,
    snapshot,
)

GRACE = Grace(runs=2, time=DAY)
AT_ONCE = Settling(total=0.0, every=0.0)
# Quick by default; ASSET_SYNC_TEST_EXAMPLES asks for more, and then a failure is made small too.
EXAMPLES = int(os.environ.get("ASSET_SYNC_TEST_EXAMPLES", "12"))
PHASES = [Phase.explicit, Phase.generate] + ([Phase.shrink] if EXAMPLES > 100 else [])
PLENTY = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=PHASES
)

SERIALS = st.sampled_from(["S1A", "S2A", "S3A", "S4A", "S5A", "S6A", "s-1a", "junk", None])
TAGS = st.sampled_from(["T1", "T2", "T3", None, None])
NAMES = st.sampled_from(["pc-1", "PC-1", "pc-2", None])
ROOMS = st.sampled_from(["r1", "r2", "r3", None])
STATUSES = st.sampled_from(["in-use", "in-use", "stored", "retired", None])
MEMORIES = st.sampled_from([4, 8, None])
MAKERS = ("HP", "Dell", "...", "x" * 21)
ADDRESSES = st.sampled_from(["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Snapshot, MemoryLedger]:
    """A world of all kinds: what the source says, what the target holds, and what is remembered."""
    ledger = MemoryLedger(KINDS)
    wanted, there = _machines(draw, ledger)
    _parts(draw, ledger, wanted, there)
    now = snapshot(
        {name: desired(KINDS[name], *rows) for name, rows in wanted.items()},
        {name: observed(KINDS[name], *rows) for name, rows in there.items() if name != PRIMARY.name},
        ledger.links(),
    )
    return _with_facets(now), ledger


def _machines(draw: st.DrawFn, ledger: MemoryLedger) -> tuple[dict[str, list[Row]], dict[str, list[Row]]]:
    makers = draw(st.lists(st.sampled_from(MAKERS), unique=True, max_size=3))
    models: list[Row] = [{"source_key": f"md{n}", "maker": f"mk{n}", "name": "Model"} for n in range(len(makers))]
    known = draw(st.booleans())
    wanted: dict[str, list[Row]] = {
        "maker": [{"source_key": f"mk{n}", "name": name} for n, name in enumerate(makers)],
        "model": models,
        "asset": [_source_machine(draw, f"a{n}", len(makers)) for n in range(draw(st.integers(0, 5)))],
    }
    there: dict[str, list[Row]] = {
        "maker": [{"id": "1", "name": "hp"}] if known else [],
        "model": [{"id": "1", "maker": "1", "name": "model"}] if known and draw(st.booleans()) else [],
        "asset": [_target_machine(draw, str(n)) for n in range(draw(st.integers(0, 5)))],
    }
    tags: set[object] = set()
    for row in there["asset"]:
        assert isinstance(row, dict)
        row["tag"] = None if row["tag"] in tags else row["tag"]
        tags.add(row["tag"])
    keys = draw(st.permutations([f"a{n}" for n in range(5)] + ["gone1", "gone2"]))
    for key, row in zip(keys, there["asset"], strict=False):
        if draw(st.booleans()):
            _link(draw, ledger, "asset", key, row)
    return wanted, there


def _source_machine(draw: st.DrawFn, key: str, models: int) -> Row:
    serial = draw(SERIALS)
    row: dict[str, Any] = {"source_key": key, "serial": serial, "tag": draw(TAGS), "name": draw(NAMES), "room": draw(ROOMS)}
    if serial == "junk":
        row |= {"serial": None, "refused": "serial '0' is junk"}
    model = draw(st.integers(-1, models - 1))
    return row | {"status": draw(st.sampled_from(["in-use", None])), "memory": draw(MEMORIES), "model": _numbered("md", model)}


def _numbered(prefix: str, number: int) -> str | None:
    return f"{prefix}{number}" if number >= 0 else None


def _target_machine(draw: st.DrawFn, target_id: str) -> Row:
    serial = draw(SERIALS)
    return {
        "id": target_id,
        "serial": "0" if serial == "junk" else serial,
        "tag": draw(TAGS),
        "name": draw(NAMES),
        "room": draw(ROOMS),
        "status": draw(STATUSES),
        "memory": draw(MEMORIES),
        "locked": draw(st.sampled_from([None, None, None, "is a rack"])),
    }


def _link(draw: st.DrawFn, ledger: MemoryLedger, kind: str, key: str, row: Row) -> None:
    missing = draw(st.integers(0, 2))
    link: dict[str, Any] = {"source_key": key, "target_id": row["id"], "missing_runs": missing}
    link |= {"missing_since": NOW - DAY * 3 if missing else None, "retired_by": None}
    if kind == "asset":
        link |= {"room": draw(ROOMS), "name": draw(NAMES), "status": draw(st.sampled_from(["in-use", None]))}
        link["retired_by"] = "sync" if row["status"] == "retired" and draw(st.booleans()) else None
    ledger.rows[kind, key] = link


def _parts(draw: st.DrawFn, ledger: MemoryLedger, wanted: dict[str, list[Row]], there: dict[str, list[Row]]) -> None:
    """Give some machines a port, an address on it, and that as their primary one."""
    owners = [str(row["source_key"]) for row in wanted["asset"] if draw(st.booleans())]
    wanted["port"] = [{"source_key": f"{key}/eth0", "asset": key, "name": "eth0"} for key in owners]
    wanted["address"] = [{"source_key": f"{key}/ip", "address": draw(ADDRESSES), "port": f"{key}/eth0"} for key in owners]
    wanted["primary"] = [{"source_key": key, "asset": key, "address": f"{key}/ip"} for key in owners]
    ids = [str(row["id"]) for row in there["asset"] if draw(st.booleans())]
    there["port"] = [{"id": f"10{target_id}", "asset": target_id, "name": "eth0"} for target_id in ids]
    found = draw(st.lists(ADDRESSES, unique=True, max_size=2))
    ports = [f"10{target_id}" for target_id in ids] + [None]
    there["address"] = [{"id": f"20{n}", "address": a, "port": draw(st.sampled_from(ports))} for n, a in enumerate(found)]
    for row, key in zip(there["address"], owners, strict=False):
        if draw(st.booleans()):
            _link(draw, ledger, "address", f"{key}/ip", row)


def _with_facets(now: Snapshot) -> Snapshot:
    facets = MemoryTarget.of(KINDS, now.observed).tables()["primary"]
    return Snapshot(now.desired, now.observed | {"primary": facets}, now.links)


def look(now: Snapshot, ledger: MemoryLedger, target: MemoryTarget) -> Snapshot:
    """Return what a new run sees."""
    return Snapshot(now.desired, target.tables(), ledger.links())


def run(plan: Plan, target: MemoryTarget, done: dict[int, Outcome] | None = None) -> dict[int, Outcome]:
    return apply(
        plan,
        KINDS,
        target,
        done=done or {},
        known=known(target),
        intend=lambda _: None,
        record=lambda _: None,
        workers=1,
        settling=AT_ONCE,
    )


def known(target: MemoryTarget) -> Known:
    """Return what the target has now."""
    return {kind: {i: row["created"] for i, row in rows.items()} for kind, rows in target.objects.items()}


def synced(now: Snapshot, ledger: MemoryLedger, kinds: Kinds = KINDS) -> tuple[Plan, MemoryTarget, dict[int, Outcome]]:
    """Plan, apply, and let the ledger follow."""
    plan, target = planned(now, grace=GRACE, kinds=kinds), MemoryTarget.of(KINDS, now.observed)
    ledger.note_sighting(plan, NOW)
    outcomes = run(plan, target)
    ledger.follow(plan, outcomes)
    return plan, target, outcomes


def held_rows(plan: Plan) -> set[tuple[str, str]]:
    return {(row["kind"], row["source_key"]) for row in p.records(plan.held)}


def contents(target: MemoryTarget) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every object but its version."""
    return {
        (kind, target_id): {name: value for name, value in row.items() if name != "version"}
        for kind, rows in target.objects.items()
        for target_id, row in rows.items()
    }


@PLENTY
@given(worlds())
def test_after_apply_the_target_says_what_the_source_says(world: tuple[Snapshot, MemoryLedger]) -> None:
    now, ledger = world
    before = contents(MemoryTarget.of(KINDS, now.observed))
    remembered = {where: dict(row) for where, row in ledger.rows.items()}
    plan, target, outcomes = synced(now, ledger)
    assert [outcome for outcome in outcomes.values() if outcome.outcome != APPLIED] == []
    held = held_rows(plan)
    for name in ("maker", "model", "asset", "port", "address"):
        for row in _plain(now.desired[name]):
            where = (name, row["source_key"])
            if where not in held:
                assert where in ledger.rows, f"{where} is neither held nor an object of ours"
                target_id = ledger.rows[where]["target_id"]
                was = remembered.get(where)
                base = was if was and was["target_id"] == target_id else None
                _check(name, row, target.objects[name][target_id], before.get((name, target_id)), base, ledger)


def _check(kind: str, row: Row, there: Row, before: Row | None, base: Row | None, ledger: MemoryLedger) -> None:
    for name, ownership in OWNERS[kind].items():
        wanted = row[name]
        to = KINDS[kind].field(name).to
        if wanted is not None and to is not None:
            if (to, wanted) not in ledger.rows:
                continue  # it is held itself, so that nothing can refer to it yet
            wanted = ledger.rows[to, wanted]["target_id"]
        if wanted is None:
            assert before is None or name == "status" or there[name] == before[name]
        elif before is None or ownership.owner == "source":
            assert there[name] == wanted, (kind, name)
        elif ownership.owner == "initial":
            assert there[name] == before[name]
        elif name != "status" and (base[name] if base else None) == before[name]:
            assert there[name] == wanted  # nobody changed what was applied last, or there is nothing yet
        else:
            assert there[name] in (wanted, before[name])


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


@PLENTY
@given(worlds())
def test_planning_again_gives_no_writes_for_what_was_not_held_and_then_none_at_all(
    world: tuple[Snapshot, MemoryLedger],
) -> None:
    now, ledger = world
    plan, target, _ = synced(now, ledger)
    again = planned(look(now, ledger, target), grace=GRACE)
    repeated = {(row["kind"], row["source_key"]) for row in p.records(again.writes)}
    assert repeated <= held_rows(plan)
    # What was held may be free once the others are done; it comes to rest.
    for _ in range(4):
        ledger.note_sighting(again, NOW)
        ledger.follow(again, run(again, target))
        again = planned(look(now, ledger, target), grace=GRACE)
    assert again.writes.empty
    assert (again.operations["op"] == p.CLAIM).sum() == 0
    assert (again.operations["op"] == p.SEEN).sum() == 0


@PLENTY
@given(worlds())
@pytest.mark.slow
def test_it_comes_to_rest_where_lookups_are_made_only_when_needed(world: tuple[Snapshot, MemoryLedger]) -> None:
    now, ledger = world
    _, target, _ = synced(now, ledger, REFERRED)
    for _ in range(5):
        again = planned(look(now, ledger, target), grace=GRACE, kinds=REFERRED)
        ledger.note_sighting(again, NOW)
        ledger.follow(again, run(again, target))
    assert again.writes.empty
    assert (again.operations["op"] == p.CLAIM).sum() == 0


@PLENTY
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_changes_the_plan(world: tuple[Snapshot, MemoryLedger], random: Any) -> None:
    now, _ = world

    def shuffled(table: pd.DataFrame) -> pd.DataFrame:
        rows = list(range(len(table)))
        random.shuffle(rows)
        return table.iloc[rows] if random.random() < 0.5 else table.iloc[rows].reset_index(drop=True)

    sides = [{name: shuffled(table) for name, table in side.items()} for side in (now.desired, now.observed, now.links)]
    first, second = planned(now, grace=GRACE), planned(Snapshot(sides[0], sides[1], sides[2]), grace=GRACE)
    assert p.records(first.operations) == p.records(second.operations)
    assert first.id == second.id


@PLENTY
@given(worlds())
def test_nothing_out_of_scope_is_ever_touched(world: tuple[Snapshot, MemoryLedger]) -> None:
    now, ledger = world
    linked = {(kind, row["target_id"]) for (kind, _), row in ledger.rows.items()}
    all_before = MemoryTarget.of(KINDS, now.observed).objects
    plan, target, _ = synced(now, ledger)
    claimed = {(row["kind"], row["target_id"]) for row in p.records(plan.operations) if row["op"] == p.CLAIM}
    for kind, rows in all_before.items():
        for target_id, row in rows.items():
            if (kind, target_id) not in linked | claimed or row["locked"]:
                assert target.objects[kind][target_id] == row
            assert target_id in target.objects[kind], "nothing is ever deleted"


@PLENTY
@given(worlds())
def test_undo_gives_every_old_value_back(world: tuple[Snapshot, MemoryLedger]) -> None:
    now, ledger = world
    before = contents(MemoryTarget.of(KINDS, now.observed))
    plan, target, outcomes = synced(now, ledger)
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert {outcome.outcome for outcome in run(undo, target).values()} <= {APPLIED}
    after = contents(target)
    for where, row in before.items():
        assert {name: value for name, value in after[where].items() if value is not None} == {
            name: value for name, value in row.items() if value is not None
        }


@PLENTY
@given(worlds(), st.sampled_from(["source", "shared", "initial"]))
def test_only_creates_that_nothing_written_refers_to_are_left_out(world: tuple[Snapshot, MemoryLedger], owner: Owner) -> None:
    policy = Policy({**OWNERS, "asset": {**OWNERS["asset"], "model": Ownership(owner)}})
    now, _ = world
    every = _operations(planned(now, policy=policy, grace=GRACE))
    needed = _operations(planned(now, policy=policy, grace=GRACE, kinds=REFERRED))
    assert [row for row in every if row in needed] == needed
    assert {(row["kind"], row["op"]) for row in every if row not in needed} <= {("maker", "create"), ("model", "create")}
    created = {(row["kind"], row["key"]) for row in needed if row["op"] == p.CREATE and row["hold"] is None}
    referred = {to for row in needed if row["op"] in p.WRITES and row["hold"] is None for to in _new_references(row)}
    assert {to for to in created if REFERRED[to[0]].referred} == {to for to in referred if REFERRED[to[0]].referred}
    assert referred <= created


def _operations(plan: Plan) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seq"} for row in p.records(plan.operations)]


def _new_references(row: Row) -> list[tuple[str, str]]:
    news = [change["new"] for change in p.decode(row["changes"]).values()]
    return [(new["kind"], new["key"]) for new in news if isinstance(new, dict) and new["id"] is None]


FAULTS = st.lists(
    st.sampled_from(["fine", "refused", "stale", "lost", "lost-stored", "lost-late", "broken", "killed", "killed-stored"]),
    max_size=12,
)


@PLENTY
@given(worlds(), FAULTS)
def test_whatever_fails_every_operation_has_one_outcome_and_a_restart_converges(
    world: tuple[Snapshot, MemoryLedger], faults: list[str]
) -> None:
    now, _ = world
    plan = planned(now, grace=GRACE)
    plain = MemoryTarget.of(KINDS, now.observed)
    run(plan, plain)
    target = MemoryTarget.of(KINDS, now.observed, faults=lambda n: faults[n] if n < len(faults) else "fine")
    recorded: dict[int, Outcome] = {}
    intended: set[int] = set()
    saw = known(target)

    def record(ended: Sequence[Outcome]) -> None:
        recorded.update({outcome.seq: outcome for outcome in ended})
        intended.difference_update(recorded)

    for _ in range(len(faults) + 2):
        try:
            outcomes = apply(
                plan,
                KINDS,
                target,
                done=dict(recorded),
                known=saw,
                intended=frozenset(intended),
                intend=intended.update,
                record=record,
                workers=1,
                settling=AT_ONCE,
            )
        except (TargetError, Killed):
            continue
        assert sorted(outcomes) == plan.writes.index.tolist()
        assert outcomes == recorded
    assert {outcome.outcome for outcome in recorded.values()} <= {"applied"}
    assert _told(target) == _told(plain)


def _told(target: MemoryTarget) -> list[str]:
    """Return the objects in words that do not depend on the ids that the target gave."""
    words = {(kind, i): _name(row) for kind, rows in target.objects.items() for i, row in rows.items()}
    found = []
    for kind, rows in target.objects.items():
        references = {f.name: str(f.to) for f in KINDS[kind].references} | {"primary.address": "address"}
        for row in rows.values():
            shown = {n: words.get((references[n], v), v) if n in references else v for n, v in row.items()}
            found.append(f"{kind} {sorted((n, str(v)) for n, v in shown.items() if n not in {'id', 'key', 'version'} and v)}")
    return sorted(found)


def _name(row: Row) -> str:
    return str([row.get(name) for name in ("serial", "tag", "name", "address", "room", "memory")])


def test_the_generated_worlds_have_something_of_everything() -> None:
    seen: set[str] = set()

    @settings(PLENTY, max_examples=15, database=None)
    @given(worlds())
    def collect(world: tuple[Snapshot, MemoryLedger]) -> None:
        plan = planned(world[0], grace=GRACE)
        seen.update(row["op"] + (" held" if row["hold"] else "") for row in p.records(plan.operations))

    collect()
    assert seen >= {"create", "update", "claim", "quarantine held", "retire held"}


def test_the_kinds_of_the_worlds_are_all_generated() -> None:
    assert set(KINDS) == {kind.name for kind in (MAKER, MODEL, ASSET, PORT, ADDRESS, PRIMARY)}
