from datetime import timedelta

import pytest

from asset_sync.reconcile import guards
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.guards import Limits
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync_tests.reconcile.worlds import (
    ASSET,
    KINDS,
    MAKER,
    NOW,
    POLICY,
    PRIMARY,
    SOURCE,
    Row,
    desired,
    link,
    links,
    observed,
    planned,
    snapshot,
)

LIMITS = Limits(source_shrink=0.20, retire_share=0.05, retire_count=100)


def plan_of(*rows: tuple[str, str, str | None], **more: object) -> Plan:
    """Return a plan of operations given as kind, op and target id."""
    table = [(kind, op, "k", "s", target_id, "v1", "{}", "", None) for kind, op, target_id in rows]
    return Plan("test", "normal", p.operations_table(table), **more)  # type: ignore[arg-type]


def linked(count: int, retired: int = 0) -> Snapshot:
    rows: list[Row] = [link(f"k{n}", f"{n}", retired_by="sync" if n < retired else None) for n in range(count)]
    many: list[Row] = [link(f"m{n}", f"{n}") for n in range(5000)]
    return snapshot({}, {}, {"asset": links(*rows), "maker": links(*many, kind=MAKER)})


@pytest.mark.parametrize(
    ("rows", "last", "passed"),
    [
        ({"devices": 100}, {}, True),
        ({"devices": 100}, {"devices": 100}, True),
        ({"devices": 80}, {"devices": 100}, True),
        ({"devices": 79}, {"devices": 100}, False),
        ({"devices": 40}, {"devices": 100}, False),
        ({"devices": 0}, {}, False),
        ({"devices": 0}, {"devices": 100}, False),
        ({"devices": 100, "software": 10}, {"devices": 100, "software": 100}, False),
        ({"devices": 100}, {"devices": 100, "software": 100}, False),
        ({"devices": 500}, {"devices": 100}, True),
    ],
)
def test_a_source_that_is_empty_shrank_or_was_not_read_fails(rows: dict[str, int], last: dict[str, int], passed: bool) -> None:
    assert guards.source_rows(rows, last, LIMITS).passed is passed


def test_a_shrunk_source_is_told_in_numbers() -> None:
    guard = guards.source_rows({"devices": 40}, {"devices": 100}, LIMITS)
    assert guard.message == "devices has 40 rows, 60% fewer than the 100 of the last good run (limit 20%)"
    assert guard.figures == {"rows/devices": 40}


@pytest.mark.parametrize(
    ("retires", "links_of_kind", "passed"),
    [
        (0, 0, True),
        (0, 10, True),
        (1, 10, True),
        (2, 10, False),
        (5, 100, True),
        (6, 100, False),
        (100, 9000, True),
        (101, 9000, False),
    ],
)
def test_no_more_than_a_share_and_a_count_is_retired(retires: int, links_of_kind: int, passed: bool) -> None:
    plan = plan_of(*[("asset", p.RETIRE, str(n)) for n in range(retires)])
    assert guards.retired(plan, linked(links_of_kind), LIMITS).passed is passed


def test_the_share_is_of_what_is_in_use_of_that_kind() -> None:
    plan = plan_of(*[("asset", p.RETIRE, str(n)) for n in range(4)])
    guard = guards.retired(plan, linked(100, retired=10), LIMITS)
    assert (guard.passed, guard.figures) == (True, {"retired": 4, "retired/asset": 4, "share/asset": 4 / 90})
    assert not guards.retired(plan, linked(100, retired=50), LIMITS).passed


def test_a_share_above_its_limit_does_not_read_as_the_limit() -> None:
    plan = plan_of(*[("asset", p.RETIRE, str(n)) for n in range(11)])
    told = guards.retired(plan, linked(218), LIMITS).message
    assert told == "11 of 218 linked objects of asset would be retired (5.046%): limits 5% and 100"


def test_held_retirements_count_for_nothing() -> None:
    held: list[tuple[str | None, ...]] = [("asset", p.RETIRE, "k", "s", str(n), "v1", "{}", "", "not yet") for n in range(50)]
    assert guards.retired(Plan("test", "normal", p.operations_table(held)), linked(50), LIMITS).passed


@pytest.mark.parametrize(
    "rows",
    [
        [{"source_key": None, "key": "a"}],
        [{"source_key": "a", "key": None}],
        [{"source_key": "a", "key": "a"}, {"source_key": "a", "key": "b"}],
        [{"source_key": "a", "key": "a"}, {"source_key": "b", "key": "a"}],
    ],
)
def test_a_key_that_is_missing_or_there_twice_fails(rows: list[Row]) -> None:
    assert not guards.keys(KINDS, snapshot({"asset": desired(ASSET, *rows)}, {})).passed


def test_keys_of_their_own_pass() -> None:
    now = snapshot({"asset": desired(ASSET, {"source_key": "a"}, {"source_key": "b"})}, {})
    assert guards.keys(KINDS, now).passed


def test_a_write_to_an_object_that_is_neither_linked_nor_claimed_fails() -> None:
    now = snapshot({}, {}, {"asset": links(link("a", "1"))})
    update, claim = ("asset", p.UPDATE, "2"), ("asset", p.CLAIM, "2")
    assert guards.scope(plan_of(("asset", p.UPDATE, "1")), KINDS, POLICY, now).passed
    assert guards.scope(plan_of(update, claim), KINDS, POLICY, now).passed
    guard = guards.scope(plan_of(update), KINDS, POLICY, now)
    assert not guard.passed
    assert guard.message == "asset #2 is not an object of this sync"


