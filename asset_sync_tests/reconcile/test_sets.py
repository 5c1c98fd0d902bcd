"""Sets of references: merged member by member, written when their members are made, and short of those that are not."""

import itertools
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Unique, in_order
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.merge import Owner, Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.report import markdown
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.sets import BETWEEN, by_commas, members, one_set, sets_of
from asset_sync.reconcile.sources import Column, Source, SourceTable
from asset_sync_tests.reconcile.lab import GRACE, Lab, held, ops
from asset_sync_tests.reconcile.test_properties import PLENTY
from asset_sync_tests.reconcile.worlds import NOW, Row

VLAN = Kind(
    "vlan",
    (Field("vid", "integer", required=True), Field("name", max_length=12, required=True)),
    (IdentityRule("vid", ("vid",)),),
    (Unique(("vid",)),),
    versions="count",
)
PORT = Kind(
    "port",
    (Field("name", required=True), Field("speed"), Field("vlans", "references", to="vlan")),
    (IdentityRule("name", ("name",)),),
    (Unique(("name",)),),
    versions="count",
)
KINDS = in_order([VLAN, PORT])


def a_lab(owner: Owner = "shared", *, clears: bool = False) -> Lab:
    """Return a lab with three VLANs and a port that carries the first two."""
    own = {name: Ownership("source") for name in ("vid", "name", "speed")}
    owners = {"vlan": {"vid": own["vid"], "name": own["name"]}, "port": {**own, "vlans": Ownership(owner, clears)}}
    owners["port"].pop("vid")
    lab = Lab(KINDS, Policy(owners, GRACE))
    lab.source = {"vlan": [vlan(number) for number in (1, 2, 3)], "port": [port("e1", "v1", "v2")]}
    return lab


def vlan(number: int, **more: Any) -> Row:
    return {"source_key": f"v{number}", "vid": number, "name": f"n{number}", **more}


def port(name: str, *vlans: str, speed: str | None = None) -> Row:
    """A port as the mapping leaves it: its members by key, in whatever order the source names them."""
    return {"source_key": name, "name": name, "speed": speed, "vlans": one_set(vlans)}


def carried(lab: Lab, name: str = "e1") -> set[int]:
    """Return the VLAN ids that a port carries in the target."""
    vids = {target_id: row["vid"] for target_id, row in lab.target.objects["vlan"].items()}
    (found,) = (row["vlans"] for row in lab.target.objects["port"].values() if row["name"] == name)
    return {vids[member] for member in (found or "").split(BETWEEN) if member}


def edit(lab: Lab, *vids: int, name: str = "e1") -> None:
    """Have a person set what a port carries."""
    ids = {row["vid"]: target_id for target_id, row in lab.target.objects["vlan"].items()}
    (target_id,) = (one for one, row in lab.target.objects["port"].items() if row["name"] == name)
    carried_now = sorted((ids[vid] for vid in vids), key=lambda one: (len(one), one))
    lab.target.edit("port", target_id, vlans=BETWEEN.join(carried_now) or None)


def vlans_written(plan: Plan) -> list[tuple[Any, Any]]:
    """Return the old and new members of the sets that are written, by key."""
    changes = [p.decode(row["changes"]) for row in p.records(plan.writes) if row["kind"] == "port"]
    return [(_keys(each["vlans"].get("old")), _keys(each["vlans"]["new"])) for each in changes if "vlans" in each]


def _keys(members: Iterable[Row] | None) -> list[str]:
    return [str(member["key"]) for member in members or ()]


# The texts.


def test_equal_sets_are_equal_texts_whatever_their_order() -> None:
    given_sets = pa.array(["10, 9,9", " a b ,, c", "", None, "2,1"], pa.large_string())
    assert sets_of(by_commas(given_sets), 5).to_pylist() == ["9\x1f10", "c\x1fa b", None, None, "1\x1f2"]
    assert sets_of(members(pa.array([None, "x"], pa.large_string())), 2).to_pylist() == [None, "x"]


@PLENTY
@given(st.lists(st.lists(st.sampled_from(["1", "2", "10", "é", "+a, b"]))))
def test_texts_and_sets_are_the_same(rows: list[list[str]]) -> None:
    texts = pa.array([BETWEEN.join(row) or None for row in rows], pa.large_string())
    found = sets_of(members(texts), len(rows)).to_pylist()
    assert [set((text or "").split(BETWEEN)) - {""} for text in found] == [set(row) for row in rows]
    assert found == [one_set(row) for row in rows]


