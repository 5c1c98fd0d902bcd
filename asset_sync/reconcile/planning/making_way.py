"""Making way: what objects of this sync's own give up for a record that the source says it of now."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.kinds import Field, Kinds
from asset_sync.reconcile.planning.drafts import Drafts, as_text
from asset_sync.reconcile.planning.holders import Holder, Values
from asset_sync.reconcile.planning.leaving import are_left, are_made, keys_after, keys_apart, links_apart, parted_links
from asset_sync.reconcile.planning.model import Policy
from asset_sync.reconcile.planning.room import Room
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Positions, Tables, filled, identity_column, index, mask, no_links, take, text

_TEXT = pa.large_string()
Asked = set[tuple[int, str]]
"""Objects (rows of the observed table) that were asked for a field's value: one gives up several, a name and a tag."""


def parted_fields(kinds: Kinds, policy: Policy, links: Tables, resolutions: Resolutions) -> dict[str, list[str]]:
    """Return the fields, by kind, of which it is asked what this sync wrote last: a person parted a record from its object,
    or did so before.

    They are those that the source alone has a say in and that a target lets exist once.
    """
    found = {}
    for name, kind in kinds.items():
        own_links = links.get(name, no_links())
        if links_apart(kind, own_links, resolutions).size or are_left(own_links).any():
            own = [field for unique in kind.unique if unique.enforced for field in unique.fields]
            owners = policy.owners.get(name, {})
            found[name] = [each for each in dict.fromkeys(own) if each in owners and owners[each].owner == "source"]
    return found


def making_way(values: Values, asked: Asked, room: Room) -> Iterator[Drafts]:
    """Yield the operations by which objects of this sync's own give up what an operation wants to write.

    Those that it retired, those whose records say nothing any more of the value that it wrote, and those that a person parted
    from their records; but not where somebody decided that the target's value stays. What was `asked` before is not asked
    again; what is asked now is added.
    """
    sides, field = values.sides, _text_field(values)
    held_by = values.staying if field and values.rows.size and values.unique.enforced else {}
    if field is None or not held_by:
        return
    kept = _kept(sides, field)
    silent = _without_a_word(sides, field, kept)
    retired, parted = (_without(kept, sides, each) for each in (_retired_by_us(sides), _parted(sides, field)))
    for holder in held_by.values():
        if (holder.row, field.name) in asked:
            continue
        if holder.row in retired:
            asked.add((holder.row, field.name))
            yield from _given_up(sides, field, holder, retired[holder.row], room)
        elif holder.row in silent:
            asked.add((holder.row, field.name))
            keys = take(sides.source_keys, np.array([silent[holder.row]]))
            yield _makes_way(sides, field, holder, keys, new=None, why="the source says it of another record")
        elif holder.row in parted:
            asked.add((holder.row, field.name))
            keys = keys_apart(sides, np.array([parted[holder.row]]))
            yield _makes_way(sides, field, holder, keys, new=None, why="its record is another object by decision")


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


def _without_a_word(sides: Sides, field: Field, kept: set[str]) -> dict[int, int]:
    """Return the objects whose records say nothing of a field that has what this sync wrote last, whichever record for.

    They come with their records, as rows. Of objects that were other records' until now, as in `_parted`; and none of records
    whose objects keep what they have.
    """
    if not field.nullable:
        return {}
    known = sides.remembered >= 0
    if sides.owners[field.name].owner != "source":
        known &= sides.linked | np.append(are_made(sides), False)[sides.remembered]
    rows = np.flatnonzero(sides.same & known)
    rows = rows[~filled(take(sides.desired[field.name], rows))]
    rows = rows[~mask(pc.is_in(take(sides.source_keys, rows), value_set=pa.array(sorted(kept), _TEXT)))]
    objects = sides.object_of[rows]
    written = _as_written(sides, field, objects, sides.remembered[rows])
    return {own: row for own, row in zip(objects.tolist(), rows.tolist(), strict=True) if own in written} if written else {}


def _parted(sides: Sides, field: Field) -> dict[int, int]:
    """Return the objects that are not their records' any more by a person's decision, and that have what this sync wrote last.

    They come with their links: those of the records still, or those that they have by themselves since. Of a field that is not
    the source's alone, what was applied last may be what a person had written just so, but not to what this sync made.
    """
    if not field.nullable:
        return {}
    links = np.append(parted_links(sides), np.flatnonzero(are_left(sides.links) & sides.own))
    if sides.owners[field.name].owner != "source":
        links = links[are_made(sides)[links]]
    ids = take(text(sides.links["target_id"]), links)
    objects = index(ids, text(sides.observed["id"]))
    parted = (objects >= 0) & (index(ids, text(sides.matches["target_id"])) < 0)
    return _as_written(sides, field, objects[parted], links[parted])


def _kept(sides: Sides, field: Field) -> set[str]:
    """Return the keys of the records of which somebody decided that their objects keep what they have in a field."""
    return {each.source_key for each in sides.resolutions.of(sides.kind.name, "keep_target") if each.field == field.name}


def _without(kept: set[str], sides: Sides, giving: dict[int, int]) -> dict[int, int]:
    """Return, of objects with their links, those that are not of the records of those keys."""
    if not kept or not giving:
        return giving
    keys = keys_after(sides, np.array(list(giving.values()))).to_pylist()
    return {row: link for (row, link), key in zip(giving.items(), keys, strict=True) if key not in kept}


def _as_written(sides: Sides, field: Field, objects: Positions, links: Positions) -> dict[int, int]:
    """Return those of the objects that have in a field what this sync wrote last, and are not locked, with their links."""
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
            keys = sides.keys_of(np.array([link]))
            yield _makes_way(sides, field, holder, keys, new=new, why="it was retired by this sync")


def _known(sides: Sides, field: Field, link: int) -> Iterator[str | None]:
    """Yield, as text, what this sync wrote last to a field; where that is not remembered, what the link knows the object by."""
    base = sides.base(field.name, np.array([link]))
    if base is not None:
        yield as_text(base)[0].as_py()
    elif identity_column(field.name) in sides.links:
        yield take(text(sides.links[identity_column(field.name)]), np.array([link]))[0].as_py()


def _there(sides: Sides, field: Field, holder: Holder) -> str:
    return str(take(text(sides.observed[field.name]), np.array([holder.row]))[0].as_py())


def _makes_way(sides: Sides, field: Field, holder: Holder, keys: pa.Array, *, new: str | None, why: str) -> Drafts:
    at, old = np.array([holder.row]), _there(sides, field, holder)
    change = sides.change(field.name, sides.told(field.name, old), pa.array([new], _TEXT), f"makes way: {why}")
    return sides.draft_of_objects(at, p.UPDATE, {field.name: change}, source_keys=keys, reason=p.GIVES_UP)
