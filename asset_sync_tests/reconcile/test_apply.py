"""Apply against a target in memory that fails as it is told to."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Settling, apply
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.target import Answer, Declined, Deferred, Outcome, Write
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
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
    planned,
    snapshot,
)

AT_ONCE = Settling(total=0.0, every=0.0)


@dataclass
class Log:
    """What apply recorded, in a thread of its own choice."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    threads: set[int] = field(default_factory=set)
    most: int = 10**9

    def __call__(self, ended: Sequence[Outcome]) -> None:
        self.threads.add(threading.get_ident())
        for outcome in ended:
            assert outcome.seq not in self.outcomes, "an outcome was recorded twice"
            self.outcomes[outcome.seq] = outcome


def carried_out(plan: Plan, target: MemoryTarget, log: Log | None = None, workers: int = 1) -> dict[str, list[str]]:
    """Apply the plan; return the keys by outcome, having checked that there is one outcome a row."""
    log = log if log is not None else Log()
    done = dict(log.outcomes)
    log.outcomes.clear()
    outcomes = apply(plan, KINDS, target, done=done, record=log, workers=workers, settling=AT_ONCE)
    assert sorted(outcomes) == plan.writes.index.tolist()
    assert log.outcomes.items() <= outcomes.items()
    log.outcomes |= outcomes
    return by_outcome(plan, outcomes)


def by_outcome(plan: Plan, outcomes: dict[int, Outcome]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in p.records(plan.writes):
        if row["seq"] in outcomes:
            found.setdefault(outcomes[row["seq"]].outcome, []).append(row["key"])
    return found


def details(plan: Plan, log: Log) -> dict[str, str | None]:
    return {row["key"]: log.outcomes[row["seq"]].detail for row in p.records(plan.writes)}


def fleet(count: int) -> Snapshot:
    """Some machines that are there and need more memory, and as many that are not there."""
    wanted: list[Row] = [{"source_key": f"u{n}", "serial": f"S{n}A", "memory": 8} for n in range(count)]
    wanted += [{"source_key": f"c{n}", "serial": f"N{n}A", "memory": 8} for n in range(count)]
    there: list[Row] = [{"id": str(n), "serial": f"S{n}A", "memory": 4} for n in range(count)]
    remembered: list[Row] = [link(f"u{n}", str(n)) for n in range(count)]
    return snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(*remembered)})


def target_of(now: Snapshot, faults: Callable[[int], str] = lambda _: "fine", **more: object) -> MemoryTarget:
    return MemoryTarget.of(KINDS, now.observed, faults=faults, **more)


def at(*numbers: int, fault: str) -> Callable[[int], str]:
    """Return faults for the requests of those numbers."""
    return lambda number: fault if number in numbers else "fine"


def serials(target: MemoryTarget) -> list[str]:
    return sorted(row["serial"] for row in target.objects["asset"].values())


UPDATES, CREATES = ["u0", "u1", "u2", "u3"], ["c0", "c1", "c2", "c3"]
ALL = [*UPDATES, *CREATES]
WANTED = sorted([f"S{n}A" for n in range(4)] + [f"N{n}A" for n in range(4)])


def memories(target: MemoryTarget) -> set[int | None]:
    return {row["memory"] for row in target.objects["asset"].values()}


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_is_applied_in_batches(workers: int) -> None:
    now = fleet(4)
    target, log = target_of(now), Log()
    plan = planned(now)
    assert carried_out(plan, target, log, workers) == {"applied": ALL}
    assert serials(target) == WANTED
    assert memories(target) == {8}
    assert target.requests == 4
    assert log.threads == {threading.get_ident()}
    assert all(outcome.target_id and outcome.version for outcome in log.outcomes.values())


def test_held_rows_and_claims_are_not_written() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "name": "n" * 31}]
    now = snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, {"id": "1", "serial": "S1"})})
    target = target_of(now)
    assert carried_out(planned(now), target) == {}
    assert target.requests == 0


def test_a_second_apply_of_the_same_plan_writes_nothing() -> None:
    now = fleet(4)
    target, log = target_of(now), Log()
    plan = planned(now)
    carried_out(plan, target, log)
    before, requests = target.objects["asset"].copy(), target.requests
    assert carried_out(plan, target, log) == {"applied": ALL}
    assert target.requests == requests
    assert target.objects["asset"] == before


def test_a_second_apply_that_remembers_nothing_finds_everything_done() -> None:
    now = fleet(4)
    target = target_of(now)
    plan = planned(now)
    carried_out(plan, target)
    assert carried_out(plan, target) == {"already": ALL}
    assert serials(target) == WANTED


@pytest.mark.parametrize("names_rows", [True, False])
def test_the_row_that_the_target_refuses_fails_alone_with_the_targets_words(names_rows: bool) -> None:
    now = fleet(4)
    why = "memory is more than the board takes"
    target = target_of(
        now, size=8, names_rows=names_rows, refuses=lambda _, row: why if row["serial"] in {"S1A", "N2A"} else None
    )
    log = Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {
        "applied": [key for key in ALL if key not in {"u1", "c2"}],
        "failed": ["u1", "c2"],
    }
    assert details(plan, log)["u1"] == why


