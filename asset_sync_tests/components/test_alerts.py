"""Whoever has to know that a run failed is told in a line, by a webhook whose address stays secret."""

import json
import re

import dagster as dg
import pytest

from asset_sync.components.alerts import failed_runs
from asset_sync.components.failures import told_in_one_line
from asset_sync.reconcile.errors import SourceError
from asset_sync_tests.systems.scripted import Reply, scripted


@dg.op
def broken() -> None:
    with told_in_one_line():
        raise SourceError("PDQ Connect lists no devices at all")


@dg.job
def nightly() -> None:
    broken()


def tell(**tags: str) -> dg.SkipReason | None:
    """Let the sensor see a failed run."""
    return tell_of(nightly, **tags)


def tell_of(job: dg.JobDefinition, **tags: str) -> dg.SkipReason | None:
    """Let the sensor see a failed run of a job."""
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        event = next(e for e in result.all_events if e.event_type == dg.DagsterEventType.RUN_FAILURE)
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_runs", dagster_event=event, dagster_instance=instance, dagster_run=result.dagster_run
        )
        said = failed_runs(context.for_run_failure())
    assert said is None or isinstance(said, dg.SkipReason)
    return said


def test_the_webhook_is_told_the_job_the_run_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply()) as script:
        monkeypatch.setenv("ASSET_SYNC_ALERT_URL", f"{script.url}/hook/secret")
        assert tell() is None
        (seen,) = script.seen
    told = json.loads(seen.body)["text"]
    assert re.fullmatch(r"nightly failed \(run [0-9a-f-]{36}\): PDQ Connect lists no devices at all", told)


def test_of_a_connection_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply()) as script:
        monkeypatch.setenv("ASSET_SYNC_ALERT_URL", f"{script.url}/hook/secret")
        tell(**{"dagster/partition": "branch"})
        (seen,) = script.seen
    assert json.loads(seen.body)["text"].startswith("nightly of branch failed (run ")


def test_without_a_webhook_nobody_is_told_and_the_sensor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSET_SYNC_ALERT_URL", raising=False)
    said = tell()
    assert said is not None
    assert "ASSET_SYNC_ALERT_URL is not set" in str(said.skip_message)


@pytest.mark.parametrize(("url", "reply"), [(None, Reply(status=500)), ("http://127.0.0.1:9/secret", Reply())])
def test_a_webhook_that_does_not_take_it_fails_the_tick_without_its_address(
    url: str | None, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(reply) as script:
        monkeypatch.setenv("ASSET_SYNC_ALERT_URL", url or f"{script.url}/hook/secret")
        with pytest.raises(Exception, match="webhook") as raised:
            tell()
    assert "secret" not in str(raised.value)
