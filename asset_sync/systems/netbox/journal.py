"""Entries in NetBox's journal: what a person who looks at an object finds there about it.

They tell of what was done, and so come after it: what cannot be written is told, and takes nothing back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.report import cell
from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import NetBoxClient, Row
from asset_sync.systems.steps import Done, Run

_LINES: Final = 100
"""So many operations are told in one entry; the plan has all of them."""
_ENDPOINT: Final = "extras/journal-entries"
_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry on an object of a kind, by the object's id; `words` may be Markdown, of any length."""

    kind: Kind
    target_id: str
    words: str
    level: Literal["info", "success", "warning", "danger"] = "info"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """An entry that is not in the journal, or of which that is not known, and why."""

    entry: Entry
    why: str


def tell(run: Run, done: Done) -> Mapping[str, Any]:
    """Write an entry on each object of which something was applied; see `asset_sync.systems.steps.Applied`."""
    entries = [Entry(kind, target_id, _told(done, rows), "success") for (kind, target_id), rows in done.of_object.items()]
    if not entries:
        return {}
    with run.resource().client(writable=True) as client:
        unwritten = write_entries(client, entries, f"asset_sync {done.plan.sync}, plan {done.plan.id}")
    told: dict[str, Any] = {"journal/written": len(entries) - len(unwritten)}
    return told | ({"journal/unwritten": "; ".join(sorted({each.why for each in unwritten}))} if unwritten else {})


def _told(done: Done, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what was applied, a line an operation; in code, for nothing of it to be markup."""
    approved = f", approved by `{cell(done.approved)}`" if done.approved else ""
    undone = f", which takes plan `{done.plan.undoes}` back" if done.plan.undoes else ""
    more = [f"- and {len(rows) - _LINES} more"] if len(rows) > _LINES else []
    lines = [f"asset_sync `{cell(done.plan.sync)}` applied plan `{done.plan.id}`{undone}{approved}:", ""]
    return "\n".join([*lines, *map(_line, rows[:_LINES]), *more])


def _line(row: Mapping[str, Any]) -> str:
    changed = ", ".join(p.decode(row["changes"]))
    return f"- {row['op']} {row['kind']} `{cell(row['key'] or '?')}`: {changed}"


def write_entries(client: NetBoxClient, entries: Sequence[Entry], message: str) -> list[Unwritten]:
    """Write entries, many a request; return those that could not be written.

    A client that may only read writes none, and says so of each. An entry whose request nobody answered is not sent again: it
    might be there twice. Never raises for what NetBox says or fails to say. `message` goes into the change log.
    """
    return [
        unwritten for at in range(0, len(entries), _BATCH) for unwritten in _written(client, entries[at : at + _BATCH], message)
    ]


def _written(client: NetBoxClient, entries: Sequence[Entry], message: str) -> Iterator[Unwritten]:
    """Send entries in one request; what is refused is told, and the others are sent without it."""
    try:
        client.create(_ENDPOINT, [_body(entry) for entry in entries], message)
    except Refused as refusal:
        yield from _refused(client, entries, refusal, message)
    except OutcomeUnknown as error:
        yield from (Unwritten(entry, f"it is not known whether it was written: {error}") for entry in entries)
    except TargetError as error:
        yield from (Unwritten(entry, str(error)) for entry in entries)


def _refused(client: NetBoxClient, entries: Sequence[Entry], refusal: Refused, message: str) -> Iterator[Unwritten]:
    if len(entries) == 1:
        yield Unwritten(entries[0], refusal.rows.get(0, str(refusal)))
    elif refusal.rows:
        yield from (Unwritten(entries[at], why) for at, why in sorted(refusal.rows.items()))
        if others := [entry for at, entry in enumerate(entries) if at not in refusal.rows]:
            yield from _written(client, others, message)
    else:
        half = len(entries) // 2
        yield from _written(client, entries[:half], message)
        yield from _written(client, entries[half:], message)


def _body(entry: Entry) -> Row:
    return {
        "assigned_object_type": api(entry.kind).object_type,
        "assigned_object_id": int(entry.target_id),
        "kind": entry.level,
        "comments": entry.words,
    }
