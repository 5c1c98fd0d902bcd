"""Is it that object still? Asked wherever an object is written to that is known by its id: a backup gives ids away again."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import recovered
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, in_order
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.resolutions import Resolution, Resolutions, Verb
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.lab import GRACE, Lab, held, ops
from asset_sync_tests.reconcile.store import Backup
from asset_sync_tests.reconcile.worlds import SOURCE, Row

BEAMER = {"name": "beamer room 7", "serial": "BEAM-7-7", "status": "in-use"}


def machine(key: str, **more: Any) -> Row:
    return {"source_key": key, "name": key, "serial": f"SN-{key}-1", "status": "in-use", **more}


def decide(lab: Lab, verb: Verb, key: str = "a", kind: str = "asset", **more: Any) -> None:
    lab.resolutions = Resolutions([*lab.resolutions, Resolution(kind, key, verb, "anna", lab.at, **more)])
    # What comes of it is made later than it was decided.
    lab.pass_day()


def started(**source: list[Row]) -> tuple[Lab, Backup]:
    """Return a lab with the machine x, and a backup of its target from before the rest of the source was synced."""
    lab = Lab(source={"asset": [machine("x")]})
    lab.run()
    backup = lab.target.backup()
    lab.source |= {kind: [*lab.source.get(kind, []), *rows] for kind, rows in source.items()}
    return lab, backup


def object_of(lab: Lab, key: str, kind: str = "asset") -> str:
    return str(lab.ledger.rows[kind, key]["target_id"])


def given_again(lab: Lab, backup: Backup, target_id: str, kind: str = "asset", **values: Any) -> dict[str, Any]:
    """Bring the backup back, and have a person make something that is given that id; return what it says."""
    lab.target.restore(backup)
    assert lab.target.make(kind, **values) == target_id
    return lab.objects(kind)[target_id]


def details(outcomes: Any) -> set[tuple[str, str]]:
    return {(outcome.outcome, (outcome.detail or "").partition(":")[0]) for outcome in outcomes.values()}


# A plan that waited, and an undo.


def test_an_undo_leaves_what_is_under_the_id_by_now() -> None:
    lab, backup = started(asset=[machine("a")])
    plan = lab.plan()
    outcomes = lab.apply(plan)
    a = object_of(lab, "a")
    beamer = given_again(lab, backup, a, **BEAMER)

    undone = lab.undo(plan, outcomes)

    assert details(undone) == {("conflict", f"asset #{a} is not what the plan saw (another object under its id?)")}
    assert lab.objects()[a] == beamer


@pytest.mark.parametrize("values", [BEAMER, BEAMER | {"room": "r9"}])
def test_a_plan_that_waited_leaves_what_is_under_the_id_by_now(values: dict[str, Any]) -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), machine("a", memory=64, room="r9")]
    waiting = lab.plan()
    beamer = given_again(lab, backup, a, **values)

    assert details(lab.apply(waiting)) == {("conflict", f"asset #{a} is not what the plan saw (another object under its id?)")}
    assert lab.objects()[a] == beamer


def test_a_plan_that_waited_retires_no_stranger() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x")]
    lab.run()
    waiting = lab.plan()
    assert [row["op"] for row in p.records(waiting.writes)] == ["retire"]
    beamer = given_again(lab, backup, a, **BEAMER)

    lab.apply(waiting)

    assert lab.objects()[a] == beamer


def test_an_undo_of_an_undo_is_about_the_same_object() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), machine("a", name="other", serial="SN-a-2", tag="T1", memory=64)]
    plan = lab.plan()
    outcomes = lab.apply(plan)
    undo = inverse(plan, lab.kinds, outcomes, after=lab.last)
    undone = lab.apply(undo)
    assert details(undone) == {("applied", "")}
    again = inverse(undo, lab.kinds, undone, after=lab.last)
    beamer = given_again(lab, backup, a, **BEAMER)

    assert {outcome for outcome, _ in details(lab.apply(again))} == {"conflict"}
    assert lab.objects()[a] == beamer


def test_what_the_plan_itself_makes_of_an_object_is_that_object_still() -> None:
    """Serials that change places go through a temporary value: the later step finds the object under none of its values."""
    lab, _ = started(asset=[machine("a", tag="T1"), machine("b", tag="T2")])
    lab.run()
    lab.source["asset"] = [machine("x"), machine("a", tag="T2"), machine("b", tag="T1")]
    plan = lab.plan()
    outcomes = lab.apply(plan)
    assert details(outcomes) == {("applied", "")}
    assert details(lab.undo(plan, outcomes)) == {("applied", "")}


def test_what_a_person_changed_meanwhile_is_that_object_still() -> None:
    lab, _ = started(asset=[machine("a", tag="T1")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), machine("a", tag="T1", memory=64)]
    waiting = lab.plan()
    lab.target.edit("asset", a, name="anna's", serial="SN-TYPO-1")

    assert details(lab.apply(waiting)) == {("applied", "")}
    assert lab.objects()[a]["memory"] == 64


def test_what_is_found_after_a_kill_is_not_told_of_a_stranger() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), machine("a", room="r9")]
    killed = lab.plan()
    given_again(lab, backup, a, **BEAMER, room="r9")
    sent = [row["seq"] for row in p.records(killed.writes)]

    assert recovered(killed, lab.kinds, lab.target.tables(), done={}, known={}, intended=sent) == {}


def test_plans_from_before_are_about_the_objects_that_were_written_to() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), machine("a", memory=64)]
    now = lab.plan()
    older = Plan(now.sync, now.mode, now.operations.assign(about=None).astype({"about": "str"}))
    outcomes = lab.apply(older)
    beamer = given_again(lab, backup, a, **BEAMER, memory=64)

    assert {outcome for outcome, _ in details(lab.undo(older, outcomes))} == {"conflict"}
    assert lab.objects()[a] == beamer


def test_a_number_that_identifies_is_compared_as_what_it_is() -> None:
    """A VLAN's number is written as a number, and remembered as a text."""
    vlan = Kind("vlan", (Field("vid", "integer"), Field("name")), (IdentityRule("vid", ("vid",)),), versions="count")
    owners = {"vlan": {"vid": SOURCE, "name": SOURCE}}
    lab = Lab(in_order([vlan]), Policy(owners, GRACE), {"vlan": [{"source_key": "v", "vid": 7, "name": "lab"}]})
    lab.run()
    lab.source["vlan"] = [{"source_key": "v", "vid": 8, "name": "office"}]
    plan = lab.plan()
    lab.target.edit("vlan", object_of(lab, "v", "vlan"))
    outcomes = lab.apply(plan)
    assert details(outcomes) == {("applied", "")}
    lab.target.edit("vlan", object_of(lab, "v", "vlan"))
    assert details(lab.undo(plan, outcomes)) == {("applied", "")}


