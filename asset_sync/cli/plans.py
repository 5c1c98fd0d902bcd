"""The commands about plans: list, show, decide, apply, take back; and what the ledger tells of an object or a sync."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import click
import pandas as pd
from rich.style import Style
from rich.text import Text

from asset_sync.api.models import History, MissingList, PlanDetail, PlanSummary, Written, operations_of
from asset_sync.cli.console import Whole, by_option, json_option, login, printed, progress, row, table
from asset_sync.cli.run import status_of, tell
from asset_sync.components.resources import open_ledger
from asset_sync.ledger import PlanHeader
from asset_sync.operations import pausing
from asset_sync.operations import plans as operations
from asset_sync.operations.places import object_page
from asset_sync.operations.reports import own_report
from asset_sync.operations.runs import new_run_id
from asset_sync.reconcile import plan as p
from asset_sync.reconcile import report
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import said_by
from asset_sync.reconcile.review import Choice, Selection
from asset_sync.reconcile.target import Outcome
from asset_sync.reconcile.visible import visible

_MOST_ROWS = 50
_MOST_DECISIONS: Final = 10
_LINK: Final = "link"
"""How a row is called that writes nothing to the target: what a record is, is remembered."""
_plan = click.argument("plan")
_by = by_option("Who decides")


@click.command()
@click.option("--sync", metavar="SYNC", help="Only the plans of this sync.")
@click.option("--limit", type=Whole(1, 10_000), default=20, show_default=True)
@json_option
def plans(sync: str | None, limit: int, as_json: bool) -> None:
    """List the plans, newest first."""
    headers = operations.plans(sync, limit)
    if as_json:
        click.echo(json.dumps([PlanSummary.of(header).model_dump(mode="json") for header in headers], indent=2))
        return
    columns = ("plan", "sync", "connection", "mode", "state", "made (UTC)", "would do", "held", "failed guards")
    shown = table(*columns, right=("held",))
    for header in headers:
        guards = ", ".join(guard.name for guard in header.failed_guards)
        made = f"{header.made_at:%Y-%m-%d %H:%M}"
        mode = f"undo of {header.undoes}" if header.undoes else header.mode
        told = (header.id, header.sync, header.connection, mode, _state(header), made, _counts(header), header.held, guards)
        shown.add_row(*row(*told))
    printed().print(shown if headers else "There are no plans yet: asset-sync run SYNC makes one.")
    for pause in pausing.pauses():
        click.echo(str(pause))
    for header in headers:
        if header.state == "interrupted":
            click.echo(_way_on(header))


def _state(header: PlanHeader) -> str:
    """Return how a plan stands, and by whose decision."""
    if header.state == "rejected":
        return f"rejected by {header.decisions[-1].by}"
    people = ", ".join(header.approvers)
    if not people or header.state in {"stale", "superseded"}:
        return header.state
    return f"approved by {people}" if header.state == "approved" else f"{header.state}, approved by {people}"


def _way_on(header: PlanHeader) -> str:
    return f"The apply of plan {header.id} was interrupted. To go on with what is left: asset-sync apply {header.id}"


def _counts(header: PlanHeader) -> str:
    return ", ".join(f"{count} {op}" for op, count in header.counts.items() if count) or "nothing"


@click.command()
@_plan
@click.option("--format", "how", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="All rows; JSON always has them.")
@json_option
def show(plan: str, *, how: str, everything: bool, as_json: bool) -> None:
    """Show PLAN: what it would do, field by field, and what it holds. The first 6 characters of an id are enough."""
    ledger = open_ledger()
    header = ledger.header(operations.plan_id_of(plan))
    loaded = ledger.plan(header.id)
    most = len(loaded.operations) if everything else report.MOST_ROWS
    if as_json or how == "json":
        told = operations.keeps_back(header), operations_of(loaded, loaded.operations, ledger.outcomes(header.id))
        click.echo(PlanDetail.of_page(header, *told, total=len(loaded.operations)).model_dump_json(indent=2))
    elif how == "markdown":
        click.echo(own_report(loaded, most=most) or report.markdown(loaded, most=most), nl=False)
    else:
        _show(header, loaded, None if everything else _MOST_ROWS, ledger.outcomes(header.id))
        _show_decisions(header, everything=everything)
        if own := own_report(loaded, most=most):
            click.echo(f"\n{own}", nl=False)
        if header.state == "interrupted":
            click.echo(f"\n{_way_on(header)}")
        elif waits := operations.keeps_back(header):
            click.echo(f"\nIt may not be applied: {waits}")


def _show(
    header: PlanHeader | None, plan: Plan, most: int | None, outcomes: Mapping[int, Outcome] = MappingProxyType({})
) -> None:
    click.echo(report.headline(plan))
    undoes = f", undoes {plan.undoes}" if plan.undoes else ""
    state = f", {header.state}, made {header.made_at:%Y-%m-%d %H:%M} UTC by run {header.run_id}" if header else ""
    connection = f", connection {header.connection}" if header and header.connection else ""
    click.echo(f"Sync {plan.sync}{connection}, mode {plan.mode}{undoes}{state}")
    for decision in header.decisions if header else ():
        over = ", which is over, since the plan went stale" if decision.lapsed else ""
        at = f"{decision.at:%Y-%m-%d %H:%M} UTC{over}"
        click.echo(f"{'Approved' if decision.approved else 'Rejected'} by {decision.by}, {at}")
    # What only the ledger will know comes last, and only where somebody asks for all, or there is nothing else to see.
    linked = plan.linked if most is None or plan.writes.empty else plan.linked[:0]
    total = len(plan.held) + len(plan.writes) + len(linked)
    # However much is held, what is approved is shown, too.
    held = plan.held if most is None else plan.held[: max(most // 2, most - len(plan.writes))]
    rows = [*p.records(held), *p.records(plan.writes), *p.records(linked)][:most]
    if not rows:
        return
    if total > len(rows):
        _show_kinds(plan)
    shown = table("row", "op", "kind", "object", "change", "reason", *(["outcome"] if outcomes else []), right=("row",))
    for operation in rows:
        op = "held" if operation["hold"] else _LINK if operation["op"] == p.CLAIM else operation["op"]
        why = operation["hold"] or operation["reason"]
        told = [operation["seq"], op, operation["kind"], _object(plan, operation), "\n".join(changes_told(operation)), why]
        if outcomes:
            told.append(_outcome(outcomes.get(operation["seq"])))
        shown.add_row(*row(*told))
    printed().print("", shown)
    if total > len(rows):
        click.echo(f"\n{total - len(rows)} more rows: --all shows them.")


def _show_decisions(header: PlanHeader, *, everything: bool) -> None:
    """Show what people decided about records before the plan was made: it goes by that, also where no row says so."""
    decided = operations.gone_by(header)
    if decided:
        click.echo("\nIt goes by these decisions:")
    for each in decided if everything else decided[:_MOST_DECISIONS]:
        click.echo(visible(f"  {each.resolution.number}: {said_by(each.resolution)}"))
    if not everything and len(decided) > _MOST_DECISIONS:
        click.echo(f"  {len(decided) - _MOST_DECISIONS} more: --all shows them.")


def _outcome(outcome: Outcome | None) -> str | None:
    """Return what became of a row, and why it is not as planned; None of one that was not written to the target."""
    if outcome is None:
        return None
    return f"{outcome.outcome}: {outcome.detail}" if outcome.detail else outcome.outcome


def _object(plan: Plan, operation: dict[str, str]) -> Text:
    """Return an object's name and id, which a terminal makes a link to its page in the target."""
    named, target_id = Text(visible(operation["key"] or "?")), operation["target_id"]
    if target_id:
        place = object_page(plan.sync, plan.link_set, operation["kind"], target_id)
        named.append(f" (#{target_id})", Style(link=place) if place else None)
    return named


