"""The commands about held records: what is held, and the decisions that let it go on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import click

from asset_sync.cli.console import Whole, by_option, json_option, printed, row, table
from asset_sync.ledger.holds import Held, HeldValue
from asset_sync.ledger.resolutions import KeptResolution
from asset_sync.operations import holds as operations
from asset_sync.operations.explained_words import value
from asset_sync.reconcile.resolutions import Verb, said
from asset_sync.reconcile.tables import called
from asset_sync.reconcile.visible import visible

_Command = Callable[..., Any]
_MOST_SUGGESTED: Final = 20
_MOST_SHOWN: Final = 40
"""So many characters of a value are shown in a table; JSON has it whole."""


@click.command()
@click.argument("sync", required=False)
@json_option
def held(sync: str | None, as_json: bool) -> None:
    """List what is held now, of SYNC or of all: the record, what it may be, why, and since when.

    What somebody decided to leave alone, and what only waits for a grace to pass, is listed apart.
    """
    found = operations.held(sync)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
        return
    decided = [each for each in found if each.is_decided]
    others = [each for each in found if not each.is_decided]
    asked = [each for each in others if not each.waits and not each.ignored]
    if asked:
        printed().print(_held_table(asked))
        suggested = operations.suggested(asked)
        _suggest("If it is the one that it may be:", suggested.links)
        _suggest("Where it may be several, the one that it is:", suggested.several)
        if suggested.links or suggested.several:
            click.echo("If it is none of them: never-link in the place of link, or create without the number for a new one.")
        _suggest("Where the object is gone, to make it again, or to leave it so:", suggested.again)
        _suggest("Where both sides changed a field, to keep the target's value, or to take the source's:", suggested.values)
        _suggest("Where the source's value cannot be written, to leave the field as the target has it:", suggested.kept)
        _suggest("Where nothing can be made of it until the source is mended, to leave it alone as long:", suggested.unmade)
        click.echo("\nTo decide about one: asset-sync resolve --help")
    else:
        click.echo("Nothing is held that asks for a decision." if found else "Nothing is held.")
    _list_apart("Decided since the plan that holds them:", decided)
    left = [each for each in others if each.ignored]
    _list_apart("Left alone, as somebody decided:", left)
    numbers = sorted({each.left_by for each in left if each.left_by is not None})
    if numbers:
        _suggest("To ask about it again:", [" ".join(["asset-sync resolve take-back", *map(str, numbers)])])
    _list_apart("Only waiting for the grace to pass:", [each for each in others if each.waits])


def _suggest(told: str, commands: Sequence[str]) -> None:
    if commands:
        click.echo(f"\n{told}")
        for command in commands[:_MOST_SUGGESTED]:
            click.echo(f"  {visible(command)}")
    if len(commands) > _MOST_SUGGESTED:
        click.echo(f"  and so on, {len(commands) - _MOST_SUGGESTED} more")


def _list_apart(told: str, found: list[Held]) -> None:
    if found:
        click.echo(f"\n{told}")
        printed().print(_held_table(found))


def _held_table(found: list[Held]) -> Any:
    shown = table("sync", "kind", "record", "object", "field", "candidates", "since (UTC)", "why")
    for each in found:
        named = f"#{each.target_id}" if each.target_id else None
        candidates = " ".join(f"#{candidate}" for candidate in each.candidates)
        since = f"{each.since.astimezone(UTC):%Y-%m-%d %H:%M}"
        fields = "\n".join(map(_values, each.values))
        why = "\n".join([each.why, *map(operations.decided, each.decided)])
        shown.add_row(*row(each.link_set, each.kind, called(each.source_key, each.key), named, fields, candidates, since, why))
    return shown


def _values(held: HeldValue) -> str:
    applied = [f"applied last {_short(held.applied_last)}"] if held.is_applied else []
    sides = [f"target {_short(held.target)}", f"source {_short(held.source)}", *applied]
    return "\n  ".join([f"{held.field}:", *sides])


def _short(told: object) -> str:
    return whole if len(whole := value(told)) <= _MOST_SHOWN else f"{whole[: _MOST_SHOWN - 1]}…"


@click.group(no_args_is_help=False)
def resolve() -> None:
    """Decide about a held record, for good and with your name; the next plan goes by it, and says so."""


def _about_a_record(command: _Command) -> _Command:
    """Give a command the arguments that every decision about a record has."""
    command = json_option(command)
    partition = click.option("--partition", metavar="NAME", help="The connection, where the sync has several.")
    for argument in ("record", "kind", "sync"):
        command = click.argument(argument)(command)
    return by_option("Who decides")(partition(command))


@resolve.command()
@_about_a_record
@click.argument("object_id", metavar="OBJECT")
def link(*, sync: str, kind: str, record: str, object_id: str, by: str, partition: str | None, as_json: bool) -> None:
    """RECORD is the object of that id.

    RECORD is its key, or its name where it alone is called so; OBJECT is an id as it is shown: 17, or #17.
    """
    _decide("link", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json, target_id=object_id)


@resolve.command("never-link")
@_about_a_record
@click.argument("object_id", metavar="OBJECT")
def never_link(*, sync: str, kind: str, record: str, object_id: str, by: str, partition: str | None, as_json: bool) -> None:
    """RECORD is never the object of that id."""
    _decide("never_link", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json, target_id=object_id)


@resolve.command()
@_about_a_record
def create(*, sync: str, kind: str, record: str, by: str, partition: str | None, as_json: bool) -> None:
    """RECORD is none of the objects: a new one is made."""
    _decide("create", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json)


@resolve.command("keep-target")
@_about_a_record
@click.argument("field")
def keep_target(*, sync: str, kind: str, record: str, field: str, by: str, partition: str | None, as_json: bool) -> None:
    """FIELD stays as it is in the target.

    That is so whatever the source says of RECORD.
    """
    _decide("keep_target", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json, field=field)


@resolve.command("take-source")
@_about_a_record
@click.argument("field")
def take_source(*, sync: str, kind: str, record: str, field: str, by: str, partition: str | None, as_json: bool) -> None:
    """FIELD becomes what the source says.

    That is so whoever changed it of RECORD's object.
    """
    _decide("take_source", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json, field=field)


@resolve.command()
@click.option("--until-changed", is_flag=True, help="Only as long as the record says what it says now.")
@_about_a_record
def ignore(*, sync: str, kind: str, record: str, by: str, partition: str | None, until_changed: bool, as_json: bool) -> None:
    """RECORD is left alone.

    Nothing is made, written or retired for it.
    """
    _decide(
        "ignore", sync=sync, kind=kind, record=record, by=by, partition=partition, as_json=as_json, until_changed=until_changed
    )


@resolve.command("list")
@click.argument("sync", required=False)
@json_option
def list_(sync: str | None, as_json: bool) -> None:
    """List the decisions, the latest first; also what ended."""
    found = operations.resolutions(sync)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
        return
    shown = table(
        "number", "sync", "decision", "kind", "record", "object or field", "by", "at (UTC)", "ended", right=("number",)
    )
    for each in found:
        it = each.resolution
        end = f"{each.end}, {_moment(each.taken_back_at)}" if each.end else None
        verb = it.verb.replace("_", "-") + (" until it changes" if it.until_changed else "")
        record = called(it.source_key, it.key)
        shown.add_row(*row(it.number, each.link_set, verb, it.kind, record, it.about_what, it.by, _moment(it.at), end))
    printed().print(shown if found else "Nobody has decided anything yet.")


@resolve.command("take-back")
@click.argument(
    "numbers",
    metavar="NUMBER...",
    nargs=-1,
    required=True,
    type=Whole(1, operations.LARGEST_NUMBER, name="number of a decision"),
)
@by_option("Who takes it back")
@json_option
def take_back(numbers: tuple[int, ...], *, by: str, as_json: bool) -> None:
    """Take the decisions of those numbers back.

    The next plan asks again. One that does not count any more ends the command; those before it are taken back.
    """
    for number in dict.fromkeys(numbers):
        kept = operations.take_back(number, by)
        click.echo(_as_json(kept) if as_json else f"Taken back by {by}: {said(kept.resolution)} of {kept.link_set}")


def _decide(
    verb: Verb, *, sync: str, kind: str, record: str, by: str, partition: str | None, as_json: bool, **more: Any
) -> None:
    kept = operations.resolve(sync, verb, kind, record, by=by, connection=partition, **more)
    click.echo(_as_json(kept) if as_json else operations.told(kept))


def _as_json(kept: KeptResolution) -> str:
    return json.dumps(asdict(kept), indent=2, default=str)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
