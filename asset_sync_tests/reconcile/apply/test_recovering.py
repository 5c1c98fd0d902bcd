"""An interrupted apply that nobody goes on with: what it had sent is known as this sync's own when a plan is made anew."""

from dataclasses import replace

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import apply, recovered
from asset_sync.reconcile.kinds import Kinds, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.reconcile.apply.runs import AT_ONCE, Log, applied, at, fleet, household, put, seen, target_of, twins
from asset_sync_tests.reconcile.lab import GRACE, Lab, held
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, OWNERS, planned


def killed(plan: Plan, target: MemoryTarget, log: Log) -> dict[int, Outcome]:
    """Apply a plan until it is killed, and return what is found of it then."""
    known = {kind: {i: row["created"] for i, row in rows.items()} for kind, rows in target.objects.items()}
    with pytest.raises(Killed):
        applied(plan, target, log, known=known)
    requests = target.requests
    sent = frozenset(log.intended)
    found = recovered(plan, target.kinds, target.tables(), done=log.outcomes, known=known, intended=sent)
    assert target.requests == requests
    assert found.keys() <= sent
    return found


@pytest.mark.parametrize("number", range(4))
def test_what_was_stored_before_the_kill_is_found_and_nothing_else(number: int) -> None:
    plan, log = planned(fleet(4)), Log()
    target = target_of(fleet(4), at(number, fault="killed-stored"))
    found = killed(plan, target, log)
    assert {outcome.outcome for outcome in found.values()} == {"applied"}
    assert found.keys() == log.intended
    of = {row["seq"]: row["source_key"] for row in p.records(plan.writes)}
    wanted = {f"{'S' if key[0] == 'u' else 'N'}{key[1]}A" for key in (of[seq] for seq in found)}
    assert {target.objects["asset"][str(outcome.target_id)]["serial"] for outcome in found.values()} == wanted


@pytest.mark.parametrize("number", range(4))
def test_what_was_not_stored_is_not_found(number: int) -> None:
    assert killed(planned(fleet(4)), target_of(fleet(4), at(number, fault="killed")), Log()) == {}


@pytest.mark.parametrize("number", range(6))
def test_what_refers_to_what_the_plan_made_is_found(number: int) -> None:
    log = Log()
    assert killed(planned(household()), target_of(household(), at(number, fault="killed-stored")), log).keys() == log.intended


def test_of_machines_of_the_same_values_as_many_are_found_as_were_stored() -> None:
    log = Log()
    found = killed(planned(twins(6, there=1)), target_of(twins(6, there=1), at(0, fault="killed-stored"), size=2), log)
    assert len({outcome.target_id for outcome in found.values()} - {"0"}) == 2


def test_what_somebody_made_or_changed_otherwise_is_not_the_plans_doing() -> None:
    plan, log = planned(fleet(4)), Log()
    target = target_of(fleet(4), at(0, fault="killed"), size=8)
    with pytest.raises(Killed):
        applied(plan, target, log, known=seen(fleet(4)))
    put(target, "asset", "71", serial="N0A", memory=64)
    target.edit("asset", "0", memory=64)
    sent = frozenset(plan.writes.index)
    assert recovered(plan, KINDS, target.tables(), done={}, known=seen(fleet(4)), intended=sent) == {}


def test_without_what_the_plan_saw_no_object_is_taken_for_one_that_it_made() -> None:
    plan, log = planned(fleet(4)), Log()
    target = target_of(fleet(4), at(0, 1, 2, 3, fault="fine"))
    applied(plan, target, log)
    found = recovered(plan, KINDS, target.tables(), done={}, known=None, intended=frozenset(plan.writes.index))
    assert [row["op"] for row in p.records(plan.writes) if row["seq"] in found] == ["update"] * 4


def test_a_plan_of_another_mapping_tells_nothing() -> None:
    plan = planned(fleet(4))
    kinds = {"asset": replace(ASSET, fields=tuple(f for f in ASSET.fields if f.name != "memory"))}
    target = target_of(fleet(4))
    assert recovered(plan, kinds, target.tables(), done={}, known={}, intended=frozenset(plan.writes.index)) == {}


# The next plan.


def with_tag(*, nullable: bool) -> Kinds:
    fields = [replace(field, nullable=nullable) if field.name == "tag" else field for field in ASSET.fields]
    return in_order(replace(kind, fields=tuple(fields)) if kind.name == "asset" else kind for kind in KINDS.values())


@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("number", range(3))
def test_a_swap_that_was_killed_on_its_way_is_planned_on_as_this_syncs_own(number: int, *, nullable: bool) -> None:
    owners = {**OWNERS, "asset": {**OWNERS["asset"], "tag": Ownership("shared")}}
    lab = Lab(with_tag(nullable=nullable), Policy(owners, GRACE))
    lab.source = {"asset": [{"source_key": f"d{n}", "serial": f"S{n}A", "tag": f"T{n}"} for n in range(2)]}
    lab.run()
    lab.source = {"asset": [{"source_key": f"d{n}", "serial": f"S{n}A", "tag": f"T{1 - n}"} for n in range(2)]}
    plan, log = lab.plan(), Log()
    lab.target.faults = at(lab.target.requests + number, fault="killed-stored")
    with pytest.raises(Killed):
        apply(
            plan,
            lab.kinds,
            lab.target,
            done={},
            known=lab.known,
            intend=log.intend,
            record=log.record,
            settling=AT_ONCE,
        )
    lab.target.faults = lambda _: "fine"
    lab.ledger.follow(plan, log.outcomes)
    found = recovered(plan, lab.kinds, lab.target.tables(), done=log.outcomes, known=lab.known, intended=log.intended)
    lab.ledger.follow(plan, found, log.outcomes)
    assert held(lab.run()) == {}
    assert [row["tag"] for row in lab.objects("asset", "tag").values()] == ["T1", "T0"]
    assert lab.run().writes.empty