# What has the name that was linked, and nothing else of it.


def test_what_was_made_since_has_but_the_name_of_what_was_linked() -> None:
    """The machine is called otherwise by now: that the object is called as it was is no sign that it is that machine."""
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    stranger = given_again(lab, backup, a, name="a", status="in-use", memory=4)
    lab.source["asset"] = [machine("x"), machine("a", name="renamed", serial="SN-a-2", memory=8)]

    for _ in range(2):
        why = held(lab.run())["a"]
        assert why.startswith(f"asset #{a} is not what was linked (another object under its id?): made 2")
    assert lab.objects()[a] == stranger
    assert lab.ledger.rows["asset", "a"]["serial"] == "SN-a-1"

    decide(lab, "create")
    lab.run()
    assert lab.objects()[object_of(lab, "a")]["serial"] == "SN-a-2"
    assert lab.objects()[a] == stranger


def test_what_was_made_anew_under_its_id_is_a_machine_that_is_called_so_still() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    given_again(lab, backup, a, name="A", status="in-use")

    plan = lab.run()

    assert held(plan) == {}
    assert lab.objects()[a]["serial"] == "SN-a-1"
    assert object_of(lab, "a") == a


def test_a_stranger_that_has_the_name_of_a_machine_that_is_gone_is_not_retired() -> None:
    lab, backup = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    stranger = given_again(lab, backup, a, name="a", status="in-use")
    lab.source["asset"] = [machine("x")]

    for _ in range(4):
        plan = lab.run()

    assert lab.objects()[a] == stranger
    assert held(plan)["a"].endswith("; if it is, it is retired by hand, else never-link says so")
    lab.target.edit("asset", a, status="retired")
    assert held(lab.run()) == {}