class Piecemeal(MemoryTarget):
    """A target that stores what it likes of a batch: it declines some serials, and does others later by itself."""

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        told: dict[str, Answer] = {"N1A": Declined("no such socket"), "N2A": Deferred("ordered as #7")}
        answers = {write.seq: told[write.values["serial"]] for write in writes if write.values["serial"] in told}
        return {**answers, **super().create(kind, [write for write in writes if write.seq not in answers], message)}


def test_a_batch_may_be_stored_in_part_and_what_is_not_is_told_row_by_row() -> None:
    now = fleet(4)
    target, log = Piecemeal.of(KINDS, now.observed, size=8), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {
        "applied": [key for key in ALL if key not in {"c1", "c2"}],
        "failed": ["c1"],
        "deferred": ["c2"],
    }
    assert (details(plan, log)["c1"], details(plan, log)["c2"]) == ("no such socket", "ordered as #7")
    assert target.requests == 2


def test_what_was_deferred_is_found_done_by_a_second_apply_once_the_target_did_it() -> None:
    now = fleet(4)
    target, log = Piecemeal.of(KINDS, now.observed, size=8), Log()
    plan = planned(now)
    carried_out(plan, target, log)
    done_by_itself = {"id": "77", "key": "#77", "version": "v1", "locked": None, "serial": "N2A", "memory": 8}
    target.objects["asset"]["77"] = dict.fromkeys(f.name for f in ASSET.fields) | done_by_itself
    assert carried_out(plan, target, log)["already"] == ["c2"]


def test_a_batch_that_is_refused_as_a_whole_is_halved_and_goes_through() -> None:
    now = fleet(4)
    assert carried_out(planned(now), target_of(now, at(0, 1, 5, fault="refused"), size=8)) == {"applied": ALL}


def test_what_failed_is_tried_again_at_the_next_apply() -> None:
    now = fleet(2)
    target = target_of(now, refuses=lambda *_: "no")
    log = Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"failed": ["u0", "u1", "c0", "c1"]}
    target.refuses = lambda *_: None
    assert carried_out(plan, target, log) == {"applied": ["u0", "u1", "c0", "c1"]}


def test_a_value_that_changed_since_the_plan_is_a_conflict_not_an_overwrite() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now), Log()
    target.edit("asset", "1", memory=64)
    assert carried_out(plan, target, log) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}
    assert details(plan, log)["u1"] == "memory is 64 now, the plan saw 4"
    assert target.objects["asset"]["1"]["memory"] == 64


def test_another_value_that_changed_since_the_plan_is_no_conflict() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    target.edit("asset", "1", room="moved")
    assert carried_out(plan, target) == {"applied": ["u0", "u1", "c0", "c1"]}
    assert (target.objects["asset"]["1"]["memory"], target.objects["asset"]["1"]["room"]) == (8, "moved")


def test_a_person_who_did_the_same_in_the_meantime_has_done_it_already() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    target.edit("asset", "0", memory=8)
    assert carried_out(plan, target) == {"already": ["u0"], "applied": ["u1", "c0", "c1"]}


def test_an_object_that_is_gone_since_the_plan_is_a_conflict() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    del target.objects["asset"]["1"]
    assert carried_out(plan, target) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}


def test_an_object_that_is_gone_while_others_changed_is_a_conflict_too() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now, at(0, fault="stale")), Log()
    del target.objects["asset"]["1"]
    assert carried_out(plan, target, log) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}
    assert details(plan, log)["u1"] == "asset #1 is gone from the target"


def test_objects_that_somebody_keeps_changing_are_given_up() -> None:
    now = fleet(1)
    target, log = target_of(now, lambda n: "stale" if n < 5 else "fine"), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"conflict": ["u0"], "applied": ["c0"]}
    assert details(plan, log)["u0"] == "somebody keeps changing the object"


def test_what_somebody_made_since_the_plan_is_taken_if_equal_and_a_conflict_if_not() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now), Log()
    made = {"key": "x", "version": "v1", "locked": None} | {f.name: None for f in ASSET.fields}
    target.objects["asset"]["71"] = made | {"id": "71", "serial": "N0A", "memory": 8}
    target.objects["asset"]["72"] = made | {"id": "72", "serial": "N1A", "memory": 2}
    assert carried_out(plan, target, log) == {"applied": ["u0", "u1"], "already": ["c0"], "conflict": ["c1"]}
    assert details(plan, log)["c1"] == "exists since the plan as #72, with memory 2 in place of 8"
    assert len(target.objects["asset"]) == 4


def test_the_name_of_a_machine_that_the_plan_knew_does_not_stop_a_new_one_of_that_name() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "pc", "memory": 8}, {"source_key": "b", "name": "other", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "name": "pc", "serial": "S1"}]
    now = snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(link("b", "1"))})
    target, log = target_of(now), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"applied": ["a"]}
    assert carried_out(plan, target) == {"already": ["a"]}
    assert len(target.objects["asset"]) == 2


