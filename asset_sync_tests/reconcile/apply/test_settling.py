"""Writes of unknown fate."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest

from asset_sync.reconcile.apply import Settling
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Answer, OutcomeUnknown, Write
from asset_sync_tests.reconcile.apply.runs import (
    ALL,
    WANTED,
    Log,
    at,
    carried_out,
    details,
    fleet,
    memories,
    put,
    seen,
    serials,
    target_of,
    twins,
)
from asset_sync_tests.reconcile.memory import MemoryTarget
from asset_sync_tests.reconcile.worlds import KINDS, planned


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
    put(target, "asset", "71", serial="N0A", memory=2)
    assert carried_out(plan, target, known=seen(now)) == {"applied": ["u0", "u1", "c1"], "conflict": ["c0"]}


def test_the_default_settling_outlasts_a_slow_server() -> None:
    assert Settling().total >= 30


@pytest.mark.parametrize("fault", ["lost", "lost-stored", "lost-late"])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_machines_of_the_same_values_are_settled_one_to_one(fault: str, size: int) -> None:
    now = twins(5, there=1)
    target = target_of(now, at(0, 2, fault=fault), size=size)
    plan, log = planned(now), Log()
    assert carried_out(plan, target, log, known=seen(now)) == {"applied": ["a1", "a2", "a3", "a4"]}
    assert {outcome.target_id for outcome in log.outcomes.values()} | {"0"} == target.objects["asset"].keys()
    assert len(target.objects["asset"]) == 5


class Late(MemoryTarget):
    """A target that answers nothing, and stores the first batch much later."""

    comes_late: Callable[[], object]

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        if self.requests:
            raise OutcomeUnknown("timed out")
        self.requests = 1
        self.comes_late = partial(super().create, kind, writes, message)
        raise OutcomeUnknown("timed out")


def test_a_write_that_comes_later_than_anybody_waits_is_known_for_its_own_by_the_next_apply() -> None:
    now = twins(2)
    target, log = Late(KINDS), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"failed": ["a0", "a1"]}
    target.comes_late()
    assert carried_out(plan, target, log) == {"applied": ["a0", "a1"]}
    assert len(target.objects["asset"]) == 2