def test_a_decision_is_not_about_what_was_made_since_under_the_same_name() -> None:
    lab, backup = started(asset=[machine("a")])
    chosen = lab.target.make("asset", name="notebook", status="in-use")
    decide(lab, "link", target_id=chosen)
    lab.plan("review")
    stranger = given_again(lab, backup, chosen, name="notebook", status="in-use")

    assert "is another object by now" in held(lab.run())["a"]
    assert lab.objects()[chosen] == stranger


def test_a_stranger_in_service_does_not_end_that_the_machine_before_it_was_retired_by_the_sync() -> None:
    """Two backups come back, first one that is too old, and then the right one."""
    lab, older = started(asset=[machine("a")])
    lab.run()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x")]
    for _ in range(2):
        lab.run()
    right = lab.target.backup()
    assert lab.objects()[a]["status"] == "retired"
    lab.source["asset"] = [machine("x"), machine("a")]
    given_again(lab, older, a, **BEAMER)
    assert "a" in held(lab.run())

    lab.target.restore(right)
    lab.run()

    assert lab.objects()[a]["status"] == "in-use"


def in_another_zone(lab: Lab) -> None:
    """Let the target tell its times otherwise, as NetBox does once its TIME_ZONE is set."""
    for row in lab.target.objects["asset"].values():
        row["created"] = datetime.fromisoformat(row["created"]).astimezone(timezone(timedelta(hours=2))).isoformat()


def test_a_time_that_is_told_in_another_zone_is_the_same_time() -> None:
    lab, _ = started(asset=[named("a", "a"), named("b", "b"), machine("c", memory=8)])
    lab.run()
    lab.source["asset"][-1] = machine("c", memory=16)
    plan = lab.plan()
    outcomes = lab.apply(plan)
    a, b, c = (object_of(lab, key) for key in "abc")
    in_another_zone(lab)
    lab.target.edit("asset", c)

    assert details(lab.undo(plan, outcomes)) == {("applied", "")}

    lab.source["asset"] = [machine("x"), named("a", "renamed"), machine("c", name="other", memory=8)]
    for _ in range(4):
        assert "a" not in held(lab.run())
    assert {i: row["name"] for i, row in lab.objects().items() if i in (a, c)} == {a: "renamed", c: "other"}
    assert lab.objects()[b]["status"] == "retired"


def named(key: str, name: str, **more: Any) -> Row:
    """A machine of which nothing but its name is known."""
    return {"source_key": key, "name": name, "status": "in-use", **more}


def rebuilt(*decided: Verb) -> Lab:
    """Return a lab whose target lost the machine a and had it made again under its id, and whose ledger is from before that."""
    lab, backup = started()
    for verb in decided:
        decide(lab, verb)
    lab.source["asset"] = [machine("x"), named("a", "pc-7", memory=8)]
    lab.run()
    older = lab.ledger.backup()
    lab.target.restore(backup)
    lab.run()
    lab.ledger.restore(older)
    return lab


