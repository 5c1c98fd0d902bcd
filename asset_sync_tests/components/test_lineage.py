"""A column can be followed through the graph: PDQ's serialNumber → desired → plan → NetBox's serial."""

import dagster as dg

from asset_sync_tests.pipeline import SYNC, Pipeline


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


def test_the_plan_is_told_in_words_with_its_files(pipeline: Pipeline) -> None:
    run = pipeline.run()
    plan = run.metadata(f"{SYNC}/plan")
    assert run.plan_id in plan["report"]
    assert "to be created" in plan["report"]
    assert plan["csv"].endswith(f"{run.plan_id}.csv")
