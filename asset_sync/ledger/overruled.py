"""Overruled: open plans that write to what a person decided about since they were made. They are stale."""

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, true

from asset_sync.ledger import resolutions
from asset_sync.ledger import schema as s
from asset_sync.ledger.headers import headers
from asset_sync.ledger.resolutions import KeptResolution
from asset_sync.ledger.states import OPEN, make_stale
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity.returning import LEFT_MARK
from asset_sync.reconcile.resolutions import Resolution, Resolutions, said

_ABOUT_ITS_PARTS = ("link", "never_link", "create", "ignore")
"""What decides which object a record is, or whether it is any, decides about what belongs to it, too."""


def decided(connection: Connection, link_set: str, resolution: Resolution, *, but: str | None = None) -> None:
    """Make stale what a decision speaks against, but for the plan about which it was made."""
    because = f"{resolution.by} decided since it was made: {said(resolution)} (decision {resolution.number})"
    _make_stale(connection, link_set, resolution, because, but)


def ended(connection: Connection, kept: KeptResolution) -> None:
    """Make stale what may go by a decision that counts no more."""
    it = kept.resolution
    because = f"decision {it.number} was {kept.end} since it was made: {said(it)}"
    _make_stale(connection, kept.link_set, it, because)


def meanwhile(connection: Connection, link_set: str, known: Resolutions) -> None:
    """Make stale what goes by those decisions alone, as others were made, or some of them taken back, before it was kept."""
    for kept in resolutions.changed(connection, link_set, known):
        if kept.end is None:
            decided(connection, link_set, kept.resolution)
        else:
            ended(connection, kept)


def _make_stale(connection: Connection, link_set: str, resolution: Resolution, because: str, but: str | None = None) -> None:
    c, plan = s.operation.c, s.plan.c
    done = exists().where(s.outcome.c.plan_id == c.plan_id, s.outcome.c.seq == c.seq)
    # What is held is not written, and what a run recorded an outcome of is behind it.
    carried_out = (c.plan_id == plan.id, c.op.in_([*p.WRITES, p.CLAIM]), c.hold.is_(None), ~done)
    is_open = (plan.link_set == link_set, plan.state.in_([*OPEN, s.APPLYING]), plan.stale_because.is_(None))
    query = select(s.plan).where(*is_open, exists().where(*carried_out, _is_about(link_set, resolution)))
    for head in headers(connection, query):
        if head.id != but:
            make_stale(connection, head, because)


def _is_about(link_set: str, resolution: Resolution) -> ColumnElement[bool]:
    """Return the condition of the operations on the record, on the object that it is or is said to be, and on its parts."""
    c = s.operation.c
    own = and_(c.kind == resolution.kind, c.source_key == resolution.source_key)
    # What is still to be made has no object either: no object named is not the same as none.
    is_named = false() if resolution.target_id is None else c.target_id == resolution.target_id
    named = and_(c.kind == resolution.kind, is_named)
    if resolution.verb not in _ABOUT_ITS_PARTS:
        return or_(own, named)
    # What is made of the same row of the source has its key, whatever kind it is of; what the record left goes by it, too.
    same_row = c.source_key == resolution.source_key
    left = c.source_key.startswith(resolution.source_key + LEFT_MARK, autoescape=True)
    return or_(same_row, left, named, _belongs_to(link_set, resolution))


def _belongs_to(link_set: str, resolution: Resolution) -> ColumnElement[bool]:
    """Return the condition of the operations on objects of which the record's object is among what makes them themselves."""
    c, whole, part = s.operation.c, s.link.alias("whole"), s.link.alias("part")
    its = func.jsonb_each_text(part.c.identity).table_valued("key", "value", name="its")
    return exists(
        select(part.c.kind)
        .join(whole, and_(whole.c.sync == part.c.sync, whole.c.kind == resolution.kind))
        .join(its, true())
        .where(
            part.c.sync == link_set,
            part.c.kind == c.kind,
            part.c.source_key == c.source_key,
            whole.c.source_key == resolution.source_key,
            its.c.value == whole.c.target_id,
        )
    )
