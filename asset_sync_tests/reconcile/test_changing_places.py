"""Values that count within another object (a name within a site) and that change places, because the objects do."""

from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy
from asset_sync_tests.reconcile.lab import GRACE, Lab, held
from asset_sync_tests.reconcile.worlds import Row

SITE = Kind("site", (Field("name", required=True),), (IdentityRule("name", ("name",)),), (Unique(("name",)),), versions="count")


def device(*, nullable: bool = False) -> Kind:
    name, site = Field("name", max_length=30, nullable=nullable), Field("site", "reference", to="site", required=True)
    fields = (name, Field("serial"), Field("rack", nullable=True), site)
    rules = (IdentityRule("serial", ("serial",), "serial"),)
    return Kind("device", fields, rules, (Unique(("site", "name"), "folded"), Unique(("rack",))), versions="count")


OWNERS = {
    "site": {"name": Ownership("initial")},
    "device": {
        "name": Ownership("shared"),
        "serial": Ownership("source"),
        "rack": Ownership("source"),
        "site": Ownership("source"),
    },
}


def lab(kind: Kind, *names: str) -> Lab:
    """Return a lab with a device of each name in a site of its own."""
    found = Lab(in_order([SITE, kind]), Policy(OWNERS, GRACE))
    found.source["site"] = [{"source_key": f"s{at}", "name": f"s{at}"} for at in range(len(names))]
    found.source["device"] = [placed(at, name, at) for at, name in enumerate(names)]
    found.run()
    return found


def placed(number: int, name: str, site: int, **more: Any) -> Row:
    return {"source_key": f"d{number}", "name": name, "serial": f"SN{number}ABC", "site": f"s{site}", **more}


def standing(there: Lab) -> dict[str, tuple[str, str]]:
    sites = {target_id: row["name"] for target_id, row in there.objects("site").items()}
    return {row["serial"]: (row["name"], sites[row["site"]]) for row in there.objects("device").values()}


def written(plan: Plan) -> list[tuple[str, str | None, dict[str, object]]]:
    return [
        (row["source_key"], row["step"], {name: change["new"] for name, change in p.decode(row["changes"]).items()})
        for row in p.records(plan.writes)
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_devices_of_one_name_rotate_their_sites(count: int) -> None:
    there = lab(device(), *["sw1"] * count)
    there.source["device"] = [placed(at, "sw1", (at + 1) % count) for at in range(count)]

    plan = there.run()

    assert standing(there) == {f"SN{at}ABC": ("sw1", f"s{(at + 1) % count}") for at in range(count)}
    first, *_, last = written(plan)
    assert first == ("d0", None, {"name": "sw1 (moving 1001)"})
    assert last[0] == "d0"
    assert last[2]["name"] == "sw1"
    assert there.run().operations.empty


def test_a_name_that_may_be_empty_is_none_for_the_time_being() -> None:
    there = lab(device(nullable=True), "sw1", "sw1")
    there.source["device"] = [placed(0, "sw1", 1), placed(1, "sw1", 0)]
    assert written(there.run())[0] == ("d0", None, {"name": None})
    assert standing(there) == {"SN0ABC": ("sw1", "s1"), "SN1ABC": ("sw1", "s0")}


def test_a_swap_of_sites_is_taken_back() -> None:
    there = lab(device(), "sw1", "sw1")
    there.source["device"] = [placed(0, "sw1", 1), placed(1, "sw1", 0)]
    plan = there.plan()
    there.undo(plan, there.apply(plan))
    assert standing(there) == {"SN0ABC": ("sw1", "s0"), "SN1ABC": ("sw1", "s1")}


def test_what_changes_places_by_another_value_keeps_its_name_meanwhile() -> None:
    there = lab(device(), "a", "b")
    there.source["device"] = [placed(0, "a", 0, rack="R0"), placed(1, "b", 1, rack="R1")]
    there.run()
    there.source["device"] = [placed(0, "a", 1, rack="R1"), placed(1, "b", 0, rack="R0")]
    assert written(there.run())[0] == ("d0", None, {"rack": None})


def test_a_name_that_a_person_gave_stays_theirs_through_a_swap() -> None:
    """What is written back for the time being is nothing that this sync says: the one with its own name goes first."""
    there = lab(device(), "a", "sw1")
    theirs = there.ledger.rows["device", "d0"]["target_id"]
    there.target.edit("device", theirs, name="sw1")
    there.source["device"] = [placed(0, "a", 1), placed(1, "sw1", 0)]

    plan = there.run()

    assert written(plan)[0][0] == "d1"
    assert standing(there) == {"SN0ABC": ("sw1", "s1"), "SN1ABC": ("sw1", "s0")}
    assert there.run().writes.empty


def test_names_that_people_gave_are_not_overwritten_and_what_would_need_it_waits() -> None:
    there = lab(device(), "a", "b")
    for key in ("d0", "d1"):
        there.target.edit("device", there.ledger.rows["device", key]["target_id"], name="sw1")
    there.source["device"] = [placed(0, "a", 1), placed(1, "b", 0)]
    plan = there.plan()
    assert there.apply(plan) == {}
    assert standing(there) == {"SN0ABC": ("sw1", "s0"), "SN1ABC": ("sw1", "s1")}
    assert held(plan).keys() == {"d0", "d1"}
    assert all(
        "change site among themselves, and none of them can give it up before another" in why for why in held(plan).values()
    )
    there.target.edit("device", there.ledger.rows["device", "d0"]["target_id"], name="another")
    there.run()
    assert standing(there) == {"SN0ABC": ("another", "s1"), "SN1ABC": ("sw1", "s0")}
