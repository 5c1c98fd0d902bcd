from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from asset_sync import database
from asset_sync.components import SnipeitToPostgres
from asset_sync.components.snipeit_to_postgres.component import LoadConfig
from asset_sync.systems.snipeit import TABLES, Owner, SnipeItClient
from asset_sync_tests.pipeline import DEFINITIONS, Pipeline, Run, running

NAME = "snipeit_to_postgres"


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, empty_database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    with running(monkeypatch, empty_database_url, tmp_path) as made:
        yield made


def run(pipeline: Pipeline, *tables: str, **config: Any) -> Run:
    job = DEFINITIONS.resolve_job_def(NAME)
    return Run(
        job.execute_in_process(
            instance=pipeline.instance,
            run_config={"ops": {f"{NAME}__load": {"config": config}}},
            asset_selection=[dg.AssetKey(["snipeit", table]) for table in tables] or None,
            raise_on_error=False,
        )
    )


def count(table: str) -> int:
    with database.engine().connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM snipeit.{table}")) or 0)


def test_every_table_is_an_asset_with_checks_and_figures(pipeline: Pipeline) -> None:
    first = run(pipeline)
    assert first.success, first.errors()
    assert first.materialized() == {f"snipeit/{table}" for table in TABLES}
    assert all(check.passed for check in first.checks().values()), first.errors()
    assert set(first.checks()) == {
        *("counts_equal", "references_resolve", "living_tags_are_unique", "values_are_readable", "token_sees_all")
    }
    told = first.metadata("snipeit/hardware")
    assert told["rows/inserted"] == told["rows/read"] == count("hardware") == 40
    assert told["load/end"] >= told["load/start"]
    pipeline.world.day()
    second = run(pipeline)
    assert second.success
    assert second.metadata("snipeit/hardware")["rows/updated"] > 0
    assert count("sync_runs") == 2


def test_one_table_is_refreshed_alone(pipeline: Pipeline) -> None:
    alone = run(pipeline, "users")
    assert alone.success, alone.errors()
    assert alone.materialized() == {"snipeit/users"}
    assert count("users") > 0
    assert count("hardware") == 0


def test_a_guard_says_in_one_line_why_nothing_was_changed(pipeline: Pipeline) -> None:
    run(pipeline)
    pipeline.world.snipeit_faults.set("empty_source")
    failed = run(pipeline)
    assert not failed.success
    [said] = failed.errors()
    assert said.startswith("Snipe-IT lists no hardware at all")
    assert count("asset") > 0


def test_every_run_says_that_the_token_may_see_one_company_alone(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner("ann", superuser=False, company="Example AG")
    monkeypatch.setattr(SnipeItClient, "owner", lambda _client: owner)
    for tables in (["companies"], ["companies", "suppliers"]):
        loaded = run(pipeline, *tables)
        assert loaded.success
        check = loaded.checks()["token_sees_all"]
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "ann, belongs to Example AG and is no superuser" in (check.description or "")


@pytest.mark.parametrize(("written", "stops"), [({}, False), ({"without_superuser": "stop"}, True)])
def test_the_yaml_says_whether_such_a_token_stops_the_load(written: dict[str, Any], stops: bool) -> None:
    assert SnipeitToPostgres(**written)._options(LoadConfig()).superuser_only is stops


def test_the_schedule_is_the_offices_hours() -> None:
    schedule = DEFINITIONS.resolve_schedule_def(f"{NAME}_schedule")
    assert schedule.cron_schedule == "0 8,12,16,20 * * *"
    assert schedule.execution_timezone