# What is planned and written.


def test_members_that_the_same_plan_makes_are_waited_for_and_named() -> None:
    lab = a_lab()
    plan = lab.run()
    assert carried(lab) == {1, 2}
    assert vlans_written(plan) == [([], ["v1", "v2"])]
    assert "`v1, v2`" in markdown(plan)
    assert ops(lab.run()) == []


@pytest.mark.parametrize("owner", ["source", "shared"])
def test_what_the_source_adds_and_drops_is_followed(owner: Owner) -> None:
    lab = a_lab(owner)
    lab.run()
    lab.source["port"] = [port("e1", "v3", "v1")]
    lab.run()
    assert carried(lab) == {1, 3}
    assert ops(lab.run()) == []


def test_people_add_and_take_away_members_of_a_shared_set_and_both_stay() -> None:
    lab = a_lab()
    lab.run()
    edit(lab, 1, 3)  # 2 taken away, 3 added
    lab.source["vlan"].append(vlan(4))
    lab.source["port"] = [port("e1", "v1", "v2", "v4")]
    lab.run()
    assert carried(lab) == {1, 3, 4}
    assert ops(lab.run()) == []
    lab.source["port"] = [port("e1", "v2", "v4")]
    lab.run()
    assert carried(lab) == {3, 4}
    assert ops(lab.run()) == []


def test_a_set_of_the_source_is_as_the_source_says() -> None:
    lab = a_lab("source")
    lab.run()
    edit(lab, 1, 3)
    lab.run()
    assert carried(lab) == {1, 2}


def test_an_initial_set_is_written_once() -> None:
    lab = a_lab("initial")
    lab.run()
    edit(lab, 3)
    lab.source["port"] = [port("e1", "v1")]
    lab.run()
    assert carried(lab) == {3}


@pytest.mark.parametrize("owner", ["source", "shared"])
def test_saying_nothing_empties_a_set_only_where_the_field_says_so(owner: Owner) -> None:
    for clears, left in ((False, {1, 2}), (True, set())):
        lab = a_lab(owner, clears=clears)
        lab.run()
        lab.source["port"] = [port("e1")]
        lab.run()
        assert carried(lab) == left
        assert ops(lab.run()) == []


def test_a_set_that_is_shared_is_filled_at_first_sight_and_loses_nothing() -> None:
    lab = a_lab()
    lab.run()
    lab.ledger.lose()
    edit(lab, 3)
    lab.run()
    assert carried(lab) == {1, 2, 3}
    lab.source["port"] = [port("e1", "v1")]
    lab.run()
    assert carried(lab) == {1, 3}, "what the source takes back goes, and the person's member stays"


def test_a_decision_for_the_source_takes_peoples_members_away() -> None:
    lab = a_lab()
    lab.run()
    edit(lab, 1, 3)
    lab.resolutions = Resolutions([Resolution("port", "e1", "take_source", "ann", NOW, field="vlans")])
    lab.run()
    assert carried(lab) == {1, 2}


# Members that cannot be resolved.


@pytest.mark.parametrize("owner", ["source", "shared"])
def test_a_member_that_is_no_record_is_held_alone_and_nothing_leaves_the_set(owner: Owner) -> None:
    lab = a_lab(owner)
    lab.run()
    lab.source["port"] = [port("e1", "v1", "v3", "?v9", speed="fast")]
    plan = lab.run()
    assert carried(lab) == {1, 2, 3}
    assert held(plan) == {"e1": "'v9' of its vlans is held: the source has no such record"}
    assert next(iter(lab.objects("port", "speed").values())) == {"speed": "fast"}
    assert [op for op, *_, hold in ops(lab.run()) if hold is None] == []
    lab.source["port"] = [port("e1", "v1", "v3")]
    lab.run()
    assert carried(lab) == {1, 3}
    assert ops(lab.run()) == []


def test_a_member_that_is_no_record_is_held_no_more_where_a_person_says_that_the_set_stays() -> None:
    lab = a_lab()
    lab.run()
    lab.source["port"] = [port("e1", "v1", "v3", "?v9", speed="fast")]
    lab.resolutions = Resolutions([Resolution("port", "e1", "keep_target", "ann", NOW, field="vlans")])
    assert held(lab.run()) == {}
    assert carried(lab) == {1, 2}