@pytest.mark.parametrize("decided", [(), ("create",)])
def test_what_was_made_again_is_known_by_the_name_that_its_record_has_still(decided: tuple[Verb, ...]) -> None:
    lab = rebuilt(*decided)
    lab.source["asset"] = [machine("x"), named("a", "pc-7", memory=9)]
    a = object_of(lab, "a")
    assert held(lab.run()) == {}
    assert lab.objects()[a]["memory"] == 9
    assert len(lab.objects()) == 2


@pytest.mark.parametrize("decided", [(), ("create",)])
@pytest.mark.parametrize("mode", ["normal", "rebase"])
def test_what_was_made_again_and_renamed_meanwhile_is_not_made_twice(decided: tuple[Verb, ...], mode: Mode) -> None:
    lab = rebuilt(*decided)
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", memory=9)]
    a = object_of(lab, "a")
    lab.run(mode)
    assert "another object under its id" in held(lab.run())["a"]
    assert len(lab.objects()) == 2
    decide(lab, "link", target_id=a)
    assert held(lab.run()) == {}
    assert lab.objects()[a]["memory"] == 9
    assert len(lab.objects()) == 2


def test_what_may_be_another_records_still_is_not_taken_by_its_name() -> None:
    lab = rebuilt()
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", memory=8), named("b", "pc-7", memory=99)]
    a = object_of(lab, "a")
    for _ in range(2):
        why = held(lab.run())
        assert "another object under its id" in why["a"]
        assert why["b"] == f"name 'pc-7' is on asset #{a}, which may be a still"
    assert len(lab.objects()) == 2
    assert lab.objects()[a]["memory"] == 8

    decide(lab, "link", target_id=a)
    lab.run()
    assert held(lab.run()) == {}
    assert object_of(lab, "a") == a
    assert lab.objects()[object_of(lab, "b")] == {"name": "pc-7", "status": "in-use", "memory": 99}
    assert lab.objects()[a]["memory"] == 8


def test_what_may_be_another_records_is_the_newcomers_where_that_is_decided() -> None:
    lab = rebuilt()
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", memory=8), named("b", "pc-7", memory=99)]
    a = object_of(lab, "a")
    decide(lab, "link", "b", target_id=a)
    lab.run()
    assert held(lab.run()) == {}
    assert object_of(lab, "b") == a
    assert lab.objects()[object_of(lab, "a")] == {"name": "pc-7-old", "status": "in-use", "memory": 8}


def test_who_is_not_what_may_be_another_records_is_a_machine_of_its_own() -> None:
    lab = rebuilt()
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", memory=8), named("b", "pc-7", memory=99)]
    a = object_of(lab, "a")
    lab.run()
    decide(lab, "never_link", "b", target_id=a)
    assert held(lab.run()).keys() == {"a"}
    assert lab.objects()[object_of(lab, "b")] == {"name": "pc-7", "status": "in-use", "memory": 99}


def test_what_is_known_to_be_elsewhere_does_not_keep_its_name_from_others() -> None:
    lab = rebuilt()
    other = lab.target.make("asset", serial="SN-9-9", status="in-use")
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", serial="SN-9-9"), named("b", "pc-7", memory=99)]
    a = object_of(lab, "a")
    assert held(lab.run()) == {}
    assert (object_of(lab, "a"), object_of(lab, "b")) == (other, a)


def test_a_record_that_is_left_alone_keeps_its_name_from_nobody() -> None:
    lab = rebuilt()
    a = object_of(lab, "a")
    lab.source["asset"] = [machine("x"), named("a", "pc-7", memory=9), named("b", "pc-7", memory=99)]
    decide(lab, "ignore", "b")
    assert held(lab.run()).keys() == {"b"}
    assert lab.objects()[a]["memory"] == 9


def test_what_was_made_again_of_a_record_that_is_left_alone_is_not_taken_by_its_name() -> None:
    lab = rebuilt()
    a = object_of(lab, "a")
    decide(lab, "ignore")
    lab.source["asset"] = [machine("x"), named("a", "pc-7", memory=8), named("b", "pc-7", memory=99)]
    lab.run()
    assert object_of(lab, "a") == a
    assert object_of(lab, "b") != a
    assert lab.objects()[a]["memory"] == 8


