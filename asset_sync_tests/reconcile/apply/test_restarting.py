"""A killed apply, started again."""

from collections.abc import Sequence

import pandas as pd
import pytest

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Write
from asset_sync_tests.reconcile.apply.runs import (
    ALL,
    WANTED,
    Log,
    at,
    carried_out,
    fleet,
    memories,
    put,
    seen,
    serials,
    target_of,
    twins,
)
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
from asset_sync_tests.reconcile.worlds import KINDS, planned


@pytest.mark.parametrize("fault", ["killed", "killed-stored"])
@pytest.mark.parametrize("number", range(4))
def test_a_killed_apply_is_started_again_and_ends_as_if_nothing_had_been(fault: str, number: int) -> None:
    now = fleet(4)
    target, log = target_of(now, at(number, fault=fault)), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log)
    assert carried_out(plan, target, log) == {"applied": ALL}
    assert serials(target) == WANTED
    assert memories(target) == {8}


@pytest.mark.parametrize("fault", ["killed", "killed-stored"])
@pytest.mark.parametrize("size", [1, 2, 8])
@pytest.mark.parametrize("workers", [1, 4])
def test_machines_of_the_same_values_are_paired_with_what_was_stored(fault: str, size: int, workers: int) -> None:
    now = twins(6, there=1)
    target, log = target_of(now, at(1 if size < 8 else 0, fault=fault), size=size), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log, known=seen(now), workers=workers)
    assert carried_out(plan, target, log, known=seen(now), workers=workers) == {"applied": [f"a{n}" for n in range(1, 6)]}
    assert {outcome.target_id for outcome in log.outcomes.values()} | {"0"} == target.objects["asset"].keys()
    assert len(target.objects["asset"]) == 6


def test_what_was_stored_in_part_before_the_kill_is_completed() -> None:
    now = twins(4)
    target, log = target_of(now, size=8), Log()
    plan = planned(now)
    log.intend(plan.writes.index.tolist())
    for target_id in ("71", "72"):
        put(target, "asset", target_id, name="localhost", room="r1", memory=4)
    assert carried_out(plan, target, log, known=seen(now)) == {"applied": [f"a{n}" for n in range(4)]}
    assert len(target.objects["asset"]) == 4
    assert {"71", "72"} <= {outcome.target_id for outcome in log.outcomes.values()}


def test_what_was_never_sent_and_is_so_all_the_same_was_so_before() -> None:
    now = fleet(4)
    target, log = target_of(now, at(0, fault="killed"), size=2), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log)
    assert log.intended == set(plan.writes.index[:2])
    target.edit("asset", "0", memory=8)
    target.edit("asset", "2", memory=8)
    put(target, "asset", "71", serial="N0A", memory=8)
    assert carried_out(plan, target, log, known=seen(now)) == {
        "applied": ["u0", "u1", "u3", "c1", "c2", "c3"],
        "already": ["u2", "c0"],
    }


def test_what_a_restart_finds_has_its_version_and_when_it_was_made() -> None:
    now = fleet(1)
    target, log = target_of(now, at(1, fault="killed-stored")), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log)
    ((_, made),) = target.created
    target.objects["asset"][made] |= {"created": "2026-11-26", "version": "v7"}
    assert carried_out(plan, target, log) == {"applied": ["u0", "c0"]}
    found = log.outcomes[plan.writes.index[1]]
    assert (found.target_id, found.version, found.created) == (made, "v7", "2026-11-26")


def test_what_somebody_edited_of_a_stored_object_before_the_restart_is_not_made_twice() -> None:
    now = twins(1)
    target, log = target_of(now, at(0, fault="killed-stored")), Log()
    plan = planned(now)
    with pytest.raises(Killed):
        carried_out(plan, target, log)
    target.edit("asset", target.created[0][1], room="r9")
    assert carried_out(plan, target, log) == {"conflict": ["a0"]}
    assert len(target.objects["asset"]) == 1


def test_what_the_target_refused_before_is_not_the_plans_where_somebody_made_it_since() -> None:
    now = fleet(1)
    target, log = target_of(now, refuses=lambda _, row: "no such site" if row["serial"] == "N0A" else None), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"applied": ["u0"], "failed": ["c0"]}
    put(target, "asset", "71", serial="N0A", memory=8)
    assert carried_out(plan, target, log, known=seen(now)) == {"applied": ["u0"], "already": ["c0"]}


def test_a_restart_waits_for_what_the_target_stores_late() -> None:
    now = twins(2)
    target, log = Late.of(KINDS, now.observed), Log()
    plan = planned(now)
    log.intend(plan.writes.index.tolist())
    assert carried_out(plan, target, log) == {"applied": ["a0", "a1"]}
    assert len(target.objects["asset"]) == 2


class Late(MemoryTarget):
    """A target that is still busy with the batch of a process that was killed, and stores it at the second look."""

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        if self.reads == 1:
            super().create(kind, writes, "the batch of before")
        return super().find(kind, writes)
