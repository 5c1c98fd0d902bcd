"""Who is told when a run fails: a webhook, where ASSET_SYNC_ALERT_URL names one (Slack, Teams, Mattermost)."""

import dagster as dg
import requests

from asset_sync import settings
from asset_sync.components import run_tags
from asset_sync.components.failures import first_line, innermost, reason


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
    event = context.failure_event
    why = "; ".join(_reasons(context)) or first_line(innermost(event.job_failure_data.error)) or event.message
    partition = run.tags.get(run_tags.PARTITION)
    named = f"{run.job_name} of {partition}" if partition else run.job_name
    _post(url, f"{named} failed (run {run.run_id}): {why}")
    return None


def _post(url: str, told: str) -> None:
    try:
        answer = requests.post(url, json={"text": told}, timeout=10)
    except requests.RequestException as error:
        # Its words have the address in them, and the address is the secret.
        raise dg.Failure(description=f"the alert webhook cannot be reached ({type(error).__name__})") from None
    if not answer.ok:
        raise dg.Failure(description=f"the alert webhook answered {answer.status_code}")


def _reasons(context: dg.RunFailureSensorContext) -> list[str]:
    return [told for event in context.get_step_failure_events() if (told := reason(event.step_failure_data))]
