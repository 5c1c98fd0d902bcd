"""`asset-sync fabrics`: the Hedgehog fabrics, when they run by themselves, how they stand, and running one now."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from asset_sync import database, settings
from asset_sync.cli.console import json_option, printed, progress, row, table
from asset_sync.cli.run import tell
from asset_sync.operations import fabric_files, fabric_rights
from asset_sync.operations import fabrics as operations
from asset_sync.operations.fabrics import SYSTEM, ConnectionStatus
from asset_sync.operations.runs import RunReport, Watch
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.systems.hedgehog.comparing import Difference


class _OfFabrics(click.Command):
    """A command of this group: what it does not understand is told as JSON, too, and a fabric is named by its option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments, as click calls it."""
        as_json = "--json" in args
        with _failures_told(as_json=as_json):
            try:
                return super().parse_args(ctx, args)
            except click.UsageError as error:
                if "extra argument" not in error.message:
                    raise
                words = f"{error.message.rstrip('.')}: a fabric is named by --fabric NAME"
                raise click.UsageError(words, ctx) from None


@click.group()
def fabrics() -> None:
    """Tell how the Hedgehog fabrics stand, have them run by themselves, run one now.

    With --json, standard output is one JSON document and nothing else, also where a command fails.
    """


_fabric = click.option("--fabric", metavar="NAME", help="This fabric alone.")


@fabrics.command(cls=_OfFabrics)
@_fabric
@json_option
def status(fabric: str | None, *, as_json: bool) -> None:
    """Tell how each fabric stands, when it ran and runs next, and what of it is kept in step."""
    with _failures_told(as_json=as_json, total_jobs=0):
        found = operations.statuses(operations.syncs_with(SYSTEM), fabric)
        if as_json:
            _print({"success": True, "total_jobs": len(found), "job_details": [_details(each) for each in found]})
        else:
            _show(found)


@fabrics.command(cls=_OfFabrics)
@_fabric
@json_option
def start(fabric: str | None, *, as_json: bool) -> None:
    """Have the fabrics run by themselves, each at its interval: switches on their sensor, which Dagster's daemon looks at."""
    with _failures_told(as_json=as_json, fabrics_scheduled=0):
        made = operations.start(operations.syncs_with(SYSTEM), fabric)
        if fabric is not None and made.refused:
            raise AssetSyncError(made.refused[0])
        count = len(made.connections)
        words = f"Bootstrapped sync schedules for {count} fabric{'' if count == 1 else 's'}"
        if not count:
            words = "No sync-enabled fabrics found"
        if as_json:
            _print({"success": True, **(_one(made.connections[0]) if fabric else _all(made, words))})
        else:
            click.echo(words)
            if count:
                _show(made.connections)
        if made.also:
            click.echo(f"asset-sync: one sensor starts all fabrics of a sync: {_along(made.also)}", err=True)
        for line in made.refused:
            click.echo(f"asset-sync: {line}", err=True)
        if count and not made.daemon:
            click.echo("asset-sync: nothing starts by itself until a daemon runs: asset-sync dev, or dagster dev", err=True)


def _along(names: Sequence[str]) -> str:
    runs = "runs" if len(names) == 1 else "run"
    return f"{', '.join(names)} {runs} by itself, too (`enabled: false` in the YAML rests one)"


def _one(status: ConnectionStatus) -> Mapping[str, Any]:
    """Return what starting one fabric tells."""
    words = f"Started periodic sync for fabric {status.name}"
    return {"message": words, **_named(status), "sync_interval": _seconds(status)}


def _all(made: operations.Started, words: str) -> Mapping[str, Any]:
    """Return what starting all fabrics tells."""
    total = len(made.connections) + len(made.refused)
    errors = list(made.refused) or None
    count = len(made.connections)
    return {"message": words, "fabrics_scheduled": count, "fabrics_started": count, "errors": errors, "total_fabrics": total}


@fabrics.command(cls=_OfFabrics)
@_fabric
@json_option
@click.pass_context
def trigger(context: click.Context, fabric: str | None, *, as_json: bool) -> None:
    """Run one fabric now, in this process, whenever it is due; one that is disabled or under way is not run."""
    began = time.monotonic()
    named = {"fabric_id": fabric} if fabric else {}
    with _failures_told(as_json=as_json, **named, duration=lambda: round(time.monotonic() - began, 2)), progress() as watching:
        chosen, report = operations.trigger(operations.syncs_with(SYSTEM), fabric, _watch(watching, fabric))
    if as_json:
        _print(_executed(chosen, report))
    else:
        tell(report)
    context.exit(0 if report.succeeded else 1)


