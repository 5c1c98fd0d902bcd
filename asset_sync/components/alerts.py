"""Who is told when a run fails: a webhook, where ASSET_SYNC_ALERT_URL names one (Slack, Teams, Mattermost)."""

import dagster as dg
import requests

from asset_sync import settings


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Posts each failed run, in one line, to the webhook that ASSET_SYNC_ALERT_URL names.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Tell of one failed run. The webhook's address is a secret and is never told."""
    url = settings.optional("ASSET_SYNC_ALERT_URL")
    if url is None:
        return dg.SkipReason("ASSET_SYNC_ALERT_URL is not set: nobody is told of failed runs")
    run = context.dagster_run
    why = "; ".join(_reasons(context)) or context.failure_event.message
    answer = requests.post(url, json={"text": f"{run.job_name} failed (run {run.run_id}): {why}"}, timeout=10)
    if not answer.ok:
        raise dg.Failure(description=f"the alert webhook answered {answer.status_code}")
    return None


def _reasons(context: dg.RunFailureSensorContext) -> list[str]:
    failures = (event.step_failure_data for event in context.get_step_failure_events())
    return [failure.error.message.strip().splitlines()[0] for failure in failures if failure.error]