def test_a_claim_of_another_kind_or_no_links_at_all_do_not_help() -> None:
    now = snapshot({}, {})
    assert not guards.scope(plan_of(("asset", p.RETIRE, "1"), ("maker", p.CLAIM, "1")), KINDS, POLICY, now).passed


def test_a_facet_is_written_where_its_parent_is_an_object_of_this_sync() -> None:
    now = snapshot({}, {}, {"asset": links(link("a", "1"))})
    assert guards.scope(plan_of(("primary", p.UPDATE, "1"), ("primary", p.UPDATE, None)), KINDS, POLICY, now).passed
    assert not guards.scope(plan_of(("primary", p.UPDATE, "2")), KINDS, POLICY, now).passed


def test_a_write_to_a_field_that_is_not_mapped_fails() -> None:
    row = ("asset", p.CREATE, "k", "s", None, None, p.encode({"room": {"new": "r1"}}), "", None)
    plan = Plan("test", "normal", p.operations_table([row]))
    assert guards.scope(plan, KINDS, POLICY, snapshot({}, {})).passed
    guard = guards.scope(plan, KINDS, Policy({"asset": {"serial": SOURCE}}), snapshot({}, {}))
    assert (guard.passed, guard.message) == (False, "asset.room is not a mapped field")


@pytest.mark.parametrize(("lost", "passed"), [(0, True), (1, True), (2, True), (3, False), (10, False)])
def test_a_target_that_lost_too_many_of_the_linked_objects_does_not_get_them_all_again(lost: int, passed: bool) -> None:
    wanted: list[Row] = [{"source_key": f"k{n}", "serial": f"S{n}A"} for n in range(10)]
    there: list[Row] = [{"id": f"{n}", "serial": f"S{n}A"} for n in range(lost, 10)]
    new: list[Row] = [{"source_key": f"new{n}", "serial": f"N{n}A"} for n in range(20)]
    known = links(*(link(f"k{n}", f"{n}") for n in range(10)))
    now = snapshot({"asset": desired(ASSET, *wanted, *new)}, {"asset": observed(ASSET, *there)}, {"asset": known})
    plan = planned(now)
    assert plan.counts["create"] == 20 + lost
    found = guards.target_rows(plan, KINDS, now, LIMITS)
    assert found.passed is passed
    if not passed:
        assert f"{lost} of 10 linked objects of asset are not there any more" in found.message


def test_all_guards_pass_on_a_plain_day_and_each_is_told_by_name() -> None:
    wanted: list[Row] = [{"source_key": "b", "serial": "S2", "memory": 8}, {"source_key": "c", "serial": "S3"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "status": "x"}, {"id": "2", "serial": "S2"}]
    old = link("a", "1", status="x", missing_runs=9, missing_since=NOW - timedelta(days=9))
    now = snapshot(
        {"asset": desired(ASSET, *wanted), "primary": desired(PRIMARY, {"source_key": "b", "asset": "b"})},
        {"asset": observed(ASSET, *there), "primary": observed(PRIMARY, {"id": "1", "asset": "1"}, {"id": "2", "asset": "2"})},
        {"asset": links(old)},
    )
    plan = planned(now)
    assert plan.counts == {"create": 1, "update": 1, "retire": 1, "restore": 0}
    found = guards.check(plan, KINDS, POLICY, now, limits=LIMITS, last_rows={"devices": 2})
    assert [(guard.name, guard.passed) for guard in found] == [
        ("source_rows", True),
        ("target_rows", True),
        ("rolled_back", True),
        ("retired", True),
        ("keys", True),
        ("scope", True),
    ]


def test_an_undo_reads_no_source_and_is_not_stopped_for_that() -> None:
    undo = plan_of(undoes="0123456789abcdef", complete=False)
    found = guards.check(undo, KINDS, POLICY, snapshot({}, {}), limits=LIMITS, last_rows={"devices": 100})
    assert all(guard.passed for guard in found)


@pytest.mark.parametrize(("lost", "ignored", "passed"), [(2, 0, True), (3, 0, False), (3, 1, True), (10, 0, False)])
def test_objects_that_are_gone_and_wait_for_a_decision_count_as_lost(lost: int, ignored: int, passed: bool) -> None:
    wanted: list[Row] = [{"source_key": f"k{n}", "serial": f"S{n}A"} for n in range(10)]
    there: list[Row] = [{"id": f"{n}", "serial": f"S{n}A"} for n in range(lost, 10)]
    known = links(*(link(f"k{n}", f"{n}") for n in range(10)))
    now = snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": known})
    held = [("quarantine", f"k{n}", "ignored: by kim" if n < ignored else "asset was deleted") for n in range(lost)]
    rows: list[tuple[str | None, ...]] = [
        ("asset", op, key, key, None, None, p.NO_CHANGES, "identity", why) for op, key, why in held
    ]
    found = guards.target_rows(Plan("test", "normal", p.operations_table(rows)), KINDS, now, LIMITS)
    assert found.passed is passed
    if not passed:
        assert f"{lost} of 10 linked objects of asset are not there any more and wait for a decision" in found.message