def test_a_name_that_several_records_have_does_not_say_which_of_them_was_made_again() -> None:
    lab, backup = started(asset=[machine("a", name="localhost"), machine("b", name="localhost")])
    lab.run()
    a = object_of(lab, "a")
    stranger = given_again(lab, backup, a, name="localhost", status="in-use")
    assert "another object under its id" in held(lab.run())["a"]
    assert lab.objects()[a] == stranger


def test_a_name_that_several_objects_have_does_not_say_which_of_them_is_what_was_made() -> None:
    lab, backup = started(asset=[named("a", "pc-7", memory=8)])
    lab.run()
    a = object_of(lab, "a")
    stranger = given_again(lab, backup, a, name="pc-7", status="in-use", memory=4)
    other = lab.target.make("asset", name="pc-7", status="in-use", room="r1")
    assert "another object under its id" in held(lab.run())["a"]
    assert lab.objects()[a] == stranger

    decide(lab, "link", target_id=other)
    assert held(lab.run()) == {}
    assert (lab.objects()[a], lab.objects()[other]["memory"]) == (stranger, 8)


def test_a_newcomer_is_told_of_all_that_it_may_be() -> None:
    lab = rebuilt()
    a, other = object_of(lab, "a"), lab.target.make("asset", name="pc-7", status="in-use")
    lab.source["asset"] = [machine("x"), named("a", "pc-7-old", memory=8), named("b", "pc-7", memory=99)]
    (candidates,) = [row["candidates"] for row in p.records(lab.run().held) if row["source_key"] == "b"]
    assert set(candidates.split()) == {a, other}


SITE = Kind("site", (Field("name", required=True),), (IdentityRule("name", ("name",)),), (), versions="count")
SWITCH = Kind(
    "switch",
    (Field("name"), Field("serial"), Field("site", "reference", to="site"), Field("memory", "integer")),
    (IdentityRule("serial", ("serial",), "serial"), IdentityRule("site and name", ("site", "name"), "folded", decisive=False)),
    versions="count",
)


def of_another_site() -> tuple[Lab, str, str]:
    """Return a lab whose switch "sw1" in Berlin was lost, and in whose target somebody made Oslo's under its id; and Berlin."""
    fields = {"name": SOURCE, "serial": SOURCE, "site": SOURCE, "memory": SOURCE}
    lab = Lab(in_order([SITE, SWITCH]), Policy({"site": {"name": SOURCE}, "switch": fields}, GRACE))
    lab.source = {"site": [{"source_key": each, "name": each} for each in ("berlin", "oslo")]}
    lab.run()
    backup, oslo = lab.target.backup(), object_of(lab, "oslo", "site")
    lab.source["switch"] = [{"source_key": "a", "name": "sw1", "site": "berlin", "memory": 8}]
    lab.run()
    a = object_of(lab, "a", "switch")
    given_again(lab, backup, a, "switch", name="sw1", site=oslo, memory=4)
    return lab, a, object_of(lab, "berlin", "site")


@pytest.mark.parametrize("is_there", [False, True])
def test_what_has_the_name_in_another_site_is_another_one(is_there: bool) -> None:
    lab, a, berlin = of_another_site()
    in_berlin = lab.target.make("switch", name="sw1", site=berlin) if is_there else None
    stranger = lab.objects("switch")[a]
    assert "another object under its id" in held(lab.run())["a"]
    assert lab.objects("switch")[a] == stranger

    decide(lab, "never_link", kind="switch", target_id=a)
    lab.run()
    assert held(lab.run()) == {}
    assert lab.objects("switch")[a] == stranger
    own = object_of(lab, "a", "switch")
    assert own == in_berlin or not is_there
    assert lab.objects("switch")[own] == {"name": "sw1", "site": berlin, "memory": 8}


