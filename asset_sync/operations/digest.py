"""The digest: what changed in a time, by sync and kind, and what is held, waits and is stale at its end."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from asset_sync.alerts import Cause, Sort
from asset_sync.alerts.wording import Message
from asset_sync.ledger import Records, tallies
from asset_sync.ledger.written import UNDO, Changed
from asset_sync.reconcile import plan as p

_DONE: Final = {
    p.CREATE: "created",
    p.UPDATE: "updated",
    p.RETIRE: "retired",
    p.RESTORE: "restored",
    UNDO: "put back by an undo",
}
_MOST: Final = 20
"""So many lines are told of each part: a site may have hundreds of connections."""
_PARTS: Final[tuple[tuple[str, tuple[Sort, ...]], ...]] = (
    ("Waits for a person", ("guard", "waits")),
    ("Stale", ("stale",)),
    ("Fails or drifts", ("failure", "drift")),
)


def digest(engine: Engine, causes: Sequence[Cause], since: datetime, until: datetime, zone: ZoneInfo) -> Message:
    """Return the digest of the time from one moment to another; `causes` is what is open now."""
    told = f"{since.astimezone(zone):%Y-%m-%d %H:%M} to {until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    held = [f"{each.link_set}: {each.records} records" for each in tallies.held(engine, since) if each.records]
    parts = [
        ("Changed", list(_changed(Records(engine).changed(since, until)))),
        ("Held", held),
        *((title, [_line(cause) for cause in causes if cause.sort in sorts]) for title, sorts in _PARTS),
    ]
    paragraphs = ("\n".join([f"{title}:", *(_few(lines) or ["nothing"])]) for title, lines in parts)
    return Message(f"asset_sync: {told}", "\n\n".join(paragraphs))


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], *([f"and {more} more"] if more > 0 else [])]


def _changed(rows: Sequence[Changed]) -> Iterator[str]:
    for row in rows:
        yield f"{row.sync}: {row.objects} {row.kind} {_DONE[row.what]}"


def _line(cause: Cause) -> str:
    plan = f" (plan {cause.plan_id})" if cause.plan_id else ""
    return f"{cause.about}: {cause.why}{plan}"
