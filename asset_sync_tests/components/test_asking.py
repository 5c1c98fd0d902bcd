"""The sensor that hands what was asked for to Dagster's queue."""

import dagster as dg
import pytest

from asset_sync.components.asking import SENSOR
from asset_sync.operations import asking
from asset_sync.operations.definitions import sensors
from asset_sync_tests.cli.lab import SYNC, home, world

__all__ = ["home", "world"]


def tick() -> dg.SensorResult | dg.SkipReason:
    (sensor,) = [each for each in sensors() if each.name == SENSOR]
    told = sensor()
    assert isinstance(told, dg.SensorResult | dg.SkipReason)
    return told


@pytest.mark.usefixtures("world")
def test_what_was_asked_for_is_requested_once_as_it_was_asked() -> None:
    assert isinstance(tick(), dg.SkipReason)
    dry, sent = asking.ask(SYNC, "dry_run"), asking.ask("netbox_to_wug", only={"ids": ["7"]})
    told = tick()
    assert isinstance(told, dg.SensorResult)
    first, second = told.run_requests or []
    assert (first.run_key, first.job_name, first.tags["asset_sync/asked"]) == (dry, SYNC, dry)
    assert first.run_config == {"ops": {f"{SYNC}__plan": {"config": {"mode": "dry_run"}}}}
    assert (second.run_key, second.job_name, second.partition_key) == (sent, "netbox_to_wug", "main")
    assert {"config": {"only": {"ids": ["7"]}}} in second.run_config["ops"].values()
    assert isinstance(tick(), dg.SkipReason)
