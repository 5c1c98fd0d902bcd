"""Entries in NetBox's journal: what a person who looks at an object finds there about it.

They tell of what was done, and so come after it: what cannot be written is told, and takes nothing back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import NetBoxClient, Row

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