def _show_kinds(plan: Plan) -> None:
    """Show how many rows of each kind there are: an object may have several, which are written one after another."""
    counts = pd.concat([plan.writes.assign(told=plan.writes["op"]), plan.held.assign(told="held")])
    told = [name for name in (*plan.counts, "held") if (counts["told"] == name).any()]
    shown = table("rows of each kind", *told, right=tuple(told))
    for kind, rows in counts.groupby("kind", sort=False):
        numbers = rows["told"].value_counts()
        shown.add_row(*row(kind, *(numbers.get(name) for name in told)))
    printed().print("", shown)


def changes_told(operation: dict[str, str]) -> list[str]:
    """Return the changes of an operation, a line a field."""
    if operation["op"] == p.CLAIM:
        return []
    created = operation["op"] == p.CREATE
    return [
        f"{name}: {_value(change['new'])}" if created else f"{name}: {_value(change.get('old'))} → {_value(change['new'])}"
        for name, change in p.decode(operation["changes"]).items()
    ]


def _value(value: object) -> str:
    return "(empty)" if value is None else report.named(value)


_TERMS = "row=3, kind=asset, op=create, field=serial, key=PC-* (as show names the object); several, by commas, must all be so."


@click.command()
@_plan
@_by
@click.option("--only", "only", metavar="WHAT", multiple=True, help=f"Approve only what is so: {_TERMS} Once or more.")
@click.option("--without", "without", metavar="WHAT", multiple=True, help="Leave out what is so, in the same words.")
@json_option
def approve(plan: str, *, by: str, only: tuple[str, ...], without: tuple[str, ...], as_json: bool) -> None:
    """Let PLAN be applied: after review, or in spite of a guard that failed. It is named by its own id, not by a run's.

    Of a part that is approved, a plan comes in its place. What is left out is a decision, which the next plan goes by: a new
    record is ignored until it changes, and values stay as they are in the target; asset-sync resolve list has them.
    """
    selection = Selection(_choices("--only", only), _choices("--without", without)) if only or without else None
    header = operations.approve(plan, by, selection)
    part = "" if header.id.startswith(plan) else f", as a part of {plan}"
    told = f"Plan {header.id} is approved by {by}{part}. To apply it: asset-sync apply {header.id}"
    _decided(header, told, as_json=as_json)
    left_out = operations.decided_with(header) if selection is not None else ()
    if left_out and not as_json:
        numbers = " ".join(str(each.number) for each in left_out)
        click.echo(f"What is left out is decided. To take that back: asset-sync resolve take-back {numbers}")


