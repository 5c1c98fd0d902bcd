"""Objects whose target stores them part by part: an operation, an outcome and an undo for each part that changes."""

from dataclasses import replace

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.converge import flapping, unlike
from asset_sync.reconcile.kinds import Field, Kind, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.report import headline, markdown
from asset_sync.reconcile.target import Outcome
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.worlds import KINDS, SHARED, SOURCE, Row, desired, link, links, observed, planned, snapshot

WHOLE = KINDS["asset"]
PARTED = replace(WHOLE, parts=(frozenset({"room"}), frozenset({"name", "tag"})))
PARTED_KINDS = in_order([PARTED if kind is WHOLE else kind for kind in KINDS.values()])
OWNERS: dict[str, Ownership] = {"room": SHARED, "memory": SOURCE, "encrypted": SOURCE, "tag": SOURCE, "name": SHARED}
POLICY = Policy({"asset": OWNERS})
NEW: Row = {"source_key": "a", "serial": "S1", "name": "pc-1", "tag": "T1", "room": "r2", "memory": 8, "encrypted": True}
NEW_THERE: Row = {name: NEW[name] for name in ("serial", "name", "tag", "memory", "encrypted")}
OLD: Row = {"id": "1", "serial": "S1", "name": "pc-1", "tag": "T9", "room": "r1", "memory": 4, "encrypted": False}


def now(wanted: Row = NEW, there: Row = OLD) -> Snapshot:
    remembered = links(link("a", "1", name="pc-1", room="r1"))
    return snapshot({"asset": desired(PARTED, wanted)}, {"asset": observed(PARTED, there)}, {"asset": remembered})


def plan_of(snap: Snapshot) -> Plan:
    return planned(snap, policy=POLICY, kinds=PARTED_KINDS)


def fields(plan: Plan) -> list[list[str]]:
    return [sorted(p.decode(row["changes"])) for row in p.records(plan.writes)]


def ended(plan: Plan, **outcomes: str) -> dict[int, Outcome]:
    """Return an outcome for each operation, told by a field that it writes."""
    found = {}
    for row in p.records(plan.writes):
        (name,) = p.decode(row["changes"]).keys() & outcomes.keys()
        found[row["seq"]] = Outcome(row["seq"], outcomes[name], None, "1", None)
    return found


def test_fields_are_parted_with_the_rest_first() -> None:
    kind = Kind("k", tuple(map(Field, "abcde")), parts=(frozenset("bd"), frozenset("e")))
    assert kind.parted("abcde") == [["a", "c"], ["b", "d"], ["e"]]
    assert kind.parted("db") == [["d", "b"]]
    assert kind.parted("") == []
    assert Kind("k", ()).parted("ab") == [["a", "b"]]


def test_each_part_that_changes_is_an_operation_of_its_own() -> None:
    plan = plan_of(now())
    assert fields(plan) == [["encrypted", "memory"], ["room"], ["tag"]]
    assert {(row["op"], row["target_id"], row["reason"]) for row in p.records(plan.writes)} == {
        ("update", "1", "matched by link")
    }
    assert plan_of(now()).id == plan.id


def test_parts_go_out_together() -> None:
    assert {row["step"] for row in p.records(plan_of(now()).writes)} == {None}


def test_an_object_with_a_part_in_another_step_counts_once() -> None:
    rows = [("a", "1", None), ("a", "1", None), ("b", "2", None), ("c", "3", None), ("a", "1", "1"), ("d", "4", "1")]
    told = [("asset", p.UPDATE, key, key, number, None, "{}", "r", None, None, step) for key, number, step in rows]
    assert Plan("test", "normal", p.operations_table(list(told))).counts["update"] == 4
    assert Plan("test", "normal", p.operations_table(list(told[:1]))).counts["update"] == 1
    assert Plan("test", "normal", p.operations_table([])).counts["update"] == 0


def test_an_object_counts_once_and_is_named_once_to_its_reader() -> None:
    plan = plan_of(now())
    assert plan.counts["update"] == 1
    assert headline(plan) == f"Plan {plan.id}: 1 to update."
    assert len(plan.operations) > 1
    assert (plan.objects(plan.operations.index), plan.objects([])) == (1, 0)
    first, *others = [line for line in markdown(plan).splitlines() if line.startswith(("| a (#1)", "|  |"))]
    assert {line.split("|")[2].strip() for line in (first, *others)} == {"room", "tag", "memory", "encrypted"}
    assert first.startswith("| a (#1)")
    assert "## asset: 1 to be updated" in markdown(plan)


def test_a_value_that_is_held_holds_no_other() -> None:
    plan = plan_of(now({**NEW, "name": "x" * 31}))
    (held,) = p.records(plan.held)
    assert list(p.decode(held["changes"])) == ["name"]
    assert fields(plan) == [["encrypted", "memory"], ["room"], ["tag"]]


def test_a_conflict_holds_its_part_and_is_told_once() -> None:
    plan = plan_of(now(there={**OLD, "room": "a person's"}))
    (held,) = p.records(plan.held)
    assert list(p.decode(held["changes"])) == ["room"]
    assert fields(plan) == [["encrypted", "memory"], ["tag"]]


def test_undo_takes_back_the_parts_that_were_stored() -> None:
    plan = plan_of(now())
    undo = inverse(plan, PARTED_KINDS, ended(plan, room="applied", tag="failed", memory="already"), after=plan.id)
    assert fields(undo) == [["room"]]


def test_undo_of_a_plan_from_before_there_were_parts_goes_part_by_part() -> None:
    plan = planned(now(), policy=POLICY)
    assert len(plan.writes) == 1
    undo = inverse(plan, PARTED_KINDS, ended(plan, room="applied"), after=plan.id)
    assert fields(undo) == [["encrypted", "memory"], ["room"], ["tag"]]


def test_a_create_that_was_stored_in_part_is_taken_back_as_it_stands_and_lacks_what_it_lacks() -> None:
    plan = planned(snapshot({"asset": desired(PARTED, {**NEW, "status": "in-use"})}, {}), kinds=PARTED_KINDS)
    (row,) = p.records(plan.writes)
    stored = {row["seq"]: Outcome(row["seq"], "applied", "no", "7", None, instead={"status": "spare", "room": None})}
    (back,) = p.records(inverse(plan, PARTED_KINDS, stored, after=plan.id).writes)
    assert p.decode(back["changes"])["status"]["old"] == "spare"
    there = observed(PARTED, {**NEW_THERE, "id": "7", "status": "spare"})
    assert unlike(plan, PARTED_KINDS, {"asset": there}, stored) == []
    again = planned(snapshot({"asset": desired(PARTED, {**NEW, "status": "in-use"})}, {"asset": there}), kinds=PARTED_KINDS)
    assert ["room"] in fields(again)
    assert flapping(again, plan, stored) == []


def test_what_was_refused_is_planned_again_and_that_is_no_flapping() -> None:
    plan = plan_of(now())
    outcomes = ended(plan, room="applied", tag="failed", memory="applied")
    again = plan_of(now(there={**OLD, "room": "r2", "memory": 8, "encrypted": True}))
    assert fields(again) == [["tag"]]
    assert flapping(again, plan, outcomes) == []
    flaps = plan_of(now(there={**OLD, "room": "r2", "memory": 4, "encrypted": True}))
    assert flapping(flaps, plan, outcomes) == ["asset 'a': update memory"]
