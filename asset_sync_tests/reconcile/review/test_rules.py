"""Review rules: the first that fits decides, field by field, by what the object is and where."""

from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.review import Choice, Rule, apply_rules
from asset_sync_tests.reconcile.lab import GRACE, Lab

NAME = (Field("name", required=True),)
BY_NAME = (IdentityRule("name", ("name",)),)
SITE = Kind("site", NAME, BY_NAME, (Unique(("name",)),), versions="count")
TAG = Kind("tag", NAME, BY_NAME, (Unique(("name",)),), versions="count")
DEVICE = Kind(
    "device",
    (
        *NAME,
        Field("serial"),
        Field("room"),
        Field("site", "reference", to="site", nullable=True),
        Field("tags", "references", to="tag", nullable=True),
    ),
    (IdentityRule("serial", ("serial",), "serial"),),
    versions="count",
)
PORT = Kind(
    "port",
    (Field("device", "reference", to="device"), *NAME, Field("speed")),
    (IdentityRule("device and name", ("device", "name")),),
    parent="device",
    versions="count",
)
SOURCE = Ownership("source")
OWNERS = {
    "site": {"name": SOURCE},
    "tag": {"name": SOURCE},
    "device": dict.fromkeys(("name", "serial", "room", "site", "tags"), SOURCE),
    "port": dict.fromkeys(("device", "name", "speed"), SOURCE),
}


def lab() -> Lab:
    """Two devices, each with a port, in Berlin and in Oslo; the one in Oslo has a tag."""
    made = Lab(in_order([SITE, TAG, DEVICE, PORT]), Policy(OWNERS, GRACE))
    made.source["site"] = [{"source_key": "b", "name": "Berlin"}, {"source_key": "o", "name": "Oslo"}]
    made.source["tag"] = [{"source_key": "t", "name": "Core"}]
    made.source["device"] = [device("b"), device("o", tags="t")]
    made.source["port"] = [port("b"), port("o")]
    return made


def device(site: str, **more: Any) -> dict[str, Any]:
    return {"source_key": f"d{site}", "name": f"sw-{site}", "serial": f"SN1{site}B", "room": "r1", "site": site, **more}


def port(site: str, **more: Any) -> dict[str, Any]:
    return {"source_key": f"p{site}", "device": f"d{site}", "name": "eth0", "speed": "1g", **more}


def wait(**chosen: Any) -> Rule:
    return Rule(Choice(**chosen), "wait")


def let(**chosen: Any) -> Rule:
    return Rule(Choice(**chosen), "apply")


def waiting(there: Lab, *rules: Rule) -> set[tuple[str, str]]:
    """The records and fields that wait, as record.field."""
    parted = apply_rules(there.plan(), there.kinds, there.snapshot(), rules)
    return {(str(row["source_key"]), name) for row in p.records(parted.left) for name in p.decode(row["changes"])}


def moved() -> Lab:
    """Both devices and both ports change a field or two."""
    there = lab()
    there.run()
    there.source["device"] = [device("b", room="r2", name="new-b"), device("o", room="r2", tags="t")]
    there.source["port"] = [port("b", speed="10g"), port("o", speed="10g")]
    return there


EVERYTHING = {("db", "room"), ("db", "name"), ("do", "room"), ("pb", "speed"), ("po", "speed")}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], set()),
        ([wait()], EVERYTHING),
        ([wait(kinds=frozenset({"port"}))], {("pb", "speed"), ("po", "speed")}),
        ([wait(fields=frozenset({"room"}))], {("db", "room"), ("do", "room")}),
        ([let(fields=frozenset({"room"})), wait()], EVERYTHING - {("db", "room"), ("do", "room")}),
        ([wait(sites=["berl*"])], {("db", "room"), ("db", "name"), ("pb", "speed")}),
        ([wait(tags=["core"])], {("do", "room"), ("po", "speed")}),
        ([let(tags=["core"]), wait(kinds=frozenset({"device"}))], {("db", "room"), ("db", "name")}),
        ([wait(keys=["SW-O"]), wait(keys=["do"])], {("do", "room")}),
        ([wait(ops=frozenset({"create"}))], set()),
    ],
)
def test_the_first_rule_that_fits_decides(rules: list[Rule], expected: set[tuple[str, str]]) -> None:
    assert waiting(moved(), *rules) == expected


def test_where_an_object_was_and_where_it_comes_to_both_count() -> None:
    there = lab()
    there.run()
    there.source["device"] = [{**device("b"), "site": "o"}, device("o", tags="t")]
    for site in ("berlin", "oslo"):
        assert waiting(there, wait(sites=[site])) == {("db", "site")}
    assert waiting(there, wait(sites=["paris"])) == set()


def test_what_is_new_is_known_by_what_it_will_be() -> None:
    there = lab()
    new = {record for record, _ in waiting(there, wait(tags=["core"], kinds=frozenset({"device"})))}
    assert new == {"do", "po"}  # the port cannot be made without its device
    assert {record for record, _ in waiting(there, wait(sites=["Berlin"], kinds=frozenset({"port"})))} == {"pb"}


@pytest.mark.parametrize(
    ("above", "up_to", "waits"), [(0.5, None, True), (1.0, None, False), (None, 1.0, True), (None, 0.9, False)]
)
def test_shares_are_of_the_kind(above: float | None, up_to: float | None, *, waits: bool) -> None:
    rule = Rule(Choice(kinds=frozenset({"port"})), "wait", above, up_to)
    assert bool(waiting(moved(), rule)) is waits


def test_rules_that_let_all_through_leave_the_plan_as_it_is() -> None:
    there = moved()
    assert apply_rules(there.plan(), there.kinds, there.snapshot(), [let()]).id == there.plan().id
