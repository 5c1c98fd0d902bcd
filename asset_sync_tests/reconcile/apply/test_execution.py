"""Apply, batch by batch and group by group, against a target in memory that fails as it is told to."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.errors import PlanError, TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Answer, Declined, Deferred, Write, Written
from asset_sync_tests.reconcile.apply.runs import (
    ALL,
    UPDATES,
    WANTED,
    Log,
    applied,
    at,
    by_outcome,
    carried_out,
    details,
    fleet,
    household,
    memories,
    operation,
    plan_of,
    put,
    seen,
    serials,
    target_of,
)
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, Row, desired, observed, planned, snapshot


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_is_applied_in_batches(workers: int) -> None:
    now = fleet(4)
    target, log = target_of(now), Log()
    plan = planned(now)
    assert carried_out(plan, target, log, workers=workers) == {"applied": ALL}
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
    put(target, "asset", "77", serial="N2A", memory=8)
    assert carried_out(plan, target, log, known=seen(now))["already"] == ["c2"]


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


def without_latitudes(kind: str, row: Mapping[str, object]) -> str | None:
    return "no Latitudes here" if kind == "model" and row["name"] == "Latitude" else None


def upgrade() -> Plan:
    """A model that the target will refuse, a machine that is to be of it and to have more memory, and a new one of it."""
    latitude = {"kind": "model", "key": "me", "id": None}
    return plan_of(
        operation("create", "me", kind="model", name=(None, "Latitude")),
        operation("update", "u0", "0", "v1", memory=(None, 8), model=(None, latitude)),
        operation("update", "u1", "1", "v1", model=(None, latitude)),
        operation("create", "c0", serial=(None, "N0A"), model=(None, latitude)),
    )


def test_an_update_goes_on_without_the_field_that_refers_to_what_was_not_created() -> None:
    target, log = tagged(), Log()
    target.refuses = without_latitudes
    plan = upgrade()
    assert carried_out(plan, target, log) == {"failed": ["me"], "applied": ["u0"], "skipped": ["u1", "c0"]}
    outcome, why = log.outcomes[1], "needs model 'me', which was not created"
    assert (outcome.instead, outcome.detail) == ({"model": None}, f"without model: {why}")
    assert details(plan, log)["u1"] == why
    assert (target.objects["asset"]["0"]["memory"], target.objects["asset"]["0"]["model"]) == (8, None)


def test_a_create_goes_on_without_a_reference_that_the_target_takes_empty() -> None:
    fields = (replace(field, nullable=True) if field.name == "model" else field for field in ASSET.fields)
    optional = replace(ASSET, fields=tuple(fields))
    target, log = MemoryTarget({**KINDS, "asset": optional}, tagged().objects, refuses=without_latitudes), Log()
    assert carried_out(upgrade(), target, log) == {"failed": ["me"], "applied": ["u0", "c0"], "skipped": ["u1"]}
    assert log.outcomes[3].instead == {"model": None}
    (made,) = [row for row in target.objects["asset"].values() if row["serial"] == "N0A"]
    assert made["model"] is None


def test_a_change_after_one_that_an_update_went_on_without_is_not_sent() -> None:
    target, log = tagged(), Log()
    target.refuses = without_latitudes
    latitude = {"kind": "model", "key": "me", "id": None}
    plan = plan_of(
        operation("create", "me", kind="model", name=(None, "Latitude")),
        operation("update", "u0", "0", "v1", memory=(None, 8), model=(None, latitude)),
        operation("update", "u0", "0", step="1", model=(latitude, None)),
    )
    outcomes = applied(plan, target, log)
    assert [one.outcome for _, one in sorted(outcomes.items())] == ["failed", "applied", "skipped"]
    assert (
        outcomes[2].detail
        == "needs an earlier change of model, which was not made: without model: needs model 'me', which was not created"
    )


def test_what_cannot_be_recorded_is_the_last_thing_that_is_sent() -> None:
    now = fleet(40)
    target = target_of(now)

    def record(_: object) -> None:
        raise ConnectionError("the database is gone")

    with pytest.raises(ConnectionError):
        apply(planned(now), KINDS, target, done={}, known=seen(now), intend=lambda _: None, record=record, workers=1)
    assert target.requests < 5


def test_nothing_is_sent_that_was_not_intended() -> None:
    now = fleet(4)
    target, log = target_of(now), Log()
    order: list[str] = []
    sent = target.faults
    target.faults = lambda number: order.append("sent") or sent(number)  # type: ignore[func-returns-value]
    plan = planned(now)

    def intend(seqs: Sequence[int]) -> None:
        order.append("intended")
        log.intend(seqs)

    apply(plan, KINDS, target, done={}, known=seen(now), intend=intend, record=log.record, workers=1)
    assert order == ["intended", "sent"] * 4
    assert sorted(log.recorded) == plan.writes.index.tolist()


def test_a_plan_of_an_older_mapping_is_told_in_a_line_and_writes_nothing() -> None:
    now = fleet(4)
    plan = planned(now)
    target = target_of(now)
    narrower = {**KINDS, "asset": replace(ASSET, fields=tuple(one for one in ASSET.fields if one.name != "memory"))}
    target.kinds = narrower
    told = rf"^plan {plan.id} writes asset\.memory, which the sync does not map any more: make a new plan$"
    with pytest.raises(PlanError, match=told):
        applied(plan, target)
    target.kinds = {name: kind for name, kind in KINDS.items() if name != "asset"}
    with pytest.raises(PlanError, match=rf"^plan {plan.id} writes asset, which"):
        applied(plan, target)
    assert target.requests == 0


def test_a_plan_that_has_an_object_twice_in_one_step_is_not_begun() -> None:
    target = target_of(fleet(1))
    first, second = operation("update", "u0", "0", "v1", tag=(None, "T1")), operation("update", "u0", "0", tag=("T1", "T2"))
    with pytest.raises(PlanError, match=r"asset #0 twice in one step"):
        applied(plan_of(first, second), target)
    assert target.requests == 0


# Several operations on one object.


def swap(*, version: str = "v1") -> Plan:
    """Two machines change their tags; the first one goes through a temporary value."""
    return plan_of(
        operation("update", "u0", "0", version, tag=("T0", "T-moving")),
        operation("update", "u1", "1", version, step="1", tag=("T1", "T0")),
        operation("update", "u0", "0", step="2", tag=("T-moving", "T1")),
    )


def tagged(faults: Callable[[int], str] = lambda _: "fine") -> MemoryTarget:
    rows: list[Row] = [{"id": str(n), "serial": f"S{n}A", "tag": f"T{n}"} for n in range(2)]
    return target_of(snapshot({}, {"asset": observed(ASSET, *rows)}), faults)


def tags(target: MemoryTarget) -> list[str]:
    return [target.objects["asset"][target_id]["tag"] for target_id in ("0", "1")]


def test_values_change_places_over_a_temporary_one() -> None:
    target = tagged()
    assert carried_out(swap(), target, workers=4) == {"applied": ["u0", "u1", "u0"]}
    assert tags(target) == ["T1", "T0"]


@pytest.mark.parametrize("fault", ["killed", "killed-stored", "lost", "lost-stored", "lost-late", "stale"])
@pytest.mark.parametrize("number", range(3))
def test_a_change_of_places_that_was_broken_off_goes_on_where_it_was(fault: str, number: int) -> None:
    target, log = tagged(at(number, fault=fault)), Log()
    if fault.startswith("killed"):
        with pytest.raises(Killed):
            applied(swap(), target, log)
    assert carried_out(swap(), target, log) == {"applied": ["u0", "u1", "u0"]}
    assert tags(target) == ["T1", "T0"]


def test_what_needs_an_earlier_change_of_its_object_is_not_sent_without_it() -> None:
    target, log = tagged(), Log()
    target.refuses = lambda _, row: "no blanks here" if row["tag"] == "T-moving" else None
    outcomes = applied(swap(), target, log)
    assert [(one.outcome, one.detail) for _, one in sorted(outcomes.items())] == [
        ("failed", "no blanks here"),
        ("failed", "asset with this tag already exists."),
        ("skipped", "needs an earlier change of tag, which was not made: no blanks here"),
    ]
    assert target.requests == 2
    assert tags(target) == ["T0", "T1"]
    target.refuses = lambda *_: None
    assert carried_out(swap(), target, log) == {"applied": ["u0", "u1", "u0"]}


def test_what_somebody_else_had_made_so_meanwhile_is_not_gone_on_from() -> None:
    target, log = tagged(), Log()
    target.edit("asset", "0", tag="T-moving")
    said = {(one.outcome, one.detail) for one in applied(swap(), target, log).values()}
    assert ("skipped", "needs an earlier change of tag, which somebody else had made") in said
    assert tags(target)[0] == "T-moving"


def test_the_parts_of_an_object_do_not_wait_for_each_other() -> None:
    target, log = tagged(), Log()
    target.refuses = lambda _, row: "too much" if row["memory"] == 8 else None
    plan = plan_of(
        operation("update", "u0", "0", "v1", memory=(None, 8)),
        operation("update", "u0", "0", step="1", room=(None, "r1")),
    )
    assert sorted(one.outcome for one in applied(plan, target, log).values()) == ["applied", "failed"]
    assert target.objects["asset"]["0"]["room"] == "r1"


@dataclass
class Noting(MemoryTarget):
    """A target that notes what was sent, request by request."""

    sent: list[tuple[str, ...]] = field(default_factory=list)

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> dict[int, Written]:
        self.sent.append((kind.name, *(write.key for write in writes)))
        return super().update(kind, writes, message)


def test_rows_go_out_in_the_plans_order_and_a_kind_may_come_twice() -> None:
    target = Noting(KINDS, tagged().objects)
    put(target, "maker", "9", name="HP")
    plan = plan_of(
        operation("update", "u0", "0", "v1", tag=("T0", None)),
        operation("update", "hp", "9", "v1", kind="maker", name=("HP", "Hewlett")),
        operation("update", "u0", "0", tag=(None, "T5")),
        operation("update", "u1", "1", "v1", room=(None, "r1")),
    )
    assert carried_out(plan, target) == {"applied": ["u0", "hp", "u0", "u1"]}
    assert target.sent == [("asset", "u0"), ("maker", "hp"), ("asset", "u0", "u1")]