@pytest.mark.parametrize("fault", ["lost", "lost-stored", "lost-late"])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_write_of_unknown_fate_is_settled_and_never_done_twice(fault: str, number: int) -> None:
    now = fleet(4)
    target = target_of(now, at(number, fault=fault))
    assert carried_out(planned(now), target) == {"applied": ALL}
    assert serials(target) == WANTED
    assert memories(target) == {8}


def test_a_write_that_is_lost_for_ever_fails_and_says_so() -> None:
    now = fleet(2)
    target, log = target_of(now, lambda _: "lost"), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"failed": ["u0", "u1", "c0", "c1"]}
    assert set(details(plan, log).values()) == {"unknown, and not there since: timed out"}


def test_a_batch_of_which_a_part_was_made_by_somebody_is_settled_row_by_row() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now, at(1, fault="lost"), size=2)
    made = {"key": "x", "version": "v1", "locked": None} | {f.name: None for f in ASSET.fields}
    target.objects["asset"]["71"] = made | {"id": "71", "serial": "N0A", "memory": 2}
    assert carried_out(plan, target) == {"applied": ["u0", "u1", "c1"], "conflict": ["c0"]}


@pytest.mark.parametrize("fault", ["killed", "killed-stored"])
@pytest.mark.parametrize("number", range(4))
def test_a_killed_apply_is_started_again_and_ends_as_if_nothing_had_been(fault: str, number: int) -> None:
    now = fleet(4)
    target, log = target_of(now, at(number, fault=fault)), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log)
    found = carried_out(plan, target, log)
    assert sorted(found.get("applied", []) + found.get("already", [])) == sorted(ALL)
    assert serials(target) == WANTED
    assert memories(target) == {8}


def test_an_unreachable_target_raises_and_what_ended_before_is_kept() -> None:
    now = fleet(4)
    target, log = target_of(now, lambda n: "broken" if n >= 3 else "fine"), Log()
    plan = planned(now)
    with pytest.raises(TargetError, match="unreachable"):
        carried_out(plan, target, log)
    assert by_outcome(plan, log.outcomes) == {"applied": [*UPDATES, "c0", "c1"]}
    target.faults = lambda _: "fine"
    assert carried_out(plan, target, log) == {"applied": ALL}


def test_an_unreachable_target_is_not_asked_again_for_every_batch_that_is_left() -> None:
    now = fleet(40)
    target = target_of(now, lambda _: "broken")
    with pytest.raises(TargetError):
        carried_out(planned(now), target)
    assert target.requests < 5


def test_a_half_of_a_batch_that_was_stored_before_the_target_broke_is_kept() -> None:
    now = fleet(4)
    faults = {0: "refused", 1: "fine", 2: "broken"}
    target, log = target_of(now, lambda n: faults.get(n, "fine"), size=4), Log()
    plan = planned(now)
    with pytest.raises(TargetError, match="unreachable"):
        carried_out(plan, target, log)
    assert by_outcome(plan, log.outcomes) == {"applied": ["u0", "u1"]}


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


def test_references_get_the_ids_of_what_was_created_before() -> None:
    now = household()
    target = target_of(now)
    assert carried_out(planned(now), target) == {"applied": ["dell", "hp", "md", "me", "a", "b", "p", "ip", "a"]}
    (model,) = [row for row in target.objects["model"].values() if row["name"] == "ProBook"]
    assert target.objects["maker"][model["maker"]]["name"] == "HP"
    assert len(target.created) == 8


def test_a_facet_of_a_newly_created_parent_is_written_to_that() -> None:
    now = household()
    target = target_of(now)
    carried_out(planned(now), target)
    (address,) = target.objects["address"]
    (machine,) = [row for row in target.objects["asset"].values() if row["serial"] == "S1"]
    assert machine["primary.address"] == address


def test_what_needs_something_that_was_not_created_is_skipped_and_says_why() -> None:
    now = household()
    target, log = target_of(now, refuses=lambda _, row: "no HP here" if row.get("name") == "HP" else None), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {
        "failed": ["hp"],
        "applied": ["dell", "me", "b"],
        "skipped": ["md", "a", "p", "ip", "a"],
    }
    assert details(plan, log)["md"] == "needs maker 'hp', which was not created"
    target.refuses = lambda *_: None
    found = carried_out(plan, target, log)
    assert set(found) == {"applied"}


def test_what_somebody_created_since_the_plan_serves_as_well() -> None:
    now = household()
    plan = planned(now)
    target = target_of(now)
    target.objects["maker"] = {
        "5": {"id": "5", "key": "hp", "version": "v1", "locked": None, "name": "HP", "slug": None},
    }
    found = carried_out(plan, target)
    assert found["already"] == ["hp"]
    assert {row["maker"] for row in target.objects["model"].values()} > {"5"}


def test_the_default_settling_outlasts_a_slow_server() -> None:
    assert Settling().total >= 30
