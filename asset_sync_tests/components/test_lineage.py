"""A column can be followed through the graph: PDQ's serialNumber → desired → plan → NetBox's serial."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from asset_sync.components.objects import WRITES, objects
from asset_sync_tests.components.probe import ASSETS, DEVICES, YAML, load_whole
from asset_sync_tests.pipeline import DEFINITIONS, SYNC, Pipeline


def dep_of(pipeline: Pipeline, key: str, column: str) -> tuple[str, str]:
    """The asset and column that a column of an asset was made from, as its last materialisation says."""
    event = pipeline.instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    assert event is not None
    assert event.asset_materialization is not None
    lineage = event.asset_materialization.metadata["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    (dep,) = lineage.deps_by_column[column]
    return dep.asset_key.to_user_string(), dep.column_name


def test_the_serial_can_be_followed_from_pdq_to_netbox(pipeline: Pipeline) -> None:
    assert pipeline.run().success
    assert dep_of(pipeline, f"{SYNC}/applied", "asset.serial") == (f"{SYNC}/plan", "asset.serial")
    assert dep_of(pipeline, f"{SYNC}/plan", "asset.serial") == (f"{SYNC}/desired", "asset.serial")
    assert dep_of(pipeline, f"{SYNC}/desired", "asset.serial") == ("pdq/devices", "serialNumber")


def above(graph: Any, key: str) -> set[str]:
    """The keys of all assets upstream of one."""
    found: set[dg.AssetKey] = set()
    near = {dg.AssetKey(key.split("/"))}
    while near:
        near = {parent for each in near for parent in graph.get(each).parent_keys} - found
        found |= near
    return {each.to_user_string() for each in found}


def test_what_one_sync_writes_and_another_reads_is_one_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "devices"
    folder.mkdir()
    written = load_whole(folder, YAML.replace(ASSETS, DEVICES), monkeypatch)
    graph = DEFINITIONS.resolve_asset_graph()
    assert {"netbox_to_wug/devices", "netbox/device", "wug_to_netbox/applied", "wug/discovered"} <= above(graph, "wug/device")
    assert {"pdq_to_netbox/applied", "pdq_exports/applied", "pdq/devices"} <= above(graph, "netbox/asset")
    assert {"pdq_to_netbox/applied", "pdq/devices"} <= above(written.resolve_asset_graph(), "netbox/device")


def test_no_asset_is_upstream_of_itself() -> None:
    graph = DEFINITIONS.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert key.to_user_string() not in above(graph, key.to_user_string())


def test_syncs_that_go_both_ways_make_no_circle() -> None:
    there = dg.AssetSpec(["there", "applied"], deps=[["a", "site"]], metadata={WRITES: ("b", {"site": ["name"]})})
    back = dg.AssetSpec(["back", "applied"], deps=[["b", "site"]], metadata={WRITES: ("a", {"site": ["name"]})})
    made = {spec.key.to_user_string(): [dep.asset_key.to_user_string() for dep in spec.deps] for spec in objects([there, back])}
    assert made == {"a/site": ["back/applied"]}


def test_the_columns_of_what_is_written_come_from_the_writers() -> None:
    spec = next(each for each in DEFINITIONS.resolve_all_asset_specs() if each.key == dg.AssetKey(["netbox", "device"]))
    lineage = spec.metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    assert lineage.deps_by_column["name"] == [
        dg.TableColumnDep(asset_key=dg.AssetKey([sync, "applied"]), column_name="device.name")
        for sync in ("hedgehog_to_netbox", "hosts_to_netbox", "wug_to_netbox")
    ]


def test_the_plan_is_told_in_words_with_its_files(pipeline: Pipeline) -> None:
    run = pipeline.run()
    plan = run.metadata(f"{SYNC}/plan")
    assert run.plan_id in plan["report"]
    assert "to be created" in plan["report"]
    assert plan["csv"].endswith(f"{run.plan_id}.csv")
