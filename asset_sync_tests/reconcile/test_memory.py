"""The target and the ledger in memory: as strict as what they stand for."""

from collections.abc import Callable
from typing import Any

import pytest

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import OutcomeUnknown, Refused, Stale, Write
from asset_sync_tests.reconcile.memory import MemoryLedger, MemoryTarget
from asset_sync_tests.reconcile.worlds import ADDRESS, ASSET, KINDS, PORT, PRIMARY

HEX = "0123456789abcdef"


def target(**more: Any) -> MemoryTarget:
    return MemoryTarget(KINDS, **more)


def machines(there: MemoryTarget, *tags: str | None) -> list[str]:
    """Make machines with those tags, named so that the order of the model is that of the tags."""
    return [there.make("asset", name=f"pc-{HEX[n]}", tag=tag) for n, tag in enumerate(tags)]


def patch(there: MemoryTarget, kind: Kind, *changes: tuple[str, dict[str, Any]]) -> dict[int, Any]:
    """Update objects in one batch, each given by its id and its new values, as they are now."""
    rows = there.rows(kind)
    writes = [Write(seq, i, i, rows[i]["version"], values) for seq, (i, values) in enumerate(changes)]
    return dict(there.update(kind, writes, "test"))


def post(there: MemoryTarget, kind: Kind, *rows: dict[str, Any]) -> dict[int, Any]:
    """Create objects in one batch."""
    return dict(there.create(kind, [Write(seq, str(seq), None, None, values) for seq, values in enumerate(rows)], "test"))


def column(there: MemoryTarget, kind: Kind, name: str) -> list[Any]:
    return [row.get(name) for row in there.rows(kind).values()]


# Batches.


@pytest.mark.parametrize("turn", [lambda found: found, lambda found: found[::-1]])
def test_two_rows_that_exchange_a_unique_value_in_one_batch_are_refused_and_nothing_is_stored(
    turn: Callable[[list[Any]], list[Any]],
) -> None:
    there = target()
    one, two = machines(there, "T1", "T2")
    before = dict(there.objects["asset"])
    with pytest.raises(Refused, match="asset with this tag already exists") as refused:
        patch(there, ASSET, *turn([(one, {"tag": "T2", "memory": 8}), (two, {"tag": "T1"})]))
    assert refused.value.rows == {}
    assert there.objects["asset"] == before


@pytest.mark.parametrize("turn", [lambda found: found, lambda found: found[::-1]])
def test_a_chain_goes_through_only_where_the_giver_comes_first_in_the_order_of_the_model(
    turn: Callable[[list[Any]], list[Any]],
) -> None:
    there = target()
    one, two = machines(there, "T1", "T2")
    patch(there, ASSET, *turn([(one, {"tag": "T3"}), (two, {"tag": "T1"})]))
    assert column(there, ASSET, "tag") == ["T3", "T1"]
    with pytest.raises(Refused):
        patch(there, ASSET, *turn([(one, {"tag": "T1"}), (two, {"tag": "T4"})]))
    assert column(there, ASSET, "tag") == ["T3", "T1"]


def test_an_exchange_in_two_batches_goes_through_null() -> None:
    there = target()
    one, two = machines(there, "T1", "T2")
    patch(there, ASSET, (one, {"tag": None}), (two, {"tag": None}))
    patch(there, ASSET, (one, {"tag": "T2"}), (two, {"tag": "T1"}))
    assert column(there, ASSET, "tag") == ["T2", "T1"]


def test_of_one_id_twice_in_a_batch_the_last_one_wins_whole() -> None:
    there = target()
    (one,) = machines(there, "T1")
    stored = patch(there, ASSET, (one, {"tag": None, "room": "first"}), (one, {"tag": "T2"}))
    assert (column(there, ASSET, "tag"), column(there, ASSET, "room")) == (["T2"], [None])
    assert list(stored) == [1]


def test_an_update_says_nothing_of_an_object_that_is_gone() -> None:
    there = target()
    (one,) = machines(there, "T1")
    gone = Write(1, "x", "77", "v1", {"memory": 8})
    here = Write(0, "y", one, there.objects["asset"][one]["version"], {"memory": 8})
    assert list(there.update(ASSET, [gone, here], "test")) == [0]


def test_duplicates_inside_a_bulk_create_are_seen() -> None:
    there = target()
    with pytest.raises(Refused):
        post(there, ASSET, {"tag": "T1"}, {"tag": "T1"})
    assert column(there, ASSET, "tag") == []
    assert list(post(there, ASSET, {"tag": None}, {"tag": None})) == [0, 1]


def test_a_target_that_names_rows_names_every_bad_one() -> None:
    there = target(names_rows=True)
    machines(there, "T1", "T2")
    with pytest.raises(Refused) as refused:
        post(there, ASSET, {"tag": "T1"}, {"tag": "T3"}, {"tag": "T2"})
    assert refused.value.rows == dict.fromkeys([0, 2], "asset with this tag already exists.")
    assert column(there, ASSET, "tag") == ["T1", "T2"]


def test_a_batch_based_on_an_old_version_is_stale_and_stores_nothing() -> None:
    there = target()
    one, two = machines(there, "T1", "T2")
    writes = [Write(n, i, i, there.objects["asset"][i]["version"], {"memory": 8}) for n, i in enumerate((one, two))]
    there.edit("asset", two, room="r9")
    with pytest.raises(Stale):
        there.update(ASSET, writes, "test")
    assert column(there, ASSET, "memory") == [None, None]


