"""The export sync on a whole pipeline: files are dropped, ticks happen, and every run that a tick asks for is made."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import dagster as dg

from asset_sync import settings
from asset_sync.components.pdq_exports.component import DEVICES, PdqExports
from asset_sync.components.pdq_exports.kept import KeptExports
from asset_sync.sandbox.company import Machine
from asset_sync.sandbox.exports import write_export
from asset_sync_tests.pipeline import DEFINITIONS, Pipeline, Run

EXPORTS = "pdq_exports"
COMPONENT = cast("PdqExports", cast("dg.ComponentTree", DEFINITIONS.component_tree).load_component(EXPORTS))


class Exports:
    """Drops files and runs what becomes of them."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.instance = pipeline.instance
        self.job = DEFINITIONS.resolve_job_def(EXPORTS)
        self.sensor = next(s for s in DEFINITIONS.sensors or [] if s.name == f"{EXPORTS}_sensor")
        self.cursor: str | None = None

    @property
    def folder(self) -> Path:
        """Where files are dropped."""
        return settings.home() / COMPONENT.folder

    @property
    def kept(self) -> KeptExports:
        """Where their bytes are kept."""
        return COMPONENT.watch().kept

    @property
    def keys(self) -> list[str]:
        """The partitions, in their order."""
        return list(self.instance.get_dynamic_partitions(EXPORTS))

    def drop(self, name: str = "devices.csv", machines: Iterable[Machine] | None = None, **how: Any) -> None:
        """Export machines, or all of the company."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_export(self.pipeline.world.company, self.folder / name, machines=machines, **how)

    def take(self) -> list[str]:
        """Two ticks, so that what lies there has rested; the keys of what was taken."""
        return [key for _ in range(2) for key in self._tick()]

    def _tick(self) -> list[str]:
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            result: Any = self.sensor(context)
        self.cursor = result.cursor
        keys = [request.partition_key for request in result.run_requests or []]
        self.instance.add_dynamic_partitions(EXPORTS, keys)
        return keys

    def read(self, key: str) -> Run:
        """Run only the first step of one partition."""
        return self._run(key, asset_selection=[DEVICES])

    def plan(self, key: str) -> Run:
        """Make the plan of one partition again, from what its steps left."""
        return self._run(key, asset_selection=[dg.AssetKey([EXPORTS, "plan"])])

    def apply(self, key: str, plan_id: str = "", approved_by: str = "") -> Run:
        """Materialise `applied` of one partition alone, as a person does in the UI."""
        config = {"ops": {f"{EXPORTS}__applied": {"config": {"plan_id": plan_id, "approved_by": approved_by}}}}
        return self._run(key, run_config=config, asset_selection=[dg.AssetKey([EXPORTS, "applied"])])

    def run(self, key: str, mode: str = "normal") -> Run:
        """Run one partition."""
        return self._run(key, run_config={"ops": {f"{EXPORTS}__plan": {"config": {"mode": mode}}}})

    def _run(self, key: str, **how: Any) -> Run:
        result = self.job.execute_in_process(instance=self.instance, partition_key=key, raise_on_error=False, **how)
        return Run(result, EXPORTS)

    def sync(self, name: str = "devices.csv", machines: Iterable[Machine] | None = None, **how: Any) -> Run:
        """Drop an export and run it."""
        self.drop(name, machines, **how)
        (key,) = self.take()
        return self.run(key)
