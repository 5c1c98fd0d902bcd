"""Making way: what objects of this sync's own give up for a record that the source says it of now."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.kinds import Field
from asset_sync.reconcile.planning.drafts import Drafts, as_text
from asset_sync.reconcile.planning.holders import Holder, Values
from asset_sync.reconcile.planning.room import Room
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import filled, identity_column, index, mask, take, text

_TEXT = pa.large_string()


Asked = set[tuple[int, str]]
"""Objects (rows of the observed table) that were asked for a field's value: one gives up several, a name and a tag."""


def making_way(values: Values, asked: Asked, room: Room) -> Iterator[Drafts]:
    """Yield the operations by which objects of this sync's own give up what an operation wants to write.

    Those that it retired, and those whose records say nothing any more of the value that it wrote. What was `asked`
    before is not asked again; what is asked now is added.
    """
    sides, field = values.sides, _text_field(values)
    held_by = values.staying if field and values.rows.size and values.unique.enforced else {}
    if field is None or not held_by:
        return
    retired, silent = _retired_by_us(sides), _without_a_word(sides, field)
    for holder in held_by.values():
        if (holder.row, field.name) in asked:
            continue
        if holder.row in retired:
            asked.add((holder.row, field.name))
            yield from _given_up(sides, field, holder, retired[holder.row], room)
        elif holder.row in silent:
            asked.add((holder.row, field.name))
            yield _makes_way(sides, field, holder, silent[holder.row], new=None, why="the source says it of another record")


def _text_field(values: Values) -> Field | None:
    fields = [values.kind.field(name) for name in values.unique.fields]
    written = [field for field in fields if field.type != "reference" and field.name in values.sides.owners]
    return written[-1] if written else None


def _retired_by_us(sides: Sides) -> dict[int, int]:
    """Return the objects that this sync retired and nobody moved on since, as rows of the observed table, with their links.

    None that a record is recognised as: it may be back under another key. Those too that an undo retired, because the plan that
    it took back had made them.
    """
    retirement = sides.kind.retirement
    if retirement is None or not sides.links["retired_by"].notna().any():
        return {}
    ours = sides.links["retired_by"].notna().to_numpy() & sides.own
    ours[sides.link_of[sides.link_of >= 0]] = False
    links = np.flatnonzero(ours)
    objects = index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))
    free = sides.out_of_service(objects) & ~filled(take(sides.observed["locked"], objects))
    free &= ~changed_objects(sides.kind, sides.links, sides.observed, links, objects, strictly=True).changed
    free &= ~np.isin(objects, sides.object_of[sides.object_of >= 0])
    return dict(zip(objects[free].tolist(), links[free].tolist(), strict=True))


def _without_a_word(sides: Sides, field: Field) -> dict[int, int]:
    """Return the objects whose records say nothing of a field that has what this sync wrote last, with their links."""
    if not field.nullable or not sides.linked.any():
        return {}
    rows = np.flatnonzero(sides.linked)
    rows = rows[~filled(take(sides.desired[field.name], rows))]
    objects, links = sides.object_of[rows], sides.link_of[rows]
    base = sides.base(field.name, links)
    if base is None:
        return {}
    ours = mask(pc.equal(base, take(sides.observed[field.name], objects))) & ~filled(take(sides.observed["locked"], objects))
    return dict(zip(objects[ours].tolist(), links[ours].tolist(), strict=True))


def _given_up(sides: Sides, field: Field, holder: Holder, link: int, room: Room) -> Iterator[Drafts]:
    """What a person wrote to a retired object is not given up: only what this sync knows the object by, or wrote last."""
    old = _there(sides, field, holder)
    if old in _known(sides, field, link):
        new = room.in_its_place(field, holder.row, f" (retired {holder.id})")
        if new is not None or field.nullable:
            yield _makes_way(sides, field, holder, link, new=new, why="it was retired by this sync")


def _known(sides: Sides, field: Field, link: int) -> Iterator[str | None]:
    """Yield, as text, what this sync wrote last to a field; where that is not remembered, what the link knows the object by."""
    base = sides.base(field.name, np.array([link]))
    if base is not None:
        yield as_text(base)[0].as_py()
    elif identity_column(field.name) in sides.links:
        yield take(text(sides.links[identity_column(field.name)]), np.array([link]))[0].as_py()


def _there(sides: Sides, field: Field, holder: Holder) -> str:
    return str(take(text(sides.observed[field.name]), np.array([holder.row]))[0].as_py())


def _makes_way(sides: Sides, field: Field, holder: Holder, link: int, *, new: str | None, why: str) -> Drafts:
    at, old = np.array([holder.row]), _there(sides, field, holder)
    change = sides.change(field.name, sides.told(field.name, old), pa.array([new], _TEXT), f"makes way: {why}")
    keys = sides.keys_of(np.array([link]))
    return sides.draft_of_objects(at, p.UPDATE, {field.name: change}, source_keys=keys, reason="gives up what another takes")