# What is referred to.


def hp_models() -> tuple[Lab, Backup]:
    """Return a lab whose source has a notebook of HP's, and the target's backup from before HP and its model were known."""
    lab, backup = started(asset=[machine("a", model="840")])
    lab.source["maker"] = [{"source_key": "hp", "name": "HP"}]
    lab.source["model"] = [{"source_key": "840", "maker": "hp", "name": "840"}]
    return lab, backup


def test_an_apply_that_goes_on_refers_to_no_stranger() -> None:
    lab, backup = hp_models()
    plan = lab.plan()
    outcomes = lab.apply(plan)
    rows = p.records(plan.writes)
    done = {row["seq"]: outcomes[row["seq"]] for row in rows if row["kind"] in {"maker", "model"}}
    hp, model = object_of(lab, "hp", "maker"), object_of(lab, "840", "model")
    lab.target.restore(backup)
    lab.target.now += timedelta(hours=1)
    canon = lab.target.make("maker", name="Canon")
    assert (canon, lab.target.make("model", maker=canon, name="PIXMA")) == (hp, model)

    again = lab.apply(plan, done)

    other = f"needs model #{model}, which is gone or another object by now (did the target come back from a backup?)"
    assert [(each.outcome, each.detail) for each in again.values() if each.detail] == [("skipped", other)]
    assert {row.get("model") for row in lab.objects().values()} == {None}


@pytest.mark.parametrize("gone", [False, True])
def test_a_plan_that_waited_refers_to_no_stranger(gone: bool) -> None:
    lab, backup = hp_models()
    lab.run()
    model = object_of(lab, "840", "model")
    lab.source["asset"] = [machine("x", model="840", memory=64), machine("a", model="840"), machine("b", model="840")]
    waiting = lab.plan()
    x = object_of(lab, "x")
    lab.target.restore(backup)
    if not gone:
        canon = lab.target.make("maker", name="Canon")
        assert lab.target.make("model", maker=canon, name="PIXMA") == model

    outcomes = lab.apply(waiting)

    assert [outcome.outcome for outcome in outcomes.values()] == ["applied", "skipped"]
    assert lab.objects("asset", "name", "memory", "model") == {x: {"name": "x", "memory": 64}}


# Decisions.


def linked_by_decision() -> tuple[Lab, Backup, str]:
    lab, backup = started(asset=[machine("a")])
    chosen = lab.target.make("asset", name="anna's notebook", serial="OLD-9-9", status="in-use")
    decide(lab, "link", target_id=chosen)
    lab.run()
    return lab, backup, chosen


def test_a_decision_is_about_the_object_that_was_meant() -> None:
    lab, backup, chosen = linked_by_decision()
    assert lab.objects()[chosen]["serial"] == "SN-a-1"
    beamer = given_again(lab, backup, chosen, **BEAMER)

    for _ in range(2):
        plan = lab.run()
        assert held(plan)["a"].startswith(f"asset #{chosen}, decided by anna on ")
        assert "is another object by now" in held(plan)["a"]
    assert lab.objects()[chosen] == beamer


def test_a_decision_that_nobody_carried_out_yet_is_about_the_object_that_was_meant() -> None:
    lab, backup = started(asset=[machine("a")])
    chosen = lab.target.make("asset", name="anna's notebook", serial="OLD-9-9", status="in-use")
    decide(lab, "link", target_id=chosen)
    lab.plan("review")
    beamer = given_again(lab, backup, chosen, **BEAMER)

    lab.run()

    assert lab.objects()[chosen] == beamer


def test_a_decision_holds_what_the_sync_made_of_the_object() -> None:
    lab, _, chosen = linked_by_decision()
    lab.source["asset"] = [machine("x"), machine("a", serial="SN-a-2", name="renamed", tag="T9")]
    lab.run()
    assert lab.run().writes.empty
    assert lab.objects()[chosen]["serial"] == "SN-a-2"


