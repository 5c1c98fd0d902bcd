"""A whole pipeline for tests: a sandbox world over real HTTP, a real PostgreSQL, a real Dagster instance, a home of its own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from asset_sync import database
from asset_sync.components.resources import open_ledger
from asset_sync.definitions import defs
from asset_sync.ledger import Ledger
from asset_sync.sandbox.world import World

SYNC = "pdq_to_netbox"
ASSETS = "plugins/inventory/assets"
DEFINITIONS = defs()


class Run:
    """What became of a run."""

    def __init__(self, result: dg.ExecuteInProcessResult, sync: str = SYNC) -> None:
        self.result = result
        self.sync = sync
        self.success = result.success
        self.run_id = result.run_id

    def metadata(self, key: str) -> dict[str, Any]:
        """The metadata with which an asset was materialised, by name."""
        materializations = [
            event.step_materialization_data.materialization for event in self.result.all_events if event.is_step_materialization
        ]
        wanted = [m for m in materializations if m.asset_key.to_user_string() == key]
        return {name: value.value for name, value in wanted[-1].metadata.items()}

    def materialized(self) -> set[str]:
        """The assets that were materialised."""
        return {
            event.step_materialization_data.materialization.asset_key.to_user_string()
            for event in self.result.all_events
            if event.is_step_materialization
        }

    def checks(self) -> dict[str, dg.AssetCheckEvaluation]:
        """The evaluations of asset checks, by name."""
        found = [
            e.asset_check_evaluation_data for e in self.result.all_events if e.event_type_value == "ASSET_CHECK_EVALUATION"
        ]
        return {check.check_name: check for check in found}

    def errors(self) -> list[str]:
        """The first line of what each failed step said, and what failed checks said."""
        steps = [e.step_failure_data for e in self.result.all_events if e.is_step_failure]
        said = [
            (step.user_failure_data.description or "") if step.user_failure_data else str(step.error and step.error.message)
            for step in steps
        ]
        return said + [str(check.description) for check in self.checks().values() if not check.passed]

    @property
    def planned(self) -> dict[str, int]:
        """What was planned, by operation."""
        plan = self.metadata(f"{self.sync}/plan")
        return {op: plan[f"planned/{op}"] for op in ("create", "update", "retire", "restore")}

    @property
    def plan_id(self) -> str:
        """The id of the plan that was made."""
        return str(self.metadata(f"{self.sync}/plan")["plan_id"])


class Pipeline:
    """Runs the sync and looks at both sides."""

    def __init__(self, world: World, instance: dg.DagsterInstance, definitions: dg.Definitions = DEFINITIONS) -> None:
        self.world = world
        self.instance = instance
        self.job = definitions.resolve_job_def(SYNC)

    def run(self, mode: str = "normal") -> Run:
        """Run the whole job."""
        config = {"ops": {f"{SYNC}__plan": {"config": {"mode": mode}}}}
        return Run(self.job.execute_in_process(instance=self.instance, run_config=config, raise_on_error=False))

    def apply(
        self, plan_id: str = "", approved_by: str = "", *, repeats: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Run:
        """Materialise `applied` alone, as a person does in the UI; `repeats` is the run that is re-executed."""
        config = {"plan_id": plan_id, "approved_by": approved_by}
        return self.materialize_applied({"ops": {f"{SYNC}__applied": {"config": config}}}, repeats=repeats, tags=tags)

    def materialize_applied(
        self, run_config: Mapping[str, Any], *, repeats: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Run:
        """Materialise `applied` alone with a config as it is pasted into the launchpad."""
        parent = {"dagster/parent_run_id": repeats, "dagster/root_run_id": repeats} if repeats else {}
        return Run(
            self.job.execute_in_process(
                instance=self.instance,
                run_config=dict(run_config),
                asset_selection=[dg.AssetKey([SYNC, "applied"])],
                tags={**parent, **(tags or {})},
                raise_on_error=False,
            )
        )

    def materialize(self, *keys: str) -> Run:
        """Materialise some of the job's assets, as a person does in the UI."""
        selection = [dg.AssetKey.from_user_string(key) for key in keys]
        return Run(self.job.execute_in_process(instance=self.instance, asset_selection=selection, raise_on_error=False))

    @property
    def ledger(self) -> Ledger:
        """The ledger that the runs write to."""
        return open_ledger()

    def assets(self) -> dict[str, dict[str, Any]]:
        """NetBox's assets by serial."""
        return {row["serial"]: row for row in self.world.netbox.objects(ASSETS)}

    def edit(self, serial: str, /, **fields: Any) -> None:
        """Change an asset as a person would in NetBox."""
        self.world.netbox.patch(ASSETS, self.assets()[serial]["id"], fields)

    def writes_of(self, act: Callable[[], Any]) -> int:
        """How many write requests NetBox got meanwhile, by its own count."""
        before = self.world.netbox.requests.writes
        act()
        return self.world.netbox.requests.writes - before

    def pass_time(self, hours: float) -> None:
        """Let what is missing be missing for longer."""
        with database.engine().begin() as connection:
            connection.execute(
                text("UPDATE asset_sync.link SET missing_since = missing_since - make_interval(secs => :s)"),
                {"s": hours * 3600},
            )


@contextmanager
def running(
    monkeypatch: pytest.MonkeyPatch, database_url: str, home: Path, *, size: int = 40, seed: int = 7, **world: Any
) -> Iterator[Pipeline]:
    """Give a pipeline whose environment points to a sandbox of its own."""
    with World(size, seed, **world) as made, dg.DagsterInstance.ephemeral() as instance:
        _set(monkeypatch, {**made.environment(), "DATABASE_URL": database_url, "ASSET_SYNC_HOME": str(home)})
        yield Pipeline(made, instance)


def _set(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