@fabrics.command(cls=_OfFabrics)
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="The fabric's YAML files, at any depth.")
@_fabric
@json_option
@click.pass_context
def compare(context: click.Context, folder: Path, fabric: str | None, *, as_json: bool) -> None:
    """Tell in what a fabric's cluster is not what the YAML files of a folder say; nothing is written."""
    with _failures_told(as_json=as_json):
        # A path counts from where the user is; meanwhile this runs in the project's folder.
        name, found = fabric_files.compare(context.obj / folder, fabric)
        if as_json:
            told = [{each.name: getattr(difference, each.name) for each in fields(difference)} for difference in found]
            _print({"success": True, "fabric_name": name, "total": len(found), "differences": told})
        elif found:
            _show_differences(found)
        else:
            click.echo(f"{name} is what the files say")


@fabrics.command(cls=_OfFabrics)
@_fabric
@json_option
@click.pass_context
def test(context: click.Context, fabric: str | None, *, as_json: bool) -> None:
    """Ask a fabric's cluster for its version, for what the token may read, and whether another name leads to it, too."""
    with _failures_told(as_json=as_json):
        found = fabric_rights.rights(fabric)
        told = {"fabric_name": found.fabric, "cluster_version": found.version, "kinds": dict(found.kinds)}
        wrong = [*([_lacking(found.lacking)] if found.lacking else ()), *filter(None, [found.twice])]
        if as_json:
            _print({"success": not wrong, **told, **({"error": "; ".join(wrong)} if wrong else {})})
        else:
            click.echo(f"{found.fabric} answers: Kubernetes {found.version}")
            for kind, allowed in found.kinds.items():
                click.echo(f"  {'yes' if allowed else 'NO':<4} {kind}")
    for line in wrong:
        click.echo(f"asset-sync: {line}", err=True)
    context.exit(1 if wrong else 0)


def _lacking(kinds: Sequence[str]) -> str:
    return f"the token lacks the right to list {', '.join(kinds)}: give it get, list and watch"


def _show_differences(found: Sequence[Difference]) -> None:
    shown = table("what", "kind", "name", "field", "files", "cluster")
    for each in found:
        values = ("" if value is None else json.dumps(value, ensure_ascii=False) for value in (each.desired, each.actual))
        shown.add_row(*row(each.sort, each.kind, each.name, each.field, *values))
    printed().print(shown)


def _watch(watching: Callable[[str], Watch], fabric: str | None) -> Watch:
    return watching(f"fabric {fabric}" if fabric else "fabric")


def _executed(chosen: ConnectionStatus, report: RunReport) -> Mapping[str, Any]:
    more = {**_named(chosen), "duration": report.seconds, "run_id": report.run_id}
    if not report.succeeded:
        return {"success": False, "error": next(iter(report.reasons), "the run failed"), **more}
    at = datetime.now(UTC).isoformat()
    words = f"Fabric {chosen.name} synced"
    return {"success": True, "message": words, **more, "sync_timestamp": at, "next_sync_scheduled": chosen.scheduled}


def _named(status: ConnectionStatus) -> Mapping[str, str]:
    return {"fabric_id": status.name, "fabric_name": status.name, "sync": status.sync}


def _details(status: ConnectionStatus) -> Mapping[str, Any]:
    return {
        **_named(status),
        "job_id": f"fabric_sync_{status.name}",
        "scheduled": status.scheduled,
        "paused": status.paused,
        "next_run": _iso(status.next_at),
        "sync_interval": _seconds(status),
        "last_sync": _iso(status.last_sync),
        "sync_status": status.status,
        "last_success": _iso(status.last_success),
        "last_error": status.last_error,
        "failures": status.failures,
        "missing": list(status.missing),
        "counts": dict(status.objects),
    }


def _seconds(status: ConnectionStatus) -> int:
    return int(status.interval.total_seconds())


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _show(statuses: Sequence[ConnectionStatus]) -> None:
    times = ("last sync (UTC)", "last success (UTC)", "next (UTC)")
    shown = table("fabric", "status", "interval, s", *times, "objects", "last error", right=("interval, s",))
    for each in statuses:
        moments = (_moment(at) for at in (each.last_sync, each.last_success, each.next_at))
        objects = ", ".join(f"{number} {kind}" for kind, number in each.objects.items())
        wrong = settings.are_not_set(each.missing) if each.missing else each.last_error
        shown.add_row(*row(each.name, each.status, _seconds(each), *moments, objects, wrong))
    printed().print(shown)
    for line in dict.fromkeys(each.paused for each in statuses if each.paused):
        click.echo(line)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _print(told: Mapping[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False))


@contextmanager
def _failures_told(*, as_json: bool, **more: Any) -> Iterator[None]:
    """Tell what fails as JSON, too, where that is asked for; the line on standard error and the exit status stay."""
    try:
        yield
    except (AssetSyncError, click.UsageError, OSError, *database.ERRORS) as error:
        if as_json:
            words = _words(error)
            told = {name: value() if callable(value) else value for name, value in more.items()}
            _print({"success": False, "error": words, **told, "timestamp": datetime.now(UTC).isoformat()})
        raise


def _words(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        return error.format_message()
    if isinstance(error, AssetSyncError | OSError):
        return str(error)
    return database.in_one_line(error)
