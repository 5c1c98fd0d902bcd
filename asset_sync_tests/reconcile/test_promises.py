"""What is promised where twins, swaps, restored backups and people's edits meet: whole syncs on a strict target."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile import guards
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.guards import Limits
from asset_sync.reconcile.kinds import IdentityRule, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy, make_plan
from asset_sync.reconcile.planning.rebasing import later_objects
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.resolutions import NONE, UNDO, Resolution, Resolutions, Verb, fingerprints
from asset_sync.reconcile.tables import ELSEWHERE_COLUMNS, guess_column
from asset_sync_tests.reconcile.lab import GRACE, Lab, held, ops
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, NOW, OWNERS, POLICY, Row, desired, observed, planned, snapshot


def machine(key: str, **values: Any) -> Row:
    return {"source_key": key, "serial": f"SN-{key}-1", "status": "in-use", **values}


def settled(lab: Lab, runs: int = 2) -> bool:
    """Return whether the last of some runs has nothing to do."""
    return [lab.run() for _ in range(runs)][-1].writes.empty


SHARED_TAGS = Policy({**OWNERS, "asset": {**OWNERS["asset"], "tag": Ownership("shared")}})


# Twins.


def test_a_machine_is_not_made_for_a_serial_that_the_machine_before_it_does_not_give_up_after_all() -> None:
    devices = replace(ASSET, unique=(Unique(("serial",)),))
    lab = Lab(in_order([devices if kind.name == "asset" else kind for kind in KINDS.values()]))
    lab.source = {"asset": [machine(key, tag=f"IT-{key}") for key in ("a", "b")]}
    lab.run()
    ids = {key: link["target_id"] for (_, key), link in lab.ledger.rows.items()}
    # The serial of b goes over to a machine of its own; but what b has now is on a, which says nothing of it any more.
    lab.source = {
        "asset": [
            {**machine("a", tag="IT-a"), "serial": None},
            {**machine("b", tag="IT-b"), "serial": "SN-a-1"},
            {**machine("c", name="new"), "serial": "SN-b-1"},
        ]
    }
    plan = lab.run()
    assert len(lab.objects()) == 2, "the third may be what b was"
    assert held(plan) == {
        "b": f"serial 'SN-a-1' is on asset #{ids['a']} already",
        "c": f"serial 'SN-b-1' is on asset #{ids['b']} already",
    }
    lab.resolutions = Resolutions([Resolution("asset", "c", "create", "anna", NOW)])
    lab.run()
    assert [row.get("name") for row in lab.objects().values()] == [None, None, "new"]


def test_a_second_machine_that_nothing_tells_from_the_first_is_made_once() -> None:
    lab = Lab()
    twin = {"name": "localhost", "room": "r1", "memory": 4}
    lab.source = {"asset": [{"source_key": "a0", **twin}]}
    lab.run()
    lab.source["asset"].append({"source_key": "a1", **twin})
    lab.run()
    assert len(lab.objects()) == 2
    assert settled(lab, 1)
    assert {row["target_id"] for row in lab.ledger.rows.values()} == set(lab.objects())


def test_a_tag_that_several_share_holds_itself_alone_where_serials_tell_the_machines_apart() -> None:
    lab = Lab()
    lab.source = {"asset": [machine(key, tag="IT-1") for key in ("a", "b")]}
    plan = lab.run()
    assert [row["serial"] for row in lab.objects().values()] == ["SN-a-1", "SN-b-1"]
    assert held(plan) == {
        "a": "tag 'IT-1' would stand on 2 objects: it is also on b",
        "b": "tag 'IT-1' would stand on 2 objects: it is also on a",
    }


# Targets and ledgers that came back.


def test_an_id_that_is_a_strangers_since_a_backup_came_back_is_not_written_to() -> None:
    lab = Lab()
    lab.source = {"asset": [machine(f"d{n}", name=f"laptop-{n}", memory=16) for n in range(3)]}
    lab.run()
    link = lab.ledger.rows["asset", "d2"]["target_id"]
    del lab.target.objects["asset"][link]
    lab.target.objects["asset"][link] = {
        **dict.fromkeys(f.name for f in KINDS["asset"].fields),
        "id": link,
        "key": "x",
        "version": "v99",
        "created": None,
        "locked": None,
        "serial": "SW-CISCO-7",
        "name": "core-switch",
        "status": "in-use",
    }
    stranger = dict(lab.target.objects["asset"][link])
    for _ in range(3):
        plan = lab.run()
        assert lab.target.objects["asset"][link] == stranger
    assert "is not what was linked" in held(plan)["d2"]
    lab.source["asset"].pop()
    for _ in range(4):
        lab.run()
    assert lab.target.objects["asset"][link] == stranger, "not retired either"


def test_a_record_whose_id_is_a_strangers_is_found_by_its_serial_where_it_stands_now() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("d1", memory=16)]}
    lab.run()
    (old,) = lab.objects()
    moved = lab.target.objects["asset"][old]
    lab.target.objects["asset"] = {
        old: {**moved, "serial": "SW-CISCO-7", "memory": 2},
        "5000": {**moved, "id": "5000", "memory": 8},
    }
    lab.run()
    assert lab.objects("asset", "serial", "memory") == {
        old: {"serial": "SW-CISCO-7", "memory": 2},
        "5000": {"serial": "SN-d1-1", "memory": 16},
    }


def test_a_machine_that_is_found_where_it_stands_now_is_remembered_also_where_its_model_is_held() -> None:
    lab = Lab()
    lab.source = {
        "maker": [{"source_key": "hp", "name": "..."}],
        "model": [{"source_key": "m", "maker": "hp", "name": "M1"}],
        "asset": [machine("d1", model="m")],
    }
    theirs = lab.target.make("asset", serial="SN-d1-1", status="in-use")
    plan = lab.run()
    assert held(plan)["d1"].startswith("its model 'm' is held")
    assert lab.ledger.rows["asset", "d1"]["target_id"] == theirs
    assert lab.ledger.rows["asset", "d1"]["status"] == "in-use"
    assert settled(lab, 1)


def test_what_a_person_made_without_a_serial_under_an_id_from_before_a_backup_is_not_written_to() -> None:
    lab = Lab()
    empty = lab.target.backup()
    lab.source = {"asset": [machine("a")]}
    lab.run()
    lab.target.restore(empty)
    theirs = lab.target.make("asset", name="beamer", room="hall", status="in-use")
    assert theirs == "1001"
    assert "another object under its id" in held(lab.run())["a"]
    assert lab.objects() == {"1001": {"name": "beamer", "room": "hall", "status": "in-use"}}


def test_a_maker_whose_id_is_a_strangers_is_not_taken_for_it_and_found_where_it_stands() -> None:
    lab = Lab()
    laptop = machine("d1", model="m")
    maker, model = {"source_key": "hp", "name": "HP"}, {"source_key": "m", "maker": "hp", "name": "M1"}
    lab.source = {"maker": [maker], "model": [model], "asset": [laptop]}
    lab.run()
    (hp,) = lab.objects("maker")
    (there,) = lab.target.objects["maker"].values()
    lab.target.objects["maker"] = {hp: {**there, "name": "Canon", "version": "v99"}}
    lab.source["model"] = [model, {**model, "source_key": "m2", "name": "M2"}]
    lab.source["asset"] = [laptop, machine("d2", model="m2")]
    told = held(lab.run())
    assert told["hp"].startswith("maker #1001 is not what was linked")
    assert "its maker 'hp' is held" in told["m2"]
    assert lab.objects("maker", "name") == {hp: {"name": "Canon"}}
    assert len(lab.objects("model")) == len(lab.objects()) == 1
    lab.target.objects["maker"]["5000"] = {**there, "id": "5000"}
    assert settled(lab, 2)
    assert lab.objects("maker", "name") == {hp: {"name": "Canon"}, "5000": {"name": "HP"}}
    assert {row["maker"] for row in lab.objects("model").values()} == {"5000"}


def test_makers_whose_ids_were_all_given_again_are_found_by_their_names_in_one_run() -> None:
    names = (IdentityRule("name", ("name",), decisive=False), IdentityRule("similar name", ("name",), "label", decisive=False))
    lab = Lab(in_order(replace(kind, identity=names) if kind.name == "maker" else kind for kind in KINDS.values()))
    makers = ("Acer", "Dell", "HP")
    lab.source = {
        "maker": [{"source_key": name, "key": name, "name": name} for name in makers],
        "model": [{"source_key": f"m{name}", "key": f"m{name}", "maker": name, "name": "M1"} for name in makers],
        "asset": [machine(name, model=f"m{name}") for name in makers],
    }
    empty = lab.target.backup()
    lab.run()
    lab.target.restore(empty)
    for name in ("HP", "Acer", "Dell"):
        lab.target.make("maker", name=name)
    assert held(lab.run()) == {}
    assert lab.objects("maker", "name") == {"1001": {"name": "HP"}, "1002": {"name": "Acer"}, "1003": {"name": "Dell"}}
    assert settled(lab)


def test_a_maker_that_is_another_one_under_its_id_is_not_taken_for_one_of_a_similar_name() -> None:
    names = (IdentityRule("name", ("name",), decisive=False), IdentityRule("similar name", ("name",), "label", decisive=False))
    lab = Lab(in_order(replace(kind, identity=names) if kind.name == "maker" else kind for kind in KINDS.values()))
    lab.source = {"maker": [{"source_key": "hp", "key": "hp", "name": "HP"}]}
    lab.run()
    lab.target.edit("maker", "1001", name="Lenovo")
    lab.target.make("maker", name="H.P.")
    assert "another object under its id" in held(lab.run())["hp"]


def test_a_serial_that_a_person_mistyped_is_put_back_where_the_tag_stands() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", tag="IT-1")]}
    lab.run()
    (one,) = lab.objects()
    lab.target.edit("asset", one, serial="SN-oops")
    lab.run()
    assert lab.objects("asset", "serial")[one] == {"serial": "SN-a-1"}


def test_a_target_that_was_rolled_back_is_told_and_rebased() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", name="old-name", room="r1"), machine("b", name="b", room="r1")]}
    lab.run()
    one, other = lab.objects()
    lab.target.edit("asset", other, room="a person's")
    backup = lab.target.backup()
    lab.source["asset"][0] = machine("a", name="new-name", room="r2")
    lab.run()
    lab.target.restore(backup)
    plan = lab.plan()
    verdicts = {g.name: g for g in guards.check(plan, KINDS, POLICY, lab.snapshot(), limits=Limits(), last_rows=None)}
    assert not verdicts["rolled_back"].passed
    assert "asset-sync rebase test" in verdicts["rolled_back"].message
    assert lab.run("rebase").writes.empty
    verdicts = {g.name: g for g in guards.check(lab.plan(), KINDS, POLICY, lab.snapshot(), limits=Limits(), last_rows=None)}
    assert verdicts["rolled_back"].passed
    lab.run()
    assert lab.objects("asset", "name", "room") == {
        one: {"name": "new-name", "room": "r2"},
        other: {"name": "b", "room": "a person's"},
    }
    assert settled(lab, 1)


def test_after_a_lost_ledger_a_rebase_takes_the_target_for_what_was_applied_last() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", name="old-name")]}
    lab.run()
    lab.ledger.lose()
    lab.source["asset"][0] = machine("a", name="new-name")
    lab.run("rebase")
    lab.run()
    assert [row["name"] for row in lab.objects("asset", "name").values()] == ["new-name"]


def test_after_an_older_ledger_came_back_a_rebase_tells_own_writes_from_edits() -> None:
    lab = Lab()
    lab.source = {"asset": [machine(key, name=key, room="r1") for key in ("a", "b", "c")]}
    lab.run()
    one, other, third = lab.objects()
    lab.target.edit("asset", third, room="a person's")
    backup = lab.ledger.backup()
    lab.source["asset"][:2] = [machine(key, name=key, room="r2") for key in ("a", "b")]
    lab.run()
    lab.target.edit("asset", other, room="a person's, later")
    lab.ledger.restore(backup)
    lab.source["asset"][:2] = [machine(key, name=key, room="r1") for key in ("a", "b")]
    seen = lab.snapshot()
    assert later_objects(KINDS, seen.links, seen.observed) == {"asset": [one, other, third]}
    written = {"id": [one, other, third], "room": ["r2", "r2", "r1"]}
    lab.own_writes = {"asset": pd.DataFrame(written, dtype="str")}
    assert lab.run("rebase").writes.empty
    lab.own_writes = {}
    lab.run()
    assert lab.objects("asset", "room") == {
        one: {"room": "r1"},
        other: {"room": "a person's, later"},
        third: {"room": "a person's"},
    }
    assert settled(lab, 1)


# Values that move.


@pytest.mark.parametrize("field", ["tag", "serial", "name"])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["V-1", "V-2"], ["V-2", "V-1"]),
        (["V-1", "V-2", "V-3"], ["V-2", "V-3", "V-1"]),
        (["V-1", "V-2"], ["V-2", "V-3"]),
        (["V-2", "V-1"], ["V-3", "V-2"]),
        (["V-1", "V-2", "V-3", "V-4"], ["V-2", "V-1", "V-4", "V-3"]),
        (["V-1", "V-2", "V-3"], ["V-9", "V-1", "V-2"]),
    ],
)
def test_a_value_is_free_before_it_is_taken(field: str, first: list[str], then: list[str]) -> None:
    lab = Lab()
    lab.source = {"asset": [machine(f"d{n}", **{field: value}) for n, value in enumerate(first)]}
    lab.run()
    before = list(lab.objects())
    lab.source = {"asset": [machine(f"d{n}", **{field: value}) for n, value in enumerate(then)]}
    lab.run()
    assert [row[field] for row in lab.objects("asset", field).values()] == then
    assert list(lab.objects()) == before
    assert settled(lab, 1)


def test_a_cycle_goes_through_no_value_in_the_plan_for_a_reviewer_to_see() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", tag="T1"), machine("b", tag="T2")]}
    lab.run()
    lab.source = {"asset": [machine("a", tag="T2"), machine("b", tag="T1")]}
    assert [(op, key, changes["tag"]) for op, key, changes, _ in ops(lab.plan()) if op == "update"] == [
        ("update", "a", ("T1", None)),
        ("update", "b", ("T2", "T1")),
        ("update", "a", (None, "T2")),
    ]


def test_a_new_machine_takes_the_tag_that_another_gives_up() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", tag="T1")]}
    lab.run()
    lab.source = {"asset": [machine("a", tag="T1-OLD"), machine("b", tag="T1")]}
    lab.run()
    assert [row["tag"] for row in lab.objects("asset", "tag").values()] == ["T1-OLD", "T1"]


# Objects of this sync's own.


def test_the_tag_of_a_retired_machine_is_its_successors() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("old", tag="IT-1")]}
    lab.run()
    lab.source = {"asset": [machine("new", tag="IT-1")]}
    plan = lab.run()
    assert held(plan)["new"] == "tag 'IT-1' is on asset #1001 already"
    assert len(lab.objects()) == 2, "the machine itself is not held"
    assert settled(lab, 4)
    assert lab.objects("asset", "serial", "tag", "status") == {
        "1001": {"serial": "SN-old-1", "status": "retired"},
        "1002": {"serial": "SN-new-1", "tag": "IT-1", "status": "in-use"},
    }


def test_the_tag_of_a_machine_whose_making_was_undone_is_its_successors() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("old", tag="IT-1")]}
    plan = lab.plan()
    lab.undo(plan, lab.apply(plan))
    assert lab.objects("asset", "tag", "status") == {"1001": {"tag": "IT-1", "status": "retired"}}
    lab.source = {"asset": [machine("new", tag="IT-1")]}
    assert held(lab.run()) == {}
    assert lab.objects("asset", "serial", "tag", "status") == {
        "1001": {"serial": "SN-old-1", "status": "retired"},
        "1002": {"serial": "SN-new-1", "tag": "IT-1", "status": "in-use"},
    }
    assert settled(lab)


def test_a_retired_machine_gives_up_all_that_its_successor_is_called_by_in_one_run() -> None:
    devices = replace(ASSET, unique=(Unique(("name",), "folded"), Unique(("tag",))))
    lab = Lab(kinds={**KINDS, "asset": devices}, source={"asset": [machine("a", name="PC-1", tag="T1"), machine("z")]})
    lab.run()
    lab.source["asset"].pop(0)
    for _ in range(3):
        lab.run()
    lab.source["asset"].append(machine("b", name="PC-1", tag="T1"))
    assert not held(lab.run())
    assert [(row.get("name"), row.get("tag")) for row in lab.objects("asset", "name", "tag").values()] == [
        ("PC-1 (retired 1001)", None),
        (None, None),
        ("PC-1", "T1"),
    ]


def test_a_tag_of_the_record_before_makes_way_for_the_one_that_its_heir_is_given() -> None:
    lab = Lab(policy=SHARED_TAGS)
    lab.source = {"asset": [machine("old", serial=None, name="PC-1", tag="T1")]}
    lab.run()
    lab.source = {"asset": [machine("heir", serial=None, name="PC-1", tag=None)]}
    lab.run()
    lab.source = {"asset": [machine("heir", serial=None, name="PC-1", tag="T2")]}
    lab.run()
    assert lab.objects("asset", "name", "tag") == {"1001": {"name": "PC-1", "tag": "T2"}}
    assert settled(lab, 1)


def test_a_tag_that_the_source_says_of_another_machine_now_is_that_ones() -> None:
    lab = Lab(policy=SHARED_TAGS)
    lab.source = {"asset": [machine("one", tag="IT-1")]}
    lab.run()
    lab.source = {"asset": [machine("one", tag=None), machine("other", tag="IT-1")]}
    lab.run()
    assert lab.objects("asset", "tag") == {"1001": {}, "1002": {"tag": "IT-1"}}
    assert settled(lab, 1)


def test_a_tag_that_a_person_wrote_is_not_taken_from_a_machine_of_which_the_source_says_none() -> None:
    lab = Lab(policy=SHARED_TAGS)
    lab.source = {"asset": [machine("one", tag=None)]}
    lab.run()
    lab.target.edit("asset", "1001", tag="IT-1")
    lab.source = {"asset": [machine("one", tag=None), machine("other", tag="IT-1")]}
    plan = lab.run()
    assert lab.objects("asset", "tag") == {"1001": {"tag": "IT-1"}, "1002": {}}
    assert held(plan)["other"] == "tag 'IT-1' is on asset #1001 already"


def test_the_tag_of_a_machine_that_a_person_retired_stays() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("old", tag="IT-1")]}
    lab.run()
    lab.target.edit("asset", "1001", status="retired")
    lab.source = {"asset": [machine("new", tag="IT-1")]}
    for _ in range(4):
        plan = lab.run()
    assert lab.objects("asset", "tag")["1001"] == {"tag": "IT-1"}
    assert held(plan)["new"] == "tag 'IT-1' is on asset #1001 already"


def network(machines: dict[str, dict[str, str]]) -> dict[str, list[Row]]:
    """Return machines with their ports and addresses: addresses by port, by machine. The first address is the primary one."""
    ports = [(m, port, address) for m, own in machines.items() for port, address in own.items()]
    return {
        "asset": [machine(m) for m in machines],
        "port": [{"source_key": f"{m}/{port}", "asset": m, "name": port} for m, port, _ in ports],
        "address": [{"source_key": f"{m}/{port}/ip", "address": a, "port": f"{m}/{port}"} for m, port, a in ports],
        "primary": [{"source_key": m, "asset": m, "address": f"{m}/{next(iter(own))}/ip"} for m, own in machines.items()],
    }


def addresses(lab: Lab) -> dict[str, tuple[str, str] | None]:
    """Return the machine (by serial) and port that each address is on."""
    ports, assets = lab.target.objects["port"], lab.target.objects["asset"]
    return {
        row["address"]: (assets[ports[row["port"]]["asset"]]["serial"], ports[row["port"]]["name"]) if row["port"] else None
        for row in lab.target.objects["address"].values()
    }


def test_an_address_moves_with_a_renamed_adapter() -> None:
    lab = Lab(source=network({"pc": {"Ethernet": "10.0.0.1/24"}}))
    lab.run()
    lab.source = network({"pc": {"Ethernet 2": "10.0.0.1/24"}})
    lab.run()
    assert addresses(lab) == {"10.0.0.1/24": ("SN-pc-1", "Ethernet 2")}
    assert settled(lab, 1)


def test_the_address_of_a_gone_machine_is_its_heirs() -> None:
    lab = Lab(source=network({"gone": {"e": "10.0.0.50/24"}, "heir": {"e": "10.0.0.51/24"}}))
    lab.run()
    lab.source = network({"heir": {"e": "10.0.0.50/24"}})
    lab.run()
    assert addresses(lab)["10.0.0.50/24"] == ("SN-heir-1", "e")
    assert settled(lab, 3)
    by_serial = {row["serial"]: row for row in lab.target.objects["asset"].values()}
    ids = {row["address"]: target_id for target_id, row in lab.target.objects["address"].items()}
    assert by_serial["SN-heir-1"]["primary.address"] == ids["10.0.0.50/24"]
    assert by_serial["SN-gone-1"]["primary.address"] is None


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c"]])
def test_addresses_that_go_round_are_on_their_machines_in_one_run(names: list[str]) -> None:
    nets = [f"10.0.0.{n}/24" for n in range(len(names))]
    lab = Lab(source=network({name: {"e": net} for name, net in zip(names, nets, strict=True)}))
    lab.run()
    there = {row["address"]: i for i, row in lab.target.objects["address"].items()}
    round_ = [*nets[1:], nets[0]]
    lab.source = network({name: {"e": net} for name, net in zip(names, round_, strict=True)})
    lab.run()
    assert addresses(lab) == {net: (f"SN-{name}-1", "e") for name, net in zip(names, round_, strict=True)}
    assert {row["address"]: i for i, row in lab.target.objects["address"].items()} == there, "no record is renumbered"
    assert settled(lab, 1)


def test_a_persons_address_record_keeps_its_address_when_the_machine_moves() -> None:
    lab = Lab()
    lab.target.objects["address"] = {
        "77": {
            "id": "77",
            "key": "ip",
            "version": "v1",
            "created": None,
            "locked": None,
            "address": "10.0.0.5/24",
            "port": None,
        }
    }
    lab.source = network({"pc": {"e": "10.0.0.5/24"}})
    lab.run()
    assert addresses(lab) == {"10.0.0.5/24": ("SN-pc-1", "e")}
    lab.source = network({"pc": {"e": "10.0.0.9/24"}})
    made = [row for row in p.records(lab.run().operations) if (row["op"], row["kind"]) == ("create", "address")]
    assert [row["reason"] for row in made] == ["nothing in the target is recognised as it"]
    assert addresses(lab) == {"10.0.0.5/24": None, "10.0.0.9/24": ("SN-pc-1", "e")}
    assert settled(lab, 1)


def test_an_address_that_a_person_moved_is_not_taken_back() -> None:
    lab = Lab(source=network({"a": {"e": "10.0.0.1/24"}, "b": {"e": "10.0.0.2/24"}}))
    lab.run()
    ports = {row["asset"]: i for i, row in lab.target.objects["port"].items()}
    lab.source = network({"b": {"e": "10.0.0.2/24"}})
    lab.target.objects["asset"]["1001"]["primary.address"] = None
    lab.target.edit("address", next(iter(lab.target.objects["address"])), port=ports["1002"])
    lab.source = network({"b": {"e": "10.0.0.2/24"}, "c": {"e": "10.0.0.1/24"}})
    plan = lab.run()
    assert addresses(lab)["10.0.0.1/24"] == ("SN-b-1", "e")
    assert "this sync did not put it there" in held(plan)["c/e/ip"]


# Guesses, bad values, and what vanished.


def test_one_bad_value_holds_itself_alone() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc", room="r1", memory=4)]})
    lab.run()
    lab.source = {"asset": [machine("a", name="x" * 31, room="r2", memory=8)]}
    plan = lab.run()
    assert lab.objects("asset", "name", "room", "memory")["1001"] == {"name": "pc", "room": "r2", "memory": 8}
    assert held(plan)["a"].startswith("name has 31 characters")


def test_a_recognised_record_that_refers_to_something_held_is_in_the_plan_with_the_reason() -> None:
    lab = Lab()
    own = {"key": "k", "version": "v1", "created": None, "locked": None}
    lab.target.objects["address"] = {"200": {**own, "id": "200", "address": "10.0.0.1/24", "port": None}}
    twins: list[Row] = [{"source_key": key, "serial": "S1A", "name": "pc-1"} for key in ("a3", "a4")]
    lab.source = {**network({"a3": {"e": "10.0.0.1/24"}}), "asset": twins}
    told = held(lab.run())
    assert told["a3/e/ip"] == "its port 'a3/e' is held: its asset 'a3' is held: serial 'S1A' is also on a4"


def test_a_primary_address_of_a_new_machine_that_is_held_is_in_the_plan_with_the_reason() -> None:
    lab = Lab()
    elsewhere = lab.target.make("asset", serial="SN-other-1", status="in-use")
    port = lab.target.make("port", asset=elsewhere, name="eth9")
    lab.target.make("address", address="10.0.0.1/24", port=port)
    lab.source = {
        "asset": [machine("a")],
        "port": [{"source_key": "a/e", "key": "a/e", "asset": "a", "name": "eth0"}],
        "address": [{"source_key": "a/e/ip", "key": "ip", "address": "10.0.0.1/24", "port": "a/e"}],
        "primary": [{"source_key": "a", "key": "a", "asset": "a", "address": "ip"}],
    }
    lab.policy = Policy({**OWNERS, "primary": {name: Ownership("source") for name in ("asset", "address")}}, GRACE)
    told = {(row["kind"], row["source_key"]): row["hold"] for row in p.records(lab.plan().held)}
    assert told["primary", "a"].startswith("its address 'ip' is held: address #1001 is assigned to another object")


def test_a_value_of_both_sides_after_an_emptied_field_is_a_conflict() -> None:
    clearing = {**OWNERS, "asset": {**OWNERS["asset"], "room": Ownership("shared", clears=True)}}
    lab = Lab(policy=Policy(clearing, GRACE))
    lab.source = {"asset": [machine("a", room="r1")]}
    lab.run()
    lab.source = {"asset": [machine("a")]}
    lab.run()
    assert "room" not in lab.objects()["1001"]
    lab.target.edit("asset", "1001", room="p1")
    lab.source = {"asset": [machine("a", room="r2", memory=8)]}
    plan = lab.run()
    assert lab.objects("asset", "room", "memory")["1001"] == {"room": "p1", "memory": 8}
    assert held(plan)["a"].startswith("changed on both sides")


def test_a_default_never_empties_what_is_known_also_where_empty_values_clear() -> None:
    clearing = {**OWNERS, "asset": {**OWNERS["asset"], "room": Ownership("source", clears=True)}}
    lab = Lab(policy=Policy(clearing, GRACE), source={"asset": [machine("a", room="r1")]})
    lab.run()
    now = lab.snapshot()
    now.desired["asset"] = desired(ASSET, machine("a", room="unknown")).assign(**{guess_column("room"): True})
    plan = planned(now, policy=Policy(clearing, GRACE))
    assert plan.writes.empty


# What people decided.


@pytest.mark.parametrize("field", ["name", "tag", "room"])
def test_a_field_of_which_a_person_says_that_it_stays_is_held_no_more(field: str) -> None:
    """Whatever holds it: a name that is too long, a tag that another has, a room that both sides changed."""
    lab = Lab(source={"asset": [machine("a", name="pc", tag="IT-a", room="r1")]})
    lab.target.make("asset", serial="SN-other-1", status="in-use", tag="IT-7")
    lab.run()
    (own,) = (each for each, row in lab.objects().items() if row["serial"] == "SN-a-1")
    lab.target.edit("asset", own, room="p1")
    lab.source = {"asset": [machine("a", name="x" * 31, tag="IT-7", room="r2")]}
    assert {name for _, _, changes, hold in ops(lab.run()) for name in changes if hold} == {"name", "tag", "room"}
    lab.resolutions = decided("keep_target", "a", field=field)
    assert {name for _, _, changes, hold in ops(lab.run()) for name in changes if hold} == {"name", "tag", "room"} - {field}
    assert lab.objects("asset", "name", "tag", "room")[own] == {"name": "pc", "tag": "IT-a", "room": "p1"}


def test_a_value_that_cannot_be_written_is_held_no_more_where_a_person_says_that_the_field_stays() -> None:
    lab = Lab(source={"asset": [machine(key, room="r1") for key in ("a", "b")]})
    lab.run()
    said = {"field": "room", "value": "r?", "reason": "'r?' is no room"}
    refused = {"asset": pd.DataFrame([{"source_key": key, **said} for key in ("a", "b")], dtype="str")}
    assert held(planned(replace(lab.snapshot(), refused=refused))).keys() == {"a", "b"}
    lab.resolutions = decided("keep_target", "a", field="room")
    assert held(planned(replace(lab.snapshot(), refused=refused))).keys() == {"b"}


def decided(verb: Any, key: str, **more: Any) -> Resolutions:
    return Resolutions([Resolution("asset", key, verb, "anna", NOW, **more)])


def test_a_record_is_the_object_that_a_person_says_it_is() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    lab.run()
    lab.source = {"asset": [machine("b", name="other", serial=None, tag=None, refused="serial '0' is junk")]}
    lab.resolutions = decided("link", "b", target_id="1001")
    plan = lab.run()
    assert lab.objects("asset", "name")["1001"] == {"name": "other"}
    assert any("decided by anna" in (row or "") for row in plan.operations["reason"])


def test_a_record_is_never_the_object_that_a_person_says_it_is_not() -> None:
    lab = Lab()
    own = {"key": "k", "version": "v1", "created": None, "locked": None}
    blank = dict.fromkeys(f.name for f in KINDS["asset"].fields)
    lab.target.objects["asset"] = {"7": {**blank, **own, "id": "7", "name": "pc"}}
    lab.source = {"asset": [machine("a", name="pc")]}
    lab.resolutions = decided("never_link", "a", target_id="7")
    plan = lab.run()
    assert len(lab.objects()) == 2
    (made,) = [row["reason"] for row in p.records(plan.writes) if row["op"] == p.CREATE and row["kind"] == "asset"]
    assert made.startswith("made as a new object: decided by anna on ")


def test_what_a_person_says_a_linked_record_is_not_is_not_asked_again() -> None:
    lab = Lab()
    lab.source = {"asset": [machine("a", serial="S1A", name="pc")]}
    lab.run()
    theirs = next(iter(lab.target.objects["asset"].values())) | {"id": "7", "serial": "S2B", "name": "other"}
    lab.target.objects["asset"]["7"] = theirs
    lab.source = {"asset": [machine("a", serial="S2B", name="pc-2")]}
    assert "but serial" in held(lab.run())["a"]
    lab.resolutions = decided("never_link", "a", target_id="7")
    lab.run()
    assert {row["name"] for row in lab.objects().values()} == {"pc-2", "other"}


def parted() -> tuple[Lab, str, str]:
    """A lab in which a machine was made beside the object that a person says it is after all; the ids of both."""
    lab = Lab(source={"asset": [machine("a", name="pc", tag="T-1")]})
    lab.ledger.also = ("serial", "tag")
    theirs = lab.target.make("asset", name="pc", status="active")
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    lab.run()
    (made,) = set(lab.objects()) - {theirs}
    lab.resolutions = decided("link", "a", target_id=theirs)
    return lab, made, theirs


def stopped(lab: Lab) -> None:
    """Plan, and be killed before anything is applied."""
    lab.ledger.note_sighting(lab.plan(), lab.at)
    lab.pass_day()


@pytest.mark.parametrize("killed", [0, 1, 3])
def test_what_was_made_for_a_record_that_is_another_object_after_all_leaves_service(killed: int) -> None:
    lab, made, theirs = parted()
    for _ in range(killed):
        stopped(lab)
    first = lab.run()
    assert f"a (left #{made})" in first.operations["source_key"].tolist()
    assert lab.objects("asset", "tag") == {made: {}, theirs: {"tag": "T-1"}}
    assert {row["op"] for row in p.records(first.writes)} == ({p.UPDATE, p.RETIRE} if killed else {p.UPDATE})
    assert settled(lab, 4)
    assert {key: row["status"] for key, row in lab.objects("asset", "status").items()} == {theirs: "active", made: "retired"}
    assert lab.ledger.rows["asset", "a"]["target_id"] == theirs


@pytest.mark.parametrize("killed", [0, 1])
def test_what_left_service_for_another_object_is_back_once_it_is_the_record_s_again(killed: int) -> None:
    lab, made, theirs = parted()
    assert settled(lab, 5)
    lab.resolutions = decided("link", "a", target_id=made)
    for _ in range(killed):
        stopped(lab)
    assert p.RESTORE in set(lab.run().writes["op"])
    assert settled(lab)
    told = {key: (row["status"], row.get("tag")) for key, row in lab.objects("asset", "status", "tag").items()}
    assert told == {theirs: ("active", None), made: ("in-use", "T-1")}
    assert {key for _, key in lab.ledger.rows} == {"a", f"a (left #{theirs})"}, "what it may yet give up is remembered"


def test_what_was_made_leaves_service_however_often_its_record_is_said_to_be_another_object() -> None:
    lab, made, theirs = parted()
    for target_id, other in ((theirs, made), (made, theirs), (theirs, made)):
        lab.resolutions = decided("link", "a", target_id=target_id)
        assert settled(lab, 5)
        assert lab.ledger.rows["asset", "a"]["target_id"] == target_id
        assert lab.objects("asset", "status")[made] == {"status": "retired" if other == made else "in-use"}


def test_what_was_made_leaves_service_also_where_its_record_has_another_key_since() -> None:
    lab, made, theirs = parted()
    lab.source = {"asset": [{**machine("a", name="pc", tag="T-1"), "source_key": "a2"}]}
    lab.resolutions = decided("never_link", "a2", target_id=theirs)
    assert settled(lab)
    lab.resolutions = decided("link", "a2", target_id=theirs)
    assert settled(lab, 5)
    assert lab.objects("asset", "status", "tag") == {theirs: {"status": "active", "tag": "T-1"}, made: {"status": "retired"}}


def test_what_was_made_leaves_service_also_where_a_rebase_comes_first() -> None:
    lab, made, theirs = parted()
    lab.run("rebase")
    assert settled(lab, 5)
    assert lab.objects("asset", "status")[made] == {"status": "retired"}
    assert lab.objects("asset", "tag")[theirs] == {"tag": "T-1"}


def test_what_a_backup_brought_back_to_an_object_that_its_record_left_is_given_up_again_after_a_rebase() -> None:
    lab, made, theirs = parted()
    backup = lab.target.backup()
    assert settled(lab, 5)
    lab.target.restore(backup)
    lab.run("rebase")
    assert settled(lab, 5)
    assert lab.objects("asset", "status", "tag") == {theirs: {"status": "in-use", "tag": "T-1"}, made: {"status": "retired"}}


def test_what_its_record_left_while_it_was_out_of_service_is_back_once_it_is_the_record_s_again() -> None:
    lab, made, theirs = parted()
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    (row,) = lab.source["asset"]
    lab.source["asset"] = []
    assert settled(lab, 4)
    assert lab.objects("asset", "status")[made] == {"status": "retired"}
    lab.source["asset"] = [row]
    lab.resolutions = decided("link", "a", target_id=theirs)
    assert settled(lab, 3)
    lab.resolutions = decided("link", "a", target_id=made)
    assert settled(lab, 3)
    assert lab.objects("asset", "status")[made] == {"status": "in-use"}


@pytest.mark.parametrize("key", ["x", "x (left #1001)"])
def test_what_a_record_is_called_does_not_make_its_object_one_that_a_record_left(key: str) -> None:
    lab = Lab(source={"asset": [{**machine("x", tag="T-1"), "source_key": key}]})
    lab.ledger.also = ("tag",)
    lab.run()
    lab.source = {"asset": [machine("b", tag="T-1")]}
    plan = lab.run()
    assert held(plan).keys() >= {"b"}
    assert lab.objects("asset", "tag")["1001"] == {"tag": "T-1"}


def test_a_record_that_is_called_as_what_another_left_is_an_object_of_its_own() -> None:
    lab, made, theirs = parted()
    key = f"a (left #{made})"
    lab.source["asset"].append({**machine("z", name="zz"), "source_key": key})
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    lab.run()
    lab.resolutions = decided("link", "a", target_id=theirs)
    assert settled(lab, 4)
    own = lab.ledger.rows["asset", key]["target_id"]
    assert {each: row["serial"] for each, row in lab.objects().items() if row["serial"] == "SN-z-1"} == {own: "SN-z-1"}
    assert lab.objects("asset", "status")[own] == {"status": "in-use"}
    assert lab.ledger.rows["asset", "a"]["target_id"] == theirs


def test_what_was_a_record_s_by_a_decision_that_is_over_is_retired_for_nobody() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    theirs = lab.target.make("asset", name="other", status="in-use")
    lab.resolutions = decided("link", "a", target_id=theirs)
    lab.run()
    lab.resolutions = NONE
    lab.ledger.rows["asset", f"a (left #{theirs})"] = {
        **lab.ledger.rows.pop(("asset", "a")),
        "source_key": f"a (left #{theirs})",
        "left": True,
    }
    lab.source = {"asset": []}
    assert settled(lab, 5)
    assert lab.objects("asset", "status") == {theirs: {"status": "in-use"}}


@pytest.mark.parametrize("killed", [0, 1])
def test_a_value_that_a_person_said_stays_is_given_up_to_no_other_object(killed: int) -> None:
    lab, made, theirs = parted()
    for _ in range(killed):
        stopped(lab)
    key = f"a (left #{made})"
    stays = Resolution("asset", key, "keep_target", "kim", NOW, field="tag")
    lab.resolutions = Resolutions([*decided("link", "a", target_id=theirs), stays])
    plan = lab.run()
    assert held(plan)["a"].startswith("tag 'T-1' is on asset")
    assert lab.objects("asset", "tag") == {made: {"tag": "T-1"}, theirs: {}}
    lab.resolutions = decided("link", "a", target_id=theirs)
    assert settled(lab, 3)
    assert lab.objects("asset", "tag") == {made: {}, theirs: {"tag": "T-1"}}


def test_what_was_made_for_a_record_is_not_retired_where_retiring_is_switched_off() -> None:
    lab, made, _ = parted()
    lab.policy = replace(lab.policy, grace=replace(GRACE, retires=False))
    assert settled(lab, 5)
    assert lab.objects("asset", "status")[made] == {"status": "in-use"}
    assert "retiring is switched off" in held(lab.plan())[f"a (left #{made})"]


@pytest.mark.parametrize("edit", [{"status": "storage"}, {"serial": "SN-other"}])
def test_what_a_person_made_use_of_stays_in_service_though_its_record_is_another_object(edit: Row) -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    theirs = lab.target.make("asset", name="pc", status="active")
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    lab.run()
    (made,) = set(lab.objects()) - {theirs}
    lab.target.edit("asset", made, **edit)
    lab.resolutions = decided("link", "a", target_id=theirs)
    before = lab.objects()[made]
    assert settled(lab, 5)
    assert lab.objects()[made] == before


def test_what_this_sync_only_recognised_stays_in_service_though_its_record_is_another_object() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    recognised = lab.target.make("asset", serial="SN-a-1", name="pc", status="in-use")
    lab.run()
    lab.resolutions = decided("link", "a", target_id=lab.target.make("asset", name="other", status="in-use"))
    assert settled(lab, 5)
    assert lab.objects("asset", "status")[recognised] == {"status": "in-use"}


def test_records_that_a_person_says_are_each_others_objects_retire_neither() -> None:
    lab = Lab(source={"asset": [machine(key, name=f"pc-{key}") for key in "ab"]})
    lab.run()
    ids = {key: link["target_id"] for (_, key), link in lab.ledger.rows.items()}
    both = [Resolution("asset", one, "link", "anna", NOW, target_id=ids[other]) for one, other in ("ab", "ba")]
    lab.resolutions = Resolutions(both)
    assert settled(lab, 5)
    assert {row["status"] for row in lab.objects().values()} == {"in-use"}


def test_what_may_be_a_held_record_stays_in_service_though_its_own_record_is_another_object() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc"), machine("b", name="other")]})
    theirs = lab.target.make("asset", name="pc", status="active")
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    lab.run()
    made = lab.ledger.rows["asset", "a"]["target_id"]
    lab.source = {"asset": [machine("a", name="pc", serial="SN-new-1"), machine("b", name="other", serial="SN-a-1")]}
    lab.resolutions = decided("link", "a", target_id=theirs)
    for _ in range(5):
        plan = lab.run()
    assert f"serial 'SN-a-1' is on asset #{made}" in held(plan)["b"]
    assert lab.objects("asset", "status")[made] == {"status": "in-use"}


def test_what_another_source_has_stays_in_service_though_its_own_record_is_another_object() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    theirs = lab.target.make("asset", name="pc", status="active")
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    lab.run()
    made = lab.ledger.rows["asset", "a"]["target_id"]
    others = pd.DataFrame([dict.fromkeys(ELSEWHERE_COLUMNS) | {"link_set": "other", "target_id": made}])
    lab.resolutions = decided("link", "a", target_id=theirs)
    for _ in range(3):
        stopped(lab)
    assert p.RETIRE in set(lab.plan().writes["op"])
    now = replace(lab.snapshot(), elsewhere={"asset": others.astype(ELSEWHERE_COLUMNS)})
    matches = match_all(KINDS, now.desired, now.observed, now.links, resolutions=now.resolutions)
    plan = make_plan("test", KINDS, lab.policy, now, matches, now=lab.at)
    assert p.RETIRE not in set(plan.writes["op"])
    assert "other" in held(plan)[f"a (left #{made})"]


def test_what_this_sync_wrote_to_an_object_that_a_record_never_is_goes_to_the_record() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc", tag="IT-1")]})
    lab.ledger.also = ("tag",)
    theirs = lab.target.make("asset", name="pc", status="active")
    lab.run()
    assert lab.objects("asset", "tag")[theirs] == {"tag": "IT-1"}
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    assert held(lab.run()) == {}
    (made,) = set(lab.objects()) - {theirs}
    assert lab.objects("asset", "tag") == {theirs: {}, made: {"tag": "IT-1"}}
    assert settled(lab)


@pytest.mark.parametrize("policy", [POLICY, SHARED_TAGS], ids=["source", "shared"])
def test_what_a_person_wrote_to_an_object_that_a_record_never_is_stays(policy: Policy) -> None:
    lab = Lab(source={"asset": [machine("a", name="pc", tag="IT-1")]}, policy=policy)
    lab.ledger.also = ("tag",)
    theirs = lab.target.make("asset", name="pc", status="active", tag="IT-1")
    lab.run()
    lab.resolutions = decided("never_link", "a", target_id=theirs)
    assert "tag 'IT-1' is on asset" in held(lab.run())["a"]
    assert lab.objects("asset", "tag")[theirs] == {"tag": "IT-1"}


def test_a_new_object_is_made_where_a_person_says_so_and_only_once() -> None:
    lab = Lab()
    twins: list[Row] = [{"source_key": key, "serial": "S1A", "name": f"pc-{key}"} for key in ("a", "b")]
    lab.source = {"asset": twins}
    assert set(held(lab.run())) == {"a", "b"}
    lab.resolutions = decided("create", "a")
    assert settled(lab, 2)
    assert len(lab.objects()) == 1


@pytest.mark.parametrize(("verb", "stays"), [("keep_target", "a person's"), ("take_source", "r3")])
def test_a_conflict_is_decided_for_good(verb: str, stays: str) -> None:
    lab = Lab(source={"asset": [machine("a", room="r1")]})
    lab.run()
    lab.target.edit("asset", "1001", room="a person's")
    lab.source = {"asset": [machine("a", room="r2")]}
    assert held(lab.run())
    lab.resolutions = decided(verb, "a", field="room")
    assert not held(lab.run())
    lab.source = {"asset": [machine("a", room="r3")]}
    lab.run()
    assert lab.objects("asset", "room")["1001"] == {"room": stays}


def test_the_reason_names_the_decision_about_the_field_that_is_written() -> None:
    lab = Lab(source={"asset": [machine(key, room="r1", memory=4) for key in ("a", "b")]})
    lab.run()
    lab.target.edit("asset", "1001", room="a person's")
    lab.target.edit("asset", "1002", memory=9)
    lab.source = {"asset": [machine("a", room="r2"), machine("b", room="r2", memory=8)]}
    about = [(key, field, by) for key in ("a", "b") for field, by in (("name", "ann"), ("room", "bob"), ("memory", "cho"))]
    lab.resolutions = Resolutions([Resolution("asset", key, "take_source", by, NOW, field=field) for key, field, by in about])
    reasons = {row["source_key"]: row["reason"] for row in p.records(lab.plan().writes)}
    when = "on 2025-06-01 12:00 UTC"
    assert reasons["a"].endswith(f"; decided by bob {when}")
    assert reasons["b"].endswith(f"; decided by bob {when}; decided by cho {when}")


def test_a_record_is_ignored_until_it_changes() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    (fingerprint,) = fingerprints(KINDS["asset"], lab.snapshot().desired["asset"], [0])
    lab.resolutions = decided("ignore", "a", until_changed=True, fingerprint=fingerprint)
    assert held(lab.run()) == {"a": "ignored: decided by anna on 2025-06-01 12:00 UTC, until it changes"}
    assert lab.objects() == {}
    lab.source = {"asset": [machine("a", name="pc-2")]}
    plan = lab.run()
    assert [row["reason"] for row in p.records(plan.operations) if row["op"] == p.SEEN] == ["changed since it was ignored"]
    assert len(lab.objects()) == 1


def test_a_record_that_is_ignored_is_not_one_of_several_that_have_a_serial() -> None:
    lab = Lab(source={"asset": [machine("a", serial="S1"), machine("b", serial="S1")]})
    assert set(held(lab.run())) == {"a", "b"}
    lab.resolutions = decided("ignore", "a")
    assert set(held(lab.run())) == {"a"}
    assert lab.objects("asset", "serial") == {"1001": {"serial": "S1"}}
    lab.resolutions = decided("ignore", "b")
    assert set(held(lab.run())) == {"b"}, "of two records of one machine the other one is left"
    assert lab.objects("asset", "serial") == {"1001": {"serial": "S1"}}


def test_an_object_that_people_gave_to_two_records_is_neithers_until_one_decision_is_taken_back() -> None:
    lab = Lab(source={"asset": [machine(key, name=f"pc-{key}") for key in "ab"]})
    lab.run()
    before = lab.objects()
    both = [Resolution("asset", key, "link", "anna", NOW, target_id="1001") for key in "ab"]
    lab.resolutions = Resolutions(both)
    plan = lab.run()
    assert held(plan) == {
        "a": "decision says asset #1001, and so it does for b",
        "b": "decision says asset #1001, and so it does for a",
    }
    assert lab.objects() == before
    lab.resolutions = Resolutions(both[:1])
    assert settled(lab)
    assert lab.objects() == before


def test_records_that_people_gave_each_others_objects_change_places() -> None:
    lab = Lab(source={"asset": [machine(key, tag=f"T-{key}") for key in "ab"]})
    lab.run()
    lab.resolutions = Resolutions(
        [Resolution("asset", key, "link", "anna", NOW, target_id=other) for key, other in (("a", "1002"), ("b", "1001"))]
    )
    assert settled(lab)
    assert [row["tag"] for row in lab.objects().values()] == ["T-b", "T-a"]


def test_no_decision_makes_another_address_of_an_address_nor_tears_it_from_its_port() -> None:
    lab = Lab(source=addressed())
    lab.run()
    other = lab.target.make("address", address="10.9.9.9/24")
    before = lab.objects("address")
    said: list[Verb] = ["link", "ignore"]
    for verb in said:
        decision = Resolution("address", "ad", verb, "anna", NOW, target_id=other if verb == "link" else None)
        lab.resolutions = Resolutions([decision])
        plan = lab.run()
        assert "decided by anna" in held(plan)["ad"]
        assert lab.objects("address") == before


def test_which_of_two_alike_addresses_it_is_a_person_may_say() -> None:
    lab = Lab(source=addressed())
    lab.kinds = {**KINDS, "address": replace(KINDS["address"], unique=())}
    lab.target.kinds = lab.kinds
    first, second = (lab.target.make("address", address="10.0.0.1/24") for _ in range(2))
    assert "does not tell which" in held(lab.run())["ad"]
    lab.resolutions = Resolutions([Resolution("address", "ad", "link", "anna", NOW, target_id=second)])
    assert settled(lab)
    assert [lab.objects("address")[one].get("port") for one in (first, second)] == [None, "1001"]


def addressed() -> dict[str, list[Row]]:
    return {
        "asset": [machine("a")],
        "port": [{"source_key": "p", "asset": "a", "name": "eth0"}],
        "address": [{"source_key": "ad", "address": "10.0.0.1/24", "port": "p"}],
    }


def test_a_machine_that_is_another_object_by_decision_gets_ports_of_its_own() -> None:
    lab = Lab(source=addressed())
    lab.run()
    other = lab.target.make("asset", name="a person's")
    lab.resolutions = decided("link", "a", target_id=other)
    assert settled(lab, 4)
    assert [row["asset"] for row in lab.objects("port").values()] == ["1001", other]
    assert lab.objects("address", "port") == {"1001": {"port": "1002"}}


def test_what_a_record_never_is_does_not_contradict_it() -> None:
    lab = Lab(source={"asset": [machine("a", tag="T1", serial="SER-1")]})
    lab.run()
    other = lab.target.make("asset", serial="SER-2", name="a person's")
    lab.source = {"asset": [machine("a", tag="T1", serial="SER-2")]}
    assert held(lab.run()) == {"a": f"link says asset #1001, but serial 'SER-2' is on asset #{other}"}
    lab.resolutions = decided("never_link", "a", target_id=other)
    assert settled(lab)
    assert lab.objects("asset", "serial")["1001"] == {"serial": "SER-2"}


def test_a_new_object_is_made_where_the_linked_one_is_a_strangers_by_now_and_only_once() -> None:
    lab = Lab(source={"asset": [machine("a", name="pc")]})
    lab.run()
    lab.target.edit("asset", "1001", serial="OTHER-1", name="beamer")
    assert "is not what was linked" in held(lab.run())["a"]
    lab.resolutions = decided("create", "a")
    assert settled(lab)
    assert lab.objects("asset", "name") == {"1001": {"name": "beamer"}, "1002": {"name": "pc"}}


def test_a_machine_whose_status_is_the_sources_by_decision_comes_back_in_one_write() -> None:
    lab = Lab(source={"asset": [machine("a"), machine("b")]})
    lab.run()
    lab.resolutions = decided("take_source", "b", field="status")
    gone = lab.source["asset"].pop()
    for _ in range(3):
        lab.run()
    assert lab.objects("asset", "status")["1002"] == {"status": "retired"}
    lab.source["asset"].append(gone)
    assert [op for op, *_ in ops(lab.run())] == ["restore", "seen"]
    assert lab.objects("asset", "status")["1002"] == {"status": "in-use"}


CLEARING = Policy({**OWNERS, "asset": {**OWNERS["asset"], "memory": Ownership("source", clears=True)}}, GRACE)


@pytest.mark.parametrize("says", ["a guess", "what is no number"])
def test_to_take_the_sources_word_is_not_to_empty_where_it_says_nothing_that_can_be_written(says: str) -> None:
    now = snapshot(
        {"asset": desired(ASSET, machine("a", memory=4 if says == "a guess" else None))},
        {"asset": observed(ASSET, {"id": "7", **{k: v for k, v in machine("a", memory=8).items() if k != "source_key"}})},
    )
    if says == "a guess":
        now.desired["asset"][guess_column("memory")] = True
    refused = {"source_key": "a", "field": "memory", "value": "viel", "reason": "is no number"}
    now = replace(
        now,
        refused={} if says == "a guess" else {"asset": pd.DataFrame([refused], dtype="str")},
        resolutions=decided("take_source", "a", field="memory"),
    )
    assert planned(now, policy=CLEARING).writes.empty


def test_a_retirement_that_a_person_undid_stays_undone() -> None:
    lab = Lab(source={"asset": [machine("a"), machine("b")]})
    lab.run()
    lab.source["asset"].pop()
    for _ in range(3):
        lab.run()
    assert lab.objects("asset", "status")["1002"] == {"status": "retired"}
    lab.target.edit("asset", "1002", status="in-use")
    lab.ledger.rows["asset", "b"]["retired_by"] = None
    lab.resolutions = decided("keep_target", "b", field="status")
    lab.at += timedelta(days=30)
    for _ in range(3):
        plan = lab.run()
    assert held(plan)["b"] == "stays in service: decided by anna on 2025-06-01 12:00 UTC"


def test_what_an_undo_kept_in_service_is_not_back_while_nobody_can_tell_whether_it_is() -> None:
    lab = Lab(source={"asset": [machine("a"), machine("b")]})
    lab.run()
    undone = Resolution("asset", "b", "keep_target", f"{UNDO}4711 by anna", NOW, field="status")
    both = [Resolution("asset", key, "link", "anna", NOW, target_id="1001") for key in "ab"]
    lab.resolutions = Resolutions([undone, *both])
    plan = lab.run()
    assert set(held(plan)) == {"a", "b"}
    assert p.SEEN not in set(plan.operations["op"])
    lab.resolutions = Resolutions([undone])
    assert [row["source_key"] for row in p.records(lab.run().operations) if row["op"] == p.SEEN] == ["b"]
