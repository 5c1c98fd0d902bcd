"""What another sync tells of: matched and updated as any object, but that it is gone, or back, is that sync's word alone."""

from datetime import timedelta

import pytest

from asset_sync.reconcile.planning import Grace, Snapshot
from asset_sync_tests.reconcile.worlds import ASSET, NOW, Row, desired, link, links, observed, planned, snapshot, told

AT_ONCE = Grace(runs=1, time=timedelta(0))
LONG_AGO = NOW - timedelta(days=9)


def world(here: bool, told_by: str | None, status: str = "in-use", retired_by: str | None = None) -> Snapshot:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "status": "in-use"}] if here else []
    remembered = [link("a", "1", status="in-use", told_by=told_by, retired_by=retired_by, missing_since=LONG_AGO)]
    there = observed(ASSET, {"id": "1", "serial": "S1", "status": status})
    return snapshot({"asset": desired(ASSET, *wanted)}, {"asset": there}, {"asset": links(*remembered)})


@pytest.mark.parametrize(("told_by", "retired"), [(None, 1), ("another", 0)])
def test_only_who_tells_of_it_says_that_it_is_gone(told_by: str | None, retired: int) -> None:
    plan = planned(world(here=False, told_by=told_by), grace=AT_ONCE)
    assert plan.counts["retire"] == retired
    assert len(plan.operations) == retired


@pytest.mark.parametrize(("told_by", "ops"), [(None, ["restore", "seen"]), ("another", [])])
def test_only_who_tells_of_it_says_that_it_is_back(told_by: str | None, ops: list[str]) -> None:
    plan = planned(world(here=True, told_by=told_by, status="retired", retired_by="sync"))
    assert [op for _, op, *_ in told(plan)] == ops