def test_who_decides_again_means_what_is_there_now() -> None:
    lab, backup, chosen = linked_by_decision()
    given_again(lab, backup, chosen, **BEAMER)
    lab.run()
    lab.resolutions = Resolutions()
    decide(lab, "link", target_id=chosen)
    lab.run()
    assert lab.objects()[chosen]["serial"] == "SN-a-1"
    assert lab.run().operations.empty


def test_what_is_left_alone_is_not_taken_by_its_name() -> None:
    lab, _ = started(asset=[{"source_key": "a", "name": "pc-7", "status": "in-use", "memory": 8, "tag": "T7"}])
    lab.run()
    a = object_of(lab, "a")
    decide(lab, "ignore")
    lab.source["asset"].append({"source_key": "b", "name": "pc-7", "status": "in-use", "memory": 99})

    lab.run()

    assert object_of(lab, "a") == a
    assert object_of(lab, "b") != a
    assert lab.objects()[a]["memory"] == 8


def test_what_waits_for_a_decided_object_is_not_taken_by_its_name() -> None:
    lab, _ = started(asset=[{"source_key": "a", "name": "pc-7", "status": "in-use", "memory": 8}])
    lab.run()
    a = object_of(lab, "a")
    chosen = lab.target.make("asset", name="other", status="in-use")
    decide(lab, "link", target_id=chosen)
    lab.target.delete("asset", chosen)
    lab.source["asset"].append({"source_key": "b", "name": "pc-7", "status": "in-use", "memory": 99})

    lab.run()

    assert object_of(lab, "a") == a
    assert lab.objects()[a]["memory"] == 8


def test_what_was_decided_to_be_made_is_not_made_twice_by_an_older_ledger() -> None:
    lab, _ = started()
    twin = {"name": "localhost", "status": "in-use"}
    for _ in range(2):
        lab.target.make("asset", **twin)
    lab.source["asset"].append({"source_key": "a", **twin, "room": "r1"})
    lab.run()
    older = lab.ledger.backup()
    decide(lab, "create")
    lab.run()
    made = object_of(lab, "a")
    lab.ledger.restore(older)
    count = len(lab.objects())

    lab.run("rebase")
    plan = lab.run()

    assert f"asset #{made} was made since" in held(plan)["a"]
    assert len(lab.objects()) == count
    decide(lab, "never_link", target_id=made)
    lab.run()
    assert len(lab.objects()) == count + 1


def test_what_others_are_is_not_what_was_decided_to_be_made() -> None:
    lab, _ = started()
    decide(lab, "create")
    lab.source["asset"] += [machine("a"), machine("b", name="a")]
    lab.run()
    assert len(lab.objects()) == 3


# What lets go, and what makes way.


def addressed() -> tuple[Lab, Backup, str]:
    lab, _ = started(port=[{"source_key": "eth0", "asset": "x", "name": "eth0"}])
    lab.run()
    backup = lab.target.backup()
    lab.source["address"] = [{"source_key": "eth0/4", "address": "10.0.0.1/24", "port": "eth0"}]
    lab.run()
    return lab, backup, object_of(lab, "eth0/4", "address")


def test_an_address_that_is_a_persons_is_not_let_go() -> None:
    lab, backup, ours = addressed()
    vip = given_again(lab, backup, ours, "address", address="10.9.9.9/24", port=object_of(lab, "eth0", "port"))
    lab.source["address"] = [{"source_key": "eth0/4", "address": "10.0.0.2/24", "port": "eth0"}]
    for _ in range(2):
        lab.run()
    assert lab.objects("address")[ours] == vip


def test_an_address_that_a_person_renumbered_is_not_let_go() -> None:
    lab, _, ours = addressed()
    lab.target.edit("address", ours, address="10.0.0.77/24")
    for _ in range(2):
        lab.run()
    assert lab.objects("address")[ours] == {"address": "10.0.0.77/24", "port": object_of(lab, "eth0", "port")}


