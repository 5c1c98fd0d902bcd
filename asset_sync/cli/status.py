"""`asset-sync status`: each sync at a glance."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import click

from asset_sync.api.standing import StatusList, SyncStatus
from asset_sync.cli.console import json_option, printed, row, table
from asset_sync.operations.standing import Ran, SyncStanding, standings

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)), ("s", timedelta(seconds=1)))


@click.command()
@click.argument("sync", required=False)
@json_option
def status(sync: str | None, *, as_json: bool) -> None:
    """Tell how each sync stands; of the one named SYNC, also its last runs."""
    found = standings(sync)
    if as_json:
        click.echo(StatusList(syncs=[SyncStatus.of(each) for each in found]).model_dump_json())
        return
    shown = table(
        *("sync", "last run (UTC)", "ended", "last success", "freshness", "rows", "changes", "held", "waiting"),
        *("by itself", "next (UTC)", "mean, s"),
        right=("rows", "held", "waiting", "mean, s"),
    )
    for each in found:
        shown.add_row(*row(*_row(each)))
    printed().print(shown)
    for line in dict.fromkeys(each.paused for each in found if each.paused):
        click.echo(line)
    if sync:
        _tell_runs(found[0])


def _row(each: SyncStanding) -> Sequence[object]:
    last = each.last_run
    return (
        each.sync,
        _moment(last.started_at) if last else "never",
        f"{last.status} ({last.mode})" if last else "",
        f"{_in_words(each.age)} ago" if each.age else "never",
        each.freshness,
        sum(each.source_rows.values()) if each.source_rows else "",
        _counts(each.changes),
        each.held,
        len(each.waiting),
        f"{each.switch}: {each.runs_when}",
        _moment(each.next_run),
        each.mean_seconds,
    )


def _tell_runs(standing: SyncStanding) -> None:
    shown = table(
        "run", "began (UTC)", "partition", "mode", "status", "seconds", "plan", "changes", "held", right=("seconds", "held")
    )
    for run in standing.runs:
        shown.add_row(*row(*_run_row(run)))
    printed().print(shown)
    for plan in standing.waiting:
        click.echo(f"plan {plan} waits: asset-sync show {plan}")


def _run_row(run: Ran) -> Sequence[object]:
    began = _moment(run.started_at)
    return (run.run_id, began, run.partition, run.mode, run.status, run.seconds, run.plan_id, _counts(run.changes), run.held)


def _counts(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in changes.items() if count)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _in_words(age: timedelta) -> str:
    """Return an age in the largest unit that it has one of."""
    name, unit = next(((name, unit) for name, unit in _UNITS if age >= unit), _UNITS[-1])
    return f"{age // unit} {name}"