def test_a_late_batch_that_came_too_late_is_not_stored() -> None:
    there = target(faults=lambda n: "lost-late")
    (one,) = machines(there, "T1")
    with pytest.raises(OutcomeUnknown):
        patch(there, ASSET, (one, {"memory": 8}))
    there.edit("asset", one, memory=4)
    there.read(ASSET, [one])
    assert column(there, ASSET, "memory") == [4]


# Rows.


def test_what_is_too_long_points_nowhere_or_may_not_be_empty_is_refused() -> None:
    there = target()
    maker = there.make("maker", name="HP")
    for kind, values, why in (
        ("maker", {"name": "x" * 21}, "no more than 20 characters"),
        ("maker", {"name": None}, "may not be null"),
        ("maker", {"name": "hp"}, "maker with this name already exists"),
        ("model", {"maker": "77", "name": "M"}, "Related object not found"),
    ):
        with pytest.raises(Refused, match=why):
            there.make(kind, **values)
    assert list(there.objects["maker"]) == [maker]
    assert there.objects.get("model", {}) == {}


def test_what_no_caller_may_send_is_no_refusal_but_a_fault_of_the_caller() -> None:
    there = target()
    (one,) = machines(there, "T1")
    for values in ({"colour": "red"}, {"memory": "8"}, {"memory": True}, {"encrypted": 1}, {"name": 7}):
        with pytest.raises(AssertionError, match="was sent"):
            patch(there, ASSET, (one, values))


def house(there: MemoryTarget) -> tuple[list[str], list[str], str]:
    """Two machines with a port each (a second on the first), and the primary address of the first."""
    owners = machines(there, None, None)
    ports = [there.make("port", asset=owner, name=name) for owner, name in ((owners[0], "e0"), (owners[1], "e0"))]
    ports.append(there.make("port", asset=owners[0], name="e1"))
    address = there.make("address", address="10.0.0.1/24", port=ports[0])
    patch(there, PRIMARY, (owners[0], {"address": address}))
    return owners, ports, address


def test_a_primary_address_stays_on_its_machine_until_it_is_primary_no_more() -> None:
    there = target()
    owners, ports, address = house(there)
    for port in (ports[1], None):
        with pytest.raises(Refused, match="Cannot reassign address while it is designated as the primary"):
            patch(there, ADDRESS, (address, {"port": port}))
    patch(there, ADDRESS, (address, {"port": ports[2]}))
    with pytest.raises(Refused, match="not assigned to this asset"):
        patch(there, PRIMARY, (owners[1], {"address": address}))
    patch(there, PRIMARY, (owners[0], {"address": None}))
    patch(there, ADDRESS, (address, {"port": ports[1]}))
    patch(there, PRIMARY, (owners[1], {"address": address}))
    assert column(there, ASSET, "primary.address") == [None, address]


def test_a_port_cannot_be_moved_to_another_machine() -> None:
    there = target()
    owners, ports, _ = house(there)
    with pytest.raises(Refused, match="Components cannot be moved"):
        patch(there, PORT, (ports[2], {"asset": owners[1]}))
    patch(there, PORT, (ports[2], {"name": "e7"}))


# People and administrators.


def test_deleting_takes_along_what_sits_on_the_object_and_is_refused_where_others_need_it() -> None:
    there = target()
    owners, ports, _ = house(there)
    there.delete("port", ports[0])
    assert there.objects["address"] == {}
    assert column(there, ASSET, "primary.address") == [None, None]
    there.delete("asset", owners[0])
    assert list(there.objects["port"]) == [ports[1]]
    maker = there.make("maker", name="HP")
    there.make("model", maker=maker, name="M")
    with pytest.raises(Refused, match="Unable to delete"):
        there.delete("maker", maker)


def test_a_person_is_held_to_the_same_rules() -> None:
    there = target()
    _, two = machines(there, "T1", "T2")
    with pytest.raises(Refused, match="asset with this tag already exists"):
        there.edit("asset", two, tag="T1")
    assert column(there, ASSET, "tag") == ["T1", "T2"]


def test_every_write_has_a_later_version_and_every_object_the_moment_it_was_made() -> None:
    there = target()
    one, two = machines(there, None, None)
    rows = there.objects["asset"]
    made = [rows[i]["created"] for i in (one, two)]
    before = [rows[i]["version"] for i in (one, two)]
    there.edit("asset", one, memory=8)
    assert before[0] < before[1] < rows[one]["version"]
    assert [rows[i]["created"] for i in (one, two)] == made == sorted(set(made))


def test_a_backup_brings_back_old_values_and_versions_and_frees_the_ids() -> None:
    there = target()
    (one,) = machines(there, "T1")
    saved = there.backup()
    version = there.objects["asset"][one]["version"]
    there.edit("asset", one, memory=8)
    laptop = there.make("asset", name="laptop")
    latest = there.objects["asset"][laptop]
    there.restore(saved)
    assert (column(there, ASSET, "memory"), column(there, ASSET, "version")) == ([None], [version])
    assert there.make("asset", name="switch") == laptop
    switch = there.objects["asset"][laptop]
    assert switch["created"] > latest["created"]
    assert switch["version"] > latest["version"]


def test_ids_are_given_by_kind_so_that_one_number_is_several_objects() -> None:
    there = target()
    maker = there.make("maker", name="HP")
    assert there.make("asset", name="pc") == maker


def test_a_ledger_is_lost_and_brought_back() -> None:
    ledger = MemoryLedger(KINDS)
    ledger.rows["asset", "a"] = {"source_key": "a", "target_id": "1", "room": "r1"}
    saved = ledger.backup()
    ledger.rows["asset", "a"]["room"] = "r2"
    ledger.lose()
    assert all(table.empty for table in ledger.links().values())
    ledger.restore(saved)
    assert ledger.links()["asset"]["base:room"].tolist() == ["r1"]