def test_a_set_of_nothing_but_unknown_members_is_left_alone() -> None:
    for clears, owner in itertools.product((False, True), ("source", "shared")):
        lab = a_lab(owner, clears=clears)  # type: ignore[arg-type]
        lab.run()
        lab.source["port"] = [port("e1", "?v8", "?v9")]
        assert len(held(lab.run())) == 1
        assert carried(lab) == {1, 2}


def test_a_new_object_is_made_without_its_held_members() -> None:
    lab = a_lab()
    lab.source["vlan"][1] = vlan(2, refused="serial '0' is junk", vid=None)
    lab.source["vlan"].append({"source_key": "v5", "vid": None})
    lab.source["port"] = [port("e1", "v1", "v5")]
    plan = lab.run()
    assert carried(lab) == {1}
    assert "'v5' of its vlans is held" in held(plan)["e1"]


def test_a_member_whose_making_is_held_waits_and_the_others_go_on() -> None:
    lab = a_lab()
    lab.run()
    lab.source["vlan"] += [vlan(4), vlan(5, name="much too long a name")]
    lab.source["port"] = [port("e1", "v4", "v5", "v1"), port("e2", "v5", "v1")]
    plan = lab.run()
    waits = [(key, changes["vlans"][1], hold) for _, key, changes, hold in ops(plan) if hold and key in {"e1", "e2"}]
    assert [(key, _keys(member)) for key, member, _ in waits] == [("e1", ["v5"]), ("e2", ["v5"])]
    assert all(hold.startswith("waits for vlan 'v5': name has 20 characters") for *_, hold in waits)
    assert (carried(lab), carried(lab, "e2")) == ({1, 2, 4}, {1})
    lab.source["vlan"][-1] = vlan(5)
    lab.run()
    assert (carried(lab), carried(lab, "e2")) == ({1, 4, 5}, {1, 5})
    assert ops(lab.run()) == []


def test_a_member_whose_making_fails_is_left_out_and_told_and_comes_with_the_next_run() -> None:
    lab = a_lab()
    lab.run()
    lab.source["vlan"].append(vlan(4, name="bad"))
    lab.source["port"] = [port("e1", "v1", "v4", speed="fast"), port("e2", "v4", "v1")]
    lab.target.refuses = lambda kind, row: "no" if kind == "vlan" and row["name"] == "bad" else None
    outcomes = lab.apply(lab.plan())
    assert sorted(outcome.outcome for outcome in outcomes.values()) == ["applied", "applied", "failed"]
    short = [outcome for outcome in outcomes.values() if outcome.instead]
    assert {outcome.detail for outcome in short} == {"stored without vlan 'v4', which was not created"}
    assert (carried(lab), carried(lab, "e2")) == ({1, 2}, {1})
    lab.target.refuses = lambda _kind, _row: None
    lab.pass_day()
    lab.run()
    assert (carried(lab), carried(lab, "e2")) == ({1, 4}, {1, 4})
    assert ops(lab.run()) == []


def test_a_set_that_would_not_change_without_what_failed_is_not_written() -> None:
    lab = a_lab()
    lab.run()
    lab.source["vlan"].append(vlan(4, name="bad"))
    lab.source["port"] = [port("e1", "v1", "v2", "v4")]
    lab.target.refuses = lambda kind, row: "no" if kind == "vlan" and row["name"] == "bad" else None
    outcomes = lab.apply(lab.plan())
    assert sorted((o.outcome, o.detail) for o in outcomes.values())[1] == (
        "skipped",
        "needs vlan 'v4', which was not created",
    )


def test_a_member_that_is_another_object_since_the_target_came_back_is_left_out() -> None:
    lab = a_lab()
    lab.run()
    backup = lab.target.backup()
    lab.source["vlan"].append(vlan(4))
    lab.run()
    v4 = lab.ledger.rows["vlan", "v4"]["target_id"]
    lab.source["port"] = [port("e1", "v1", "v3", "v4")]
    waiting = lab.plan()
    lab.target.restore(backup)
    assert lab.target.make("vlan", vid=99, name="guests") == v4

    (outcome,) = lab.apply(waiting).values()

    assert (outcome.outcome, carried(lab)) == ("applied", {1, 2, 3})
    assert outcome.detail is not None
    assert f"vlan #{v4}, which is gone or another object by now" in outcome.detail


