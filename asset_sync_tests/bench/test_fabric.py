"""A fabric of 4 spines, 128 leaves and 2,048 servers: from what was listed of its cluster to the plan for an empty NetBox.

pytest -o addopts="" -s asset_sync_tests/bench/test_fabric.py -m bench

What is timed begins with the objects in memory, and ends with the plan and its id.
"""

import time
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from asset_sync.operations.definitions import component_of, declared
from asset_sync.reconcile.desired import desired_tables
from asset_sync.reconcile.planning import Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.sources import Source
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, empty, no_links
from asset_sync.sandbox.kubernetes import Shape, fabric, observed
from asset_sync.systems.hedgehog.system import HEDGEHOG
from asset_sync.systems.hedgehog.tables import TABLES, object_rows
from asset_sync_tests.systems.hedgehog.told import listings

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SYNC: Final = "hedgehog_to_netbox"
SHAPE: Final = Shape(spines=4, leaves=128, servers=2_048, vpcs=200)
NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)


def test_a_plan_of_a_large_fabric() -> None:
    written = [*fabric.objects(SHAPE)]
    listed = listings([*written, *observed.agents(written, NOW)])
    sync, component = declared(SYNC), component_of(SYNC)
    mapping = component._every_mapping(HEDGEHOG)  # type: ignore[attr-defined]
    fields = {name: [field.name for field in kind.fields] for name, kind in sync.kinds.items()}
    nothing: dict[str, Any] = {n: empty((*OBSERVED_COLUMNS, *fields[n]), kind) for n, kind in sync.kinds.items()}
    links = {name: no_links(names) for name, names in fields.items()}
    began = time.perf_counter()
    source = Source(TABLES, {"objects": object_rows("main", listed)})
    desired = desired_tables(source, sync.kinds, mapping).tables
    tables = time.perf_counter()
    matches = match_all(sync.kinds, desired, nothing, links)
    plan = make_plan(SYNC, sync.kinds, sync.policy, Snapshot(desired, nothing, links), matches, now=NOW)
    assert plan.id
    ended = time.perf_counter()
    objects = sum(len(each.objects) for each in listed.values())
    print(f"\n{objects:,} objects, {plan.counts['create']:,} to create")
    print(f"{tables - began:.1f} s desired, {ended - tables:.1f} s plan")
    assert len(plan.writes) > 40_000
    assert plan.held.empty
    assert ended - began < 10