def retired(**more: Any) -> tuple[Lab, Backup, str]:
    lab, backup = started(asset=[machine("a", **more)])
    lab.run()
    lab.source["asset"] = [machine("x")]
    for _ in range(3):
        lab.run()
    a = object_of(lab, "a")
    assert lab.objects()[a]["status"] == "retired"
    return lab, backup, a


def test_a_retired_object_gives_up_the_tag_that_this_sync_wrote() -> None:
    lab, _, a = retired(tag="T9")
    lab.source["asset"].append(machine("b", tag="T9"))
    lab.run()
    assert "tag" not in lab.objects()[a]
    assert lab.objects()[object_of(lab, "b")]["tag"] == "T9"


def test_a_retired_object_keeps_the_tag_that_a_person_wrote() -> None:
    lab, _, a = retired()
    lab.target.edit("asset", a, tag="SPARE-7")
    lab.source["asset"].append(machine("b", tag="SPARE-7"))
    plan = lab.run()
    assert lab.objects()[a]["tag"] == "SPARE-7"
    way = "which is out of service: give that another by hand, or take it away"
    assert held(plan)["b"] == f"tag 'SPARE-7' is on asset #{a} already, {way}"


def test_a_stranger_under_the_id_of_a_retired_object_keeps_its_tag() -> None:
    lab, backup, a = retired(tag="T9")
    stranger = given_again(lab, backup, a, **BEAMER | {"status": "retired"}, tag="T9")
    lab.source["asset"].append(machine("b", tag="T9"))
    for _ in range(2):
        lab.run()
    assert lab.objects()[a] == stranger


@pytest.mark.parametrize("written", ["sn-x-1", "SNx1"])
def test_what_another_object_was_to_give_up_and_did_not_is_on_no_new_one(written: str) -> None:
    lab, _ = started()
    x = object_of(lab, "x")
    lab.source["asset"] = [machine("x", serial="SN-x-2"), machine("y", serial=written)]
    lab.target.refuses = lambda _kind, row: "it is on loan" if row.get("serial") == "SN-x-2" else None
    said = {outcome.outcome: outcome.detail for outcome in lab.apply(lab.plan()).values()}
    assert said.keys() == {"failed", "skipped"}
    assert said["skipped"] == f"needs another asset to give up serial '{written}', which was not done: {said['failed']}"
    assert lab.objects("asset", "serial") == {x: {"serial": "SN-x-1"}}
    lab.target.refuses = lambda _kind, _row: None
    lab.run()
    assert lab.objects("asset", "serial") == {x: {"serial": "SN-x-2"}, object_of(lab, "y"): {"serial": written}}


def test_what_another_object_keeps_is_on_no_new_one() -> None:
    lab, _ = started()
    x = object_of(lab, "x")
    lab.source["asset"] = [machine("x", serial="SN-x-2" + "0" * 50), machine("y", serial="sn-X-1")]
    before = lab.objects()
    why = held(lab.run())
    assert why["y"] == f"serial 'sn-X-1' is on asset #{x} still, which does not get another one"
    assert lab.objects() == before

    lab.source["asset"] = [machine("x", serial="SN-x-2"), machine("y", serial="sn-X-1")]
    lab.run()
    assert held(lab.run()) == {}
    assert lab.objects("asset", "serial") == {x: {"serial": "SN-x-2"}, object_of(lab, "y"): {"serial": "sn-X-1"}}


def test_ops_are_about_the_objects_that_the_plan_saw() -> None:
    lab, _ = started()
    x = object_of(lab, "x")
    lab.source["asset"] = [machine("x", memory=64)]
    plan = lab.plan()
    assert [op for op, *_ in ops(plan)] == ["update"]
    made = lab.target.objects["asset"][x]["created"]
    told = f'{{"created":"{made}","values":{{"name":"x","serial":"SN-x-1","tag":null}}}}'
    assert plan.operations["about"].tolist() == [told]
