"""A large export file, from its bytes to the plan: read, known ids, desired tables, match and plan, with all links in place.

pytest -o addopts="" -s asset_sync_tests/bench/test_exports.py -m bench
"""

import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder
from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.components.pdq_exports.kept import KeptExports
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.components.sync import Sync
from asset_sync.definitions import defs
from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.tables import LINK_COLUMNS, Tables, base_column
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.exports import write_export
from asset_sync.systems.pdq_export import Limits, read, with_known_ids
from asset_sync_tests.components.pdq_answers import source_of

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ROWS = 100_000
CHANGED = 1_000
LIMIT_S = 10.0


def test_a_hundred_thousand_rows_to_the_plan(tmp_path: Path) -> None:
    component = cast("PdqExports", cast("dg.ComponentTree", defs().component_tree).load_component("pdq_exports"))
    sync = component.sync("pdq_exports")
    company = Company(ROWS, 7)
    machines = list(company)
    write_export(company, tmp_path / "before.csv", machines=machines)
    known = devices_of(tmp_path / "before.csv")
    before = desired_tables(source_of(known), sync.kinds, mapping_of(sync)).tables
    renamed = [dataclasses.replace(machine, name=f"{machine.name}-B") for machine in machines[:CHANGED]]
    write_export(company, tmp_path / "now.csv", machines=[*renamed, *machines[CHANGED:]])
    observed, links = target_of(sync, before), links_of(sync, before)
    took, plan = timed(tmp_path / "now.csv", known, sync, observed, links)
    size = (tmp_path / "now.csv").stat().st_size / 2**20
    print(f"\n{ROWS:,} rows, {size:.0f} MB of CSV: " + ", ".join(f"{name} {s:.2f} s" for name, s in took.items()))
    print(f"together {sum(took.values()):.2f} s, limit {LIMIT_S:.0f} s; planned {plan.counts}, held {len(plan.held)}")
    assert plan.counts["create"] == plan.counts["retire"] == 0
    assert plan.counts["update"] > CHANGED * 0.9
    assert sum(took.values()) < LIMIT_S


def test_a_look_at_ten_thousand_unchanged_files(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"export {number:05d}.csv").write_bytes(b"Name\nPC-1\n")
    watch = Watch(DropFolder(UPath(tmp_path)), KeptExports(UPath(tmp_path / "kept")), Limits())
    cursor = Cursor(frozenset(file.digest for file in watch.folder.files()))
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        assert watch.look(cursor, list, log=print).accepted == ()
        took.append(time.perf_counter() - begun)
    print(f"\n10,000 unchanged files: {min(took):.2f} s a look, a cursor of {len(str(cursor)) // 1024} KiB")


def timed(file: Path, known: pd.DataFrame, sync: Sync, observed: Tables, links: Tables) -> tuple[dict[str, float], Plan]:
    """The plan, and the seconds that each part of the way took."""
    clock = [time.perf_counter()]
    devices = with_known_ids(devices_of(file), known[["id", "serialNumber", "name"]])
    clock.append(time.perf_counter())
    desired = desired_tables(source_of(devices), sync.kinds, mapping_of(sync)).tables
    clock.append(time.perf_counter())
    matches = match_all(sync.kinds, desired, observed, links)
    clock.append(time.perf_counter())
    snapshot = Snapshot(desired, observed, links)
    plan = make_plan(sync.name, sync.kinds, sync.policy, snapshot, matches, now=datetime.now(UTC), complete=False)
    assert plan.id
    clock.append(time.perf_counter())
    names = ("read", "desired", "match", "plan")
    return {name: end - begin for name, begin, end in zip(names, clock, clock[1:], strict=False)}, plan


def mapping_of(sync: Sync) -> SyncMapping:
    """The mapping of a sync whose kinds are all made from the devices."""
    return SyncMapping(dict.fromkeys(sync.kinds, "devices"), sync.mapping)


def devices_of(file: Path) -> pd.DataFrame:
    with file.open("rb") as opened:
        return read(opened, file.name).devices


def target_of(sync: Sync, desired: Tables) -> Tables:
    """The tables of a NetBox that holds what was desired before."""
    ids = {name: dict(zip(table["key"], numbers(table), strict=True)) for name, table in desired.items() if name in sync.kinds}
    return {name: observed_of(kind, desired[name], ids) for name, kind in sync.kinds.items()}


def observed_of(kind: Kind, table: pd.DataFrame, ids: dict[str, dict[str, str]]) -> pd.DataFrame:
    pointing = {field.name: table[field.name].map(ids[str(field.to)]).astype("str") for field in kind.references}
    fields = table.drop(columns=["source_key", "refused"]).assign(**pointing)
    own = pd.DataFrame({"id": numbers(table), "version": "2026-01-01", "locked": None}, dtype="str")
    return pd.concat([own, fields], axis="columns")


def links_of(sync: Sync, desired: Tables) -> Tables:
    """A link for each record, with what was applied last."""
    return {name: linked(sync, name, table) for name, table in desired.items() if name in sync.kinds}


def linked(sync: Sync, kind: str, table: pd.DataFrame) -> pd.DataFrame:
    columns = {name: pd.Series(index=table.index, dtype=dtype) for name, dtype in LINK_COLUMNS.items()}
    bases = {
        base_column(name): table[name] for name in sync.remembered[kind] if sync.kinds[kind].field(name).type != "reference"
    }
    return pd.DataFrame({**columns, **bases, "source_key": table["source_key"], "target_id": numbers(table)}).astype(
        {"target_id": "str"}
    )


def numbers(table: pd.DataFrame) -> list[str]:
    return [str(number) for number in range(1, len(table) + 1)]
