"""Objects that somebody deleted: which records they were of, and what a plan does about them until somebody decides."""

from dataclasses import replace

import pytest

from asset_sync.reconcile.identity import Gone, deleted_records, gone_objects
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.tables import identity_column
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, NOW, POLICY, PORT, desired, link, links, observed, snapshot

ASSET_ALONE = Kind("asset", (Field("serial"),), (IdentityRule("serial", ("serial",), "serial"),))
TAG = Kind("tag", (Field("asset", "reference", to="asset"), Field("label")), (IdentityRule("label on it", ("asset", "label")),))
NO_OWNERS: dict[str, dict[str, Ownership]] = {"asset": {}, "tag": {}}
MADE = "2025-01-01T00:00:00.000001Z"


def _world() -> Snapshot:
    """Three machines that are linked: one stands, one is gone with its port, and of another one the port alone is gone."""
    wanted = {
        "asset": desired(ASSET, *({"source_key": key, "serial": f"SER-{key}A"} for key in ("a", "b", "c"))),
        "port": desired(PORT, *({"source_key": f"{key}/p", "asset": key, "name": "eth0"} for key in ("a", "b", "c"))),
    }
    there = {
        "asset": observed(ASSET, *({"id": one, "serial": f"SER-{key}A"} for one, key in (("1", "a"), ("3", "c")))),
        "port": observed(PORT, {"id": "11", "asset": "1", "name": "eth0"}),
    }
    remembered = {
        "asset": links(*(link(key, str(n), created=MADE) for n, key in enumerate("abc", start=1))),
        "port": links(
            *(link(f"{key}/p", str(10 + n), asset=str(n), created=MADE) for n, key in enumerate("abc", start=1)), kind=PORT
        ),
    }
    return snapshot(wanted, there, remembered)


def _gone(world: Snapshot) -> dict[str, list[Gone]]:
    found = gone_objects(KINDS, world.desired, world.observed, world.links, world.resolutions)
    return {kind: list(ones) for kind, ones in found.items()}


def _decided(world: Snapshot, about: str, verb: str = "create") -> Snapshot:
    resolution = Resolution("asset", "b", verb, "kim", NOW, target_id=about)  # type: ignore[arg-type]
    return Snapshot(world.desired, world.observed, world.links, world.refused, Resolutions([resolution]))


def test_what_is_gone_is_named_but_for_what_went_with_its_parent() -> None:
    assert _gone(_world()) == {"asset": [Gone("b", "2")], "port": [Gone("c/p", "13")]}


def test_what_counts_within_another_object_goes_with_it_though_nobody_remembers_where_it_sat() -> None:
    """A MAC address is deleted with its interface, and no link remembers which one that was."""
    kinds = in_order([ASSET_ALONE, TAG])
    world = Snapshot(
        {
            "asset": desired(ASSET_ALONE, *({"source_key": k, "key": f"pc-{k}", "serial": f"SER-{k}A"} for k in "ab")),
            "tag": desired(TAG, *({"source_key": f"{k}/t", "asset": f"pc-{k}", "label": "x"} for k in "ab")),
        },
        {"asset": observed(ASSET_ALONE, {"id": "1", "serial": "SER-aA"}), "tag": observed(TAG)},
        {
            "asset": links(link("a", "1", created=MADE), link("b", "2", created=MADE), kind=ASSET_ALONE, owners=NO_OWNERS),
            "tag": links(link("a/t", "21", created=MADE), link("b/t", "22", created=MADE), kind=TAG, owners=NO_OWNERS),
        },
    )
    found = gone_objects(kinds, world.desired, world.observed, world.links, world.resolutions)
    assert {kind: [one.target_id for one in ones] for kind, ones in found.items()} == {"asset": ["2"], "tag": ["21"]}


def test_what_the_source_does_not_tell_of_is_not_asked_for() -> None:
    world = _world()
    without = {**world.desired, "asset": world.desired["asset"].iloc[:1], "port": world.desired["port"].iloc[:1]}
    assert _gone(Snapshot(without, world.observed, world.links)) == {}


