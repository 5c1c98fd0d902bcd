"""The YAML of the alerts is refused where it is wrong, and its sensor, as Dagster evaluates it, tells once."""

import json
from pathlib import Path

import dagster as dg
import pytest

from asset_sync import database
from asset_sync.components.forms import check_file
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.probe import ROOT, load_of
from asset_sync_tests.components.test_failures import DO, GONE, TOLD
from asset_sync_tests.operations.conftest import OPS, Receiver, receiver
from asset_sync_tests.pipeline import SYNC, Pipeline

__all__ = ["receiver"]

YAML = (ROOT / "asset_sync" / "defs" / "alerts" / "defs.yaml").read_text(encoding="utf-8")
NONE = "channels: []"
CHANNEL = f"channels: [{{name: ops, variable: {OPS.variable}}}]"


def wrong(folder: Path, *swaps: tuple[str, str]) -> tuple[str, str]:
    """Return the line that is refused, and why."""
    yaml = YAML
    for before, after in swaps:
        assert before in yaml
        yaml = yaml.replace(before, after)
    (folder / "pdq_to_netbox").mkdir()
    (folder / "pdq_to_netbox" / "defs.yaml").touch()
    file = folder / "alerts" / "defs.yaml"
    file.parent.mkdir()
    file.write_text(yaml, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        check_file(file)
    named, line, told = str(caught.value).split(":", maxsplit=2)
    assert named == str(file)
    return yaml.splitlines()[int(line) - 1].strip(), told.strip()


QUIET, URGENT, DIGEST = "# quiet_hours:", "# urgent:", "# digest:"
MISTAKES = {
    "a URL where its variable belongs": (
        [(NONE, "channels: [{name: ops, variable: 'slack://s3cr3t/token'}]")],
        "channels.0.variable: it is no name of a variable",
    ),
    "two channels of one name": (
        [(NONE, "channels: [{name: ops, variable: A}, {name: ops, variable: B}]")],
        "channels.1.name: 'ops' is the name of a channel above, too",
    ),
    "a channel without a name": ([(NONE, "channels: [{variable: A}]")], "channels.0.name: it is missing"),
    "a name that is none": ([(NONE, "channels: [{name: 'a b', variable: A}]")], "channels.0.name: it is no name"),
    "a key that there is not": (
        [("again_hours: 24", "again_minutes: 5")],
        "again_minutes: there is no such key here; there are",
    ),
    "an urgent sync that there is not": (
        [(URGENT, "urgent:"), ("[pdq_to_netbox]", "[nosuch]")],
        "urgent.0: there is no sync 'nosuch'; there are pdq_to_netbox",
    ),
    "a time without quotes": ([(QUIET, "quiet_hours:"), ('"22:00"', "22:00")], "quiet_hours.from: 1320: "),
    "a time that is none": ([(QUIET, "quiet_hours:"), ('"22:00"', '"25:00"')], "quiet_hours.from: '25:00' is no time of day"),
    "no time at all": ([(QUIET, "quiet_hours:"), ('"22:00"', '"07:00"')], "quiet_hours: from and until are the same"),
    "a digest by night": (
        [(QUIET, "quiet_hours:"), (DIGEST, "digest:"), ('"08:00"', '"06:59"')],
        "digest.at: 06:59 is in the quiet hours",
    ),
    "a day that is none": ([(DIGEST, "digest:"), ("every: day", "every: night")], "digest.every: 'night': input should be"),
    "a zone that there is not": ([("timezone: UTC", "timezone: Europe/Nowhere")], "timezone: there is no time zone"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_no_url(name: str, tmp_path: Path) -> None:
    swaps, expected = MISTAKES[name]
    line, told = wrong(tmp_path, *swaps)
    assert told.startswith(expected)
    assert "s3cr3t" not in told
    assert line.startswith(expected.split(":", maxsplit=1)[0].split(".", maxsplit=1)[0])


@pytest.fixture
def sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.SensorDefinition:
    """The sensor of a project whose alerts have the channel `OPS`."""
    loaded = load_of(tmp_path / "own", "alerts", YAML.replace(NONE, CHANNEL), monkeypatch)
    return loaded.resolve_sensor_def("alerts")


class Daemon:
    """Evaluates a sensor as Dagster's daemon does, with the cursor that it keeps."""

    def __init__(self, sensor: dg.SensorDefinition, dagster: dg.DagsterInstance) -> None:
        self.sensor, self.dagster = sensor, dagster
        self.cursor: str | None = None

    def tick(self) -> str:
        with dg.build_sensor_context(self.dagster, cursor=self.cursor) as context:
            told = self.sensor.evaluate_tick(context)
        self.cursor = told.cursor
        assert not told.run_requests
        return str(told.skip_message)


@pytest.fixture
def daemon(sensor: dg.SensorDefinition, pipeline: Pipeline) -> Daemon:
    return Daemon(sensor, pipeline.instance)


def test_the_sensor_tells_what_real_runs_come_to_each_once(
    daemon: Daemon, pipeline: Pipeline, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert daemon.tick() == "ops: nothing to tell"
    with monkeypatch.context() as patched:
        patched.setenv("PDQ_TOKEN", "expired")
        pipeline.run()
    assert daemon.tick() == "ops: told 1"
    assert daemon.tick() == "ops: nothing to tell"
    assert receiver.titles() == [f"{SYNC} failed"]
    pipeline.run()
    assert [daemon.tick(), daemon.tick()] == ["ops: told 1", "ops: nothing to tell"]
    assert receiver.titles() == [f"{SYNC} runs again"]
    pipeline.world.company.apply(remove=list(pipeline.world.company)[:20])
    stopped = pipeline.run()
    assert not stopped.success
    assert [daemon.tick(), daemon.tick()] == ["ops: told 1", "ops: nothing to tell"]
    (told,) = receiver.heard()
    assert told["title"] == f"asset_sync: a guard stops {SYNC}"
    assert stopped.plan_id in told["message"]


def test_a_database_that_is_gone_is_told_once_without_its_password(
    daemon: Daemon, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("DATABASE_URL", GONE)
        said = [daemon.tick(), daemon.tick()]
        assert all(each.startswith(TOLD) for each in said)
        (told,) = receiver.heard()
    assert told["title"] == "asset_sync: the ledger cannot be asked"
    assert TOLD in told["message"]
    assert DO in told["message"]
    assert "hunter2" not in json.dumps([said, told])
    daemon.tick()
    assert receiver.titles() == ["the ledger can be asked again"]
    assert daemon.tick() == "ops: nothing to tell"
    database.engine().dispose()


def test_as_it_comes_nothing_is_sent_and_the_variable_of_earlier_versions_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASSET_SYNC_ALERT_URL", raising=False)
    sensor = load_of(tmp_path, "alerts", YAML, monkeypatch).resolve_sensor_def("alerts")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    with dg.DagsterInstance.ephemeral() as dagster:
        daemon = Daemon(sensor, dagster)
        assert daemon.tick() == "no channel is named: see asset_sync/defs/alerts/defs.yaml"
        monkeypatch.setenv("ASSET_SYNC_ALERT_URL", "https://hooks.example/s3cr3t")
        said = daemon.tick()
    assert "ASSET_SYNC_ALERT_URL is asked no more: name a channel" in said
    assert "s3cr3t" not in said