def _choices(option: str, given: tuple[str, ...]) -> list[Choice]:
    return [_choice(option, each) for each in given]


def _choice(option: str, given: str) -> Choice:
    """Return what is meant by words such as kind=asset,op=create."""
    said: dict[str, list[str]] = {name: [] for name in ("row", "kind", "op", "field", "key")}
    for term in given.split(","):
        name, _, value = term.strip().partition("=")
        if name not in said or not value or (name == "row" and not value.isdigit()):
            raise click.BadParameter(f"{term!r} is none of {_TERMS}", param_hint=option)
        said[name].append(value)
    names = frozenset(said["kind"]), frozenset(said["op"]), frozenset(said["field"])
    return Choice(frozenset(map(int, said["row"])), *names, keys=tuple(said["key"]))


@click.command()
@_plan
@_by
@json_option
def reject(plan: str, *, by: str, as_json: bool) -> None:
    """Keep PLAN from being applied, also when it is made again just so.

    It says nothing of single records: a plan that has more or less in it is another one. To leave a record, or a field of it,
    as it is for good: asset-sync resolve.
    """
    header = operations.reject(plan, by)
    words = f"Plan {header.id} is rejected by {by}. Another plan may write the same; what is to stay: asset-sync resolve --help"
    _decided(header, words, as_json=as_json)


def _decided(header: PlanHeader, words: str, *, as_json: bool) -> None:
    click.echo(PlanSummary.of(header).model_dump_json(indent=2) if as_json else words)


@click.command()
@_plan
@json_option
@click.pass_context
def apply(context: click.Context, *, plan: str, as_json: bool) -> None:
    """Apply PLAN, exactly as it was reviewed; what is done already is not done again."""
    plan_id = operations.plan_id_of(plan)
    header = open_ledger().header(plan_id)
    try:
        with progress() as watching:
            done = operations.apply_plan(plan_id, watch=watching(f"apply {plan_id}"))
    except KeyboardInterrupt:
        click.echo(f"asset-sync: what is done stays done; to go on: asset-sync apply {plan_id}", err=True)
        raise
    tell(done, as_json=as_json)
    if header.state == "applied":
        words = "It was applied before: the outcome is told as it stands, and what was done was not done again."
        click.echo(words, err=as_json)
    elif header.undoes and not as_json:
        _tell_restored(header)
    context.exit(status_of(done))


@click.command()
@click.argument("plan_or_run")
@click.option("--dry-run", is_flag=True, help="Only show what would be taken back.")
@click.option("--approve", "approved", is_flag=True, help="Go on where a guard fails, such as retiring much at once.")
@json_option
@click.pass_context
def undo(context: click.Context, *, plan_or_run: str, dry_run: bool, approved: bool, as_json: bool) -> None:
    """Take back what PLAN_OR_RUN applied. Nothing is deleted: what was created is retired, where that is possible.

    A value is put back only where it is still the one that the plan wrote.
    """
    made = operations.make_undo(operations.plan_id_of(plan_or_run))
    if not as_json:
        _show(None, made.plan, _MOST_ROWS)
        _tell_standing(made.plan)
    for guard in made.guards:
        click.echo(f"Guard {guard.name}: {'passed' if guard.passed else 'FAILED'}: {guard.message}", err=as_json)
    if dry_run:
        click.echo("Dry run: nothing was written.", err=as_json)
        if as_json:
            click.echo(
                json.dumps([each.model_dump(mode="json") for each in operations_of(made.plan, made.plan.writes)], indent=2)
            )
        return
    run_id = new_run_id()
    header = operations.save_undo(made, run_id, login(), in_spite_of_guards=approved)
    with progress() as watching:
        done = operations.apply_plan(header.id, run_id=run_id, watch=watching(f"undo {made.plan.undoes}"))
    tell(done, as_json=as_json)
    if not as_json:
        _tell_restored(header)
    context.exit(status_of(done))