def test_nothing_is_gone_where_all_stands() -> None:
    world = snapshot(
        {"asset": desired(ASSET, {"source_key": "a", "serial": "SER-1A"})},
        {"asset": observed(ASSET, {"id": "1", "serial": "SER-1A"})},
        {"asset": links(link("a", "1"))},
    )
    assert _gone(world) == {}


@pytest.mark.parametrize(("about", "open_still"), [("2", False), ("1", True)])
def test_a_decision_counts_for_the_object_that_it_was_about_alone(about: str, *, open_still: bool) -> None:
    assert ("asset" in _gone(_decided(_world(), about))) is open_still


def test_a_record_that_is_to_be_made_again_is_recognised_where_somebody_made_it_meanwhile() -> None:
    world = _decided(_world(), "2")
    there = observed(ASSET, *({"id": one, "serial": f"SER-{key}A"} for one, key in (("1", "a"), ("22", "b"), ("3", "c"))))
    rows = _planned(Snapshot(world.desired, {**world.observed, "asset": there}, world.links, {}, world.resolutions), {})
    assert rows["asset", "b"][0] == "claim"


def test_an_address_that_is_gone_is_named_as_long_as_the_record_says_the_same() -> None:
    kind = replace(ASSET_ALONE, natural=True)
    for serial, expected in (("SER-aA", {"asset": ["1"]}), ("SER-bA", {})):
        remembered = links(link("a", "1"), kind=kind, owners=NO_OWNERS).assign(**{identity_column("serial"): "SER-aA"})
        world = Snapshot(
            {"asset": desired(kind, {"source_key": "a", "serial": serial})}, {"asset": observed(kind)}, {"asset": remembered}
        )
        found = gone_objects(in_order([kind]), world.desired, world.observed, world.links, world.resolutions)
        assert {name: [one.target_id for one in ones] for name, ones in found.items()} == expected


def test_a_record_whose_object_was_deleted_is_held_with_the_reason_until_decided() -> None:
    world = _world()
    why = "asset #2 was deleted by pat"
    rows = _planned(world, {"asset": {"2": why}})
    assert rows["asset", "b"] == ("quarantine", why, "2")
    assert "create" not in {op for (kind, _), (op, _, _) in rows.items() if kind == "asset"}
    # Its port needs it, and waits; the other one's port is known to be deleted by nobody, and is made.
    assert rows["port", "c/p"][0] == "create"
    assert rows["port", "b/p"][0] == "quarantine"


def test_a_decision_to_make_it_again_does_so() -> None:
    world = _decided(_world(), "2")
    rows = _planned(world, {"asset": {"2": "asset #2 was deleted by pat"}})
    assert rows["asset", "b"][0] == "create"
    assert rows["port", "b/p"][0] == "create"


def test_an_object_that_another_rule_finds_is_not_held() -> None:
    world = _world()
    found = observed(ASSET, *({"id": one, "serial": f"SER-{key}A"} for one, key in (("1", "a"), ("9", "b"), ("3", "c"))))
    rows = _planned(Snapshot(world.desired, {**world.observed, "asset": found}, world.links), {"asset": {"2": "deleted"}})
    assert rows["asset", "b"][0] == "claim"


def _planned(world: Snapshot, told: dict[str, dict[str, str]]) -> dict[tuple[str, str], tuple[str, str | None, str | None]]:
    gone = gone_objects(KINDS, world.desired, world.observed, world.links, world.resolutions)
    deleted = deleted_records(gone, told)
    matches = match_all(KINDS, world.desired, world.observed, world.links, deleted=deleted, resolutions=world.resolutions)
    plan = make_plan("test", KINDS, POLICY, world, matches, now=NOW)
    rows = plan.operations.astype(object).where(plan.operations.notna(), None)
    return {(row["kind"], row["source_key"]): (row["op"], row["hold"], row["candidates"]) for row in rows.to_dict("records")}