# Taken back.


def test_undo_puts_a_set_back_and_the_next_run_leaves_it_so() -> None:
    lab = a_lab()
    lab.run()
    edit(lab, 1, 2, 3)
    lab.source["vlan"].append(vlan(4))
    lab.source["port"] = [port("e1", "v1", "v4")]
    plan = lab.plan()
    outcomes = lab.apply(plan)
    assert carried(lab) == {1, 3, 4}
    assert {outcome.outcome for outcome in lab.undo(plan, outcomes).values()} <= {"applied"}
    assert carried(lab) == {1, 2, 3}
    lab.pass_day()
    lab.run()
    assert carried(lab) == {1, 2, 3}


def test_a_set_that_changed_after_the_plan_is_a_conflict_and_stays() -> None:
    lab = a_lab()
    lab.run()
    lab.source["port"] = [port("e1", "v1")]
    plan = lab.plan()
    edit(lab, 1, 2, 3)
    (outcome,) = lab.apply(plan).values()
    assert outcome.outcome == "conflict"
    assert outcome.detail == "vlans is '1001, 1002, 1003' now, the plan saw '1001, 1002'"
    assert carried(lab) == {1, 2, 3}


# What must hold in every world.

_SETS = st.sets(st.integers(1, 4))
_DAY = st.tuples(_SETS, st.none() | _SETS, st.booleans())
"""What the source says, what a person makes of what stands there, and whether the source names a member that nobody knows."""


@PLENTY
@given(st.lists(_DAY, min_size=1, max_size=3), st.sampled_from(["source", "shared"]))
def test_no_member_of_anybody_is_ever_lost(days: list[tuple[set[int], set[int] | None, bool]], owner: Owner) -> None:
    """The oracle knows of each member who said last that it is in the set, or is not, and nothing of merges."""
    lab = a_lab(owner)
    lab.source["vlan"] = [vlan(number) for number in range(1, 5)]
    lab.source["port"] = [port("e1")]
    lab.run()
    stands: set[int] = set()
    said: set[int] = set()
    for says, edited, unknown in days:
        if edited is not None:
            edit(lab, *edited)
            stands = set(edited)
        lab.source["port"] = [port("e1", *(f"v{number}" for number in says), *(["?v9"] if unknown else []))]
        lab.run()
        for number in range(1, 5):
            before, now = number in said, number in says
            if not says and not unknown:
                continue  # Who says nothing takes nothing back.
            decided = owner == "source" or now != before
            in_it = (now or (unknown and number in stands)) if decided else number in stands
            stands = stands | {number} if in_it else stands - {number}
        if says or unknown:
            said = says | (said if unknown else set())
        assert carried(lab) == stands
        assert vlans_written(lab.plan()) == []


# From the source.


def test_a_column_of_keys_becomes_the_members_and_a_key_of_no_row_is_told() -> None:
    tables = {
        "vlans": SourceTable("vlans", "", (Column("id"), Column("vid", type="integer"), Column("name"))),
        "ports": SourceTable("ports", "", (Column("id"), Column("name"), Column("carries", to="vlans", many=True))),
    }
    read = {
        "vlans": pd.DataFrame({"id": ["a", "b"], "vid": [1, 2], "name": ["one", "two, too"]}),
        "ports": pd.DataFrame({"id": ["x", "y"], "name": ["e1", "e2"], "carries": ["b, zz,a", None]}),
    }
    told = {name: FieldMapping(source=name, ownership=Ownership("source")) for name in ("vid", "name")}
    untold = FieldMapping(ownership=Ownership("source"))
    mapping = SyncMapping({"vlan": "vlans", "port": "ports"}, {"vlan": told, "port": {"name": told["name"], "vlans": untold}})
    made = desired_tables(Source(tables, read), KINDS, mapping).tables
    keys = dict(zip(made["vlan"]["source_key"], made["vlan"]["key"], strict=True))
    assert made["port"]["vlans"].tolist()[0].split(BETWEEN) == sorted([keys["a"], keys["b"], "?zz"], key=lambda k: (len(k), k))
    assert made["port"]["vlans"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="ports has no column that points to rows of ports"):
        tables["ports"].references("vlans", "ports")
