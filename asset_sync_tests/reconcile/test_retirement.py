"""Other ways out of service than a status: switched off with a note, and taken from its place; and back."""

from dataclasses import replace

import pytest

from asset_sync.reconcile.kinds import Field, Retirement, in_order
from asset_sync.reconcile.planning import Grace, Policy
from asset_sync.reconcile.planning.retiring import NOTE
from asset_sync_tests.reconcile.lab import Lab
from asset_sync_tests.reconcile.memory import DAY
from asset_sync_tests.reconcile.worlds import ADDRESS, ASSET, KINDS, OWNERS, PORT, PRIMARY, SOURCE, Row

SWITCHED = replace(
    PORT,
    fields=(*PORT.fields, Field("enabled", "boolean"), Field("note", max_length=50)),
    retirement=Retirement("enabled", value=False, note="note"),
)
PLACED = replace(ADDRESS, retirement=Retirement("port", value=None))
OWNED = {**OWNERS, "port": {**OWNERS["port"], "enabled": SOURCE}}
MACHINE: Row = {"source_key": "a", "serial": "SER-1"}


@pytest.fixture
def lab() -> Lab:
    kinds = in_order([*(KINDS[name] for name in ("maker", "model")), ASSET, SWITCHED, PLACED, PRIMARY])
    made = Lab(kinds=kinds, policy=Policy(OWNED, Grace(runs=1, time=0 * DAY)))
    made.source = {
        "asset": [MACHINE],
        "port": [port("eth0"), port("eth1")],
        "address": [address("10.0.0.1/24", "eth0"), address("10.0.0.2/24", "eth1")],
        "primary": [primary("10.0.0.1/24")],
    }
    made.run()
    return made


def port(name: str) -> Row:
    return {"source_key": name, "asset": "a", "name": name, "enabled": True}


def address(text: str, on: str) -> Row:
    return {"source_key": text, "address": text, "port": on}


def primary(of: str | None) -> Row:
    return {"source_key": "a", "asset": "a", "address": of}


def ports(lab: Lab) -> dict[str, tuple[object, object]]:
    return {row["name"]: (row.get("enabled"), row.get("note")) for row in lab.objects("port").values()}


def places(lab: Lab) -> dict[str, str | None]:
    named = {number: row["name"] for number, row in lab.objects("port").items()}
    return {row["address"]: named.get(str(row.get("port"))) for row in lab.objects("address").values()}


def primary_of(lab: Lab) -> str | None:
    (machine,) = lab.target.tables()["primary"].to_dict("records")
    return lab.objects("address")[str(machine["address"])]["address"] if isinstance(machine["address"], str) else None


def settled(lab: Lab) -> bool:
    return not len(lab.plan().writes)


def test_what_is_gone_is_switched_off_with_a_note_and_switched_on_again_without(lab: Lab) -> None:
    lab.source["port"] = [port("eth0")]
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    assert ports(lab) == {"eth0": (True, None), "eth1": (False, NOTE)}
    assert settled(lab)
    lab.source["port"] = [port("eth0"), port("eth1")]
    lab.run()
    assert ports(lab) == {"eth0": (True, None), "eth1": (True, None)}
    assert settled(lab)


def test_what_a_person_wrote_stands_before_the_note_and_stays(lab: Lab) -> None:
    (number,) = [number for number, row in lab.objects("port").items() if row["name"] == "eth1"]
    lab.target.edit("port", number, note="to the rack")
    lab.source["port"] = [port("eth0")]
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    assert ports(lab)["eth1"] == (False, f"to the rack; {NOTE}")
    lab.source["port"] = [port("eth0"), port("eth1")]
    lab.run()
    assert ports(lab)["eth1"] == (True, "to the rack")


def test_a_note_that_has_no_room_is_left_out(lab: Lab) -> None:
    (number,) = [number for number, row in lab.objects("port").items() if row["name"] == "eth1"]
    lab.target.edit("port", number, note="x" * 40)
    lab.source["port"] = [port("eth0")]
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    assert ports(lab)["eth1"] == (False, "x" * 40)


def test_what_a_person_switched_on_again_stays_on(lab: Lab) -> None:
    lab.source["port"] = [port("eth0")]
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    (number,) = [number for number, row in lab.objects("port").items() if row["name"] == "eth1"]
    lab.target.edit("port", number, enabled=True)
    assert settled(lab)


def test_an_address_that_is_gone_leaves_its_place_and_comes_back_to_it(lab: Lab) -> None:
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    assert places(lab) == {"10.0.0.1/24": "eth0", "10.0.0.2/24": None}
    assert settled(lab)
    lab.source["address"] = [address("10.0.0.1/24", "eth0"), address("10.0.0.2/24", "eth0")]
    lab.run()
    assert places(lab) == {"10.0.0.1/24": "eth0", "10.0.0.2/24": "eth0"}
    assert settled(lab)


def test_one_that_a_person_put_elsewhere_stays_there(lab: Lab) -> None:
    (number,) = [number for number, row in lab.objects("address").items() if row["address"] == "10.0.0.2/24"]
    (elsewhere,) = [number for number, row in lab.objects("port").items() if row["name"] == "eth0"]
    lab.target.edit("address", number, port=elsewhere)
    lab.source["address"] = [address("10.0.0.1/24", "eth0")]
    lab.run()
    assert places(lab)["10.0.0.2/24"] == "eth0"


def test_the_primary_address_moves_before_the_old_one_leaves_its_place(lab: Lab) -> None:
    lab.source["address"] = [address("10.0.0.2/24", "eth1"), address("10.0.0.3/24", "eth1")]
    lab.source["primary"] = [primary("10.0.0.3/24")]
    plan = lab.run()
    assert places(lab) == {"10.0.0.1/24": None, "10.0.0.2/24": "eth1", "10.0.0.3/24": "eth1"}
    assert primary_of(lab) == "10.0.0.3/24"
    assert len(plan.writes[plan.writes["kind"] == "primary"]) == 1, "it is never without one"
    assert settled(lab)


def test_a_primary_address_that_is_gone_without_another_one_is_released_first(lab: Lab) -> None:
    lab.source["address"] = [address("10.0.0.2/24", "eth1")]
    lab.source["primary"] = [primary(None)]
    lab.run()
    assert places(lab) == {"10.0.0.1/24": None, "10.0.0.2/24": "eth1"}
    assert primary_of(lab) is None
    assert settled(lab)


def test_undone_it_is_all_as_before(lab: Lab) -> None:
    before = {kind: lab.objects(kind) for kind in ("port", "address")}
    lab.source["port"] = [port("eth0")]
    lab.source["address"] = [address("10.0.0.3/24", "eth0")]
    lab.source["primary"] = [primary("10.0.0.3/24")]
    plan = lab.plan()
    outcomes = lab.apply(plan)
    assert ports(lab)["eth1"] == (False, NOTE)
    lab.undo(plan, outcomes)
    after = {kind: lab.objects(kind) for kind in ("port", "address")}
    assert after["port"] == before["port"]
    assert {number: after["address"][number] for number in before["address"]} == before["address"]
    assert primary_of(lab) == "10.0.0.1/24"
    assert places(lab)["10.0.0.3/24"] is None