def _tell_restored(header: PlanHeader) -> None:
    shown = table("kind", "field", "came back", "did not", right=("came back", "did not"))
    for counted in operations.restored(header.id):
        shown.add_row(*row(counted.kind, counted.field, counted.back, counted.not_back))
    printed().print("", shown)
    if operations.header(str(header.undoes)).undoes:
        return
    click.echo(
        f"\nThe next run of {header.sync} may plan the fields again that the source owns: "
        "change the mapping or pause the schedule first, if they are to stay."
    )
    if header.counts.get(p.RETIRE):
        click.echo(f"What it retired stays so, also where the source has it: asset-sync undo {header.id} brings it back.")


def _tell_standing(undo: Plan) -> None:
    """Tell which decisions stand about what is taken back: an undo takes no decision back."""
    decided = operations.standing_about(undo)
    if decided:
        click.echo("\nAn undo takes no decision back. The next run goes by these all the same:")
        for each in decided[:_MOST_DECISIONS]:
            click.echo(visible(f"  {each.number}: {said_by(each)}"))
        if len(decided) > _MOST_DECISIONS:
            click.echo(f"  and {len(decided) - _MOST_DECISIONS} more: asset-sync resolve list {undo.sync}")
        click.echo("To take one back: asset-sync resolve take-back NUMBER\n")


@click.command()
@click.argument("kind")
@click.argument("id")
@click.option("--field", metavar="F", help="Only this field.")
@click.option("--sync", metavar="S", help="Only what this sync wrote; of a connection: netbox_to_wug/main.")
@json_option
def history(kind: str, id: str, *, field: str | None, sync: str | None, as_json: bool) -> None:  # noqa: A002 - the argument's name in the help
    """Tell who set the values of an object: KIND as in the mapping (asset, device, …), ID as in the target."""
    id = id.removeprefix("#")  # noqa: A001 - as it is shown
    told = History.of(kind, id, operations.history(kind, id, field, sync))
    if as_json:
        click.echo(told.model_dump_json(indent=2))
        return
    if not told.writes:
        what = f"{kind} #{id}" + (f", field {field}" if field else "")
        who = "No sync" if sync is None else f"No sync {sync!r}"
        click.echo(f"{who} has written to {what}.")
        return
    shown = table("at (UTC)", "sync", "field", "old", "new", "op", "owner", "source record", "plan", "run")
    for entry in told.writes:
        at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
        values = (None, None) if entry.plan_id is None else (_value(entry.old), _value(entry.new))
        by = (entry.owner, entry.source_key, entry.plan_id, entry.run_id)
        shown.add_row(*row(at, entry.sync, entry.field, *values, _what(entry), *by))
    printed().print(shown)


def _what(entry: Written) -> str:
    """Return what was done; of an undo also what it took back, and of a decision whether it was taken back."""
    if entry.undoes is not None:
        return f"{entry.op}: takes plan {entry.undoes} back"
    return entry.op if entry.plan_id is not None or entry.reason is None else f"{entry.op}, {entry.reason}"


@click.command()
@click.argument("sync")
@json_option
def missing(sync: str, *, as_json: bool) -> None:
    """Tell what the source of SYNC no longer has, and for how long."""
    if as_json:
        click.echo(MissingList(missing=operations.missing(sync)).model_dump_json(indent=2))
        return
    shown = table("kind", "object", "source record", "missing since (UTC)", "for", "runs", "retired by", right=("runs",))
    now = datetime.now(UTC)
    for link in operations.missing(sync):
        since, days = f"{link.since:%Y-%m-%d %H:%M}", f"{(now - link.since).total_seconds() / 86_400:.1f} days"
        shown.add_row(*row(link.kind, f"#{link.target_id}", link.source_key, since, days, link.runs, link.retired_by))
    printed().print(shown if shown.row_count else f"Nothing that {sync} knows is missing from its source.")
