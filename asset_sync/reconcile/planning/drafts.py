"""Drafts: operations of one kind in the making, a column a field, until they are the rows of a plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.tables import Mask, Positions, filled, mask, take

_TEXT = pa.large_string()
_ROWS = ("record", "object")
_OWN = pa.schema(
    [(name, _TEXT) for name in p.OPERATION_COLUMNS if name not in ("changes", "kind")] + [(name, pa.int64()) for name in _ROWS]
)
_OP_ORDER = pa.array((*p.WRITES, p.CLAIM, p.SEEN, p.QUARANTINE), _TEXT)


@dataclass(frozen=True, slots=True)
class Change:
    """What operations do to one field, by row: the new value as text, and the change in the words of a plan (null: none)."""

    new: pa.Array
    words: pa.Array

    @property
    def made(self) -> Mask:
        """The rows that change the field."""
        return filled(self.words)

    def take(self, rows: Positions) -> "Change":
        """Return the changes of those rows; a position of -1 is a row without one."""
        return Change(take(self.new, rows), take(self.words, rows))

    def among(self, rows: Mask) -> "Change":
        """Return the changes of those rows alone."""
        return Change(self.new, pc.if_else(pa.array(rows), self.words, pa.scalar(None, _TEXT)))


@dataclass(frozen=True)
class Drafts:
    """Operations on objects of one kind.

    `own` has the plan's columns but for the changes, and `record` and `object`: the rows of the desired and of the observed
    table, -1 where there is none.
    """

    kind: Kind
    own: pa.RecordBatch
    changes: Mapping[str, Change]

    def __len__(self) -> int:
        return len(self.own)

    def __getitem__(self, name: str) -> pa.Array:
        return self.own[name]

    @property
    def records(self) -> Positions:
        """The rows of the desired table that the operations are about; -1 where there is none."""
        return np.asarray(self.own["record"].to_numpy(), dtype=np.int64)

    @property
    def objects(self) -> Positions:
        """The rows of the observed table that the operations are about; -1 where there is none."""
        return np.asarray(self.own["object"].to_numpy(), dtype=np.int64)

    @property
    def open(self) -> Mask:
        """The rows that are not held."""
        return ~filled(self.own["hold"])

    def are(self, op: str) -> Mask:
        """Return which rows are of that operation."""
        return mask(pc.equal(self.own["op"], op))

    def changed(self, name: str) -> Mask:
        """Return which rows change a field."""
        return self.changes[name].made if name in self.changes else np.zeros(len(self), dtype=bool)

    def new(self, name: str) -> pa.Array:
        """Return the values that a field is given; null where it is given none."""
        if name not in self.changes:
            return pa.nulls(len(self), _TEXT)
        change = self.changes[name]
        return pc.if_else(pc.is_valid(change.words), change.new, pa.scalar(None, _TEXT))

    def take(self, rows: Positions) -> "Drafts":
        """Return those rows."""
        return Drafts(self.kind, self.own.take(pa.array(rows)), {name: c.take(rows) for name, c in self.changes.items()})

    def where(self, rows: Mask) -> "Drafts":
        """Return the rows of a mask."""
        return self if rows.all() else self.take(np.flatnonzero(rows))

    def with_column(self, name: str, values: pa.Array) -> "Drafts":
        """Return the drafts with one of the plan's columns replaced."""
        own = self.own.set_column(self.own.schema.get_field_index(name), name, values.cast(self.own.schema.field(name).type))
        return replace(self, own=own)

    def put(self, name: str, values: Mapping[int, str | None]) -> "Drafts":
        """Return the drafts with one of the plan's columns given at those rows."""
        if not values:
            return self
        rows = np.fromiter(values, dtype=np.int64, count=len(values))
        at = np.zeros(len(self), dtype=bool)
        at[rows] = True
        ordered = pa.array([values[row] for row in np.flatnonzero(at).tolist()], self.own[name].type)
        return self.with_column(name, pc.replace_with_mask(self.own[name], pa.array(at), ordered))

    def hold(self, why: Mapping[int, str]) -> "Drafts":
        """Return the drafts with those rows held; one that is held already stays so for its first reason."""
        is_open = self.open
        return self.put("hold", {row: reason for row, reason in why.items() if is_open[row]})

    def change(self, name: str, row: int, change: Change) -> "Drafts":
        """Return the drafts with what one row does to a field replaced by the only row of another change."""
        at = np.where(np.arange(len(self)) == row, len(self), np.arange(len(self)))
        old = self.changes[name] if name in self.changes else Change(pa.nulls(len(self), _TEXT), pa.nulls(len(self), _TEXT))
        both = Change(pa.concat_arrays([old.new, change.new]), pa.concat_arrays([old.words, change.words]))
        return replace(self, changes={**self.changes, name: both.take(at)})

    def part(self, fields: Sequence[str], why: Mapping[int, str]) -> "tuple[Drafts, Drafts]":
        """Part fields from operations that go on without them: return what goes on, and the fields' changes held."""
        names = [name for name in fields if name in self.changes]
        rows = np.fromiter(sorted(why), dtype=np.int64, count=len(why))
        parted = np.zeros(len(self), dtype=bool)
        parted[rows] = True
        rest = replace(self, changes={**self.changes, **{name: self.changes[name].among(~parted) for name in names}})
        held = replace(self.take(rows), changes={name: self.changes[name].take(rows) for name in names})
        held = held.with_column("op", pa.repeat(pa.scalar(p.UPDATE, _TEXT), len(rows)))
        held = held.with_column("identity", pa.nulls(len(rows), _TEXT))
        held = held.with_column("hold", pa.array([why[row] for row in rows.tolist()], _TEXT))
        return rest.where(~parted | rest.says_something()), held

    def says_something(self) -> Mask:
        """Return which rows are operations that are worth something: that change a field, or need not to."""
        changing = np.zeros(len(self), dtype=bool)
        for change in self.changes.values():
            changing |= change.made
        return changing | ~self.are(p.UPDATE)

    def batch(self) -> pa.RecordBatch:
        """Return the operations as a plan has them."""
        changes = p.changes([self.changes[name].words for name in sorted(self.changes)])
        columns: dict[str, Any] = {name: self.own[name] for name in p.OPERATION_COLUMNS if name not in ("changes", "kind")}
        columns["changes"] = changes if isinstance(changes, pa.Array) else pa.repeat(pa.scalar(changes, _TEXT), len(self))
        columns["kind"] = pa.repeat(pa.scalar(self.kind.name, _TEXT), len(self))
        columns["identity"] = pc.coalesce(self.own["identity"], self._identity())
        return pa.RecordBatch.from_arrays([columns[name] for name in p.OPERATION_COLUMNS], names=list(p.OPERATION_COLUMNS))

    def _identity(self) -> pa.Array:
        """Return what links are to remember of the values, written by these operations, that make an object what it is."""
        made = {name: self.changes[name] for name in sorted(self.kind.identifying) if name in self.changes}
        writing = self.open & (self.are(p.CREATE) | self.are(p.UPDATE)) & either((c.made for c in made.values()), len(self))
        if not writing.any():
            return pa.nulls(len(self), _TEXT)
        told = [pc.if_else(pc.is_valid(c.words), _named(name, c.new), pa.scalar(None, _TEXT)) for name, c in made.items()]
        return pc.if_else(pa.array(writing), identity(told), pa.scalar(None, _TEXT))


def identity(values: list[pa.Array], created: pa.Array | None = None) -> pa.Array:
    """Return what links are to remember as what makes an object that object, from its values in words (see `valued`)."""
    when = "null" if created is None else p.or_null(p.encoded(created))
    return forms.concat('{"created":', when, ',"values":', p.changes(values), "}", like=pa.scalar("", _TEXT))


def valued(values: Mapping[str, pa.Array]) -> list[pa.Array]:
    """Return values by field in words, in order of the names."""
    return [_named(name, values[name]) for name in sorted(values)]


def _named(name: str, values: pa.Array) -> pa.Array:
    return forms.concat(f"{p.quoted(name)}:", p.or_null(p.encoded(values)), like=values)


def drafts(kind: Kind, length: int, op: str, changes: Mapping[str, Change] | None = None, **columns: Any) -> Drafts:
    """Return operations from columns and constants; what is not given is missing."""
    given = {"op": op} | dict.fromkeys(_ROWS, -1) | columns
    arrays = [_filled_up(given.get(column.name), length, column.type) for column in _OWN]
    return Drafts(kind, pa.RecordBatch.from_arrays(arrays, schema=_OWN), changes or {})


def none(kind: Kind) -> Drafts:
    """Return no operations."""
    return drafts(kind, 0, p.UPDATE)


def together(kind: Kind, parts: Iterable[Drafts]) -> Drafts:
    """Return operations of one kind as one."""
    some = [part for part in parts if len(part)]
    if len(some) < 2:
        return some[0] if some else none(kind)
    names = dict.fromkeys(name for part in some for name in part.changes)
    changes = {name: Change(_chained(some, name, lambda c: c.new), _chained(some, name, lambda c: c.words)) for name in names}
    return Drafts(kind, pa.concat_batches([part.own for part in some]), changes)


def in_order(given: Drafts) -> Drafts:
    """Return the operations in the order in which a plan has those of one kind: by sort, step, key and source key."""
    texts = {name: pc.fill_null(given[name], "") for name in ("key", "source_key", "target_id", "hold")}
    steps = pc.fill_null(given["step"].cast(pa.int64()), 0)
    keys = pa.RecordBatch.from_pydict({"op": pc.index_in(given["op"], value_set=_OP_ORDER), "step": steps, **texts})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.schema.names])
    return given.take(np.asarray(order.to_numpy(), dtype=np.int64))


def as_text(values: pa.Array) -> pa.Array:
    """Return values as `asset_sync.reconcile.tables.text` does."""
    if pa.types.is_large_string(values.type):
        return values
    return pa.array([None if value is None else str(value) for value in values.to_pylist()], _TEXT)


def either(masks: Iterable[Mask], rows: int) -> Mask:
    """Return where any of the masks is true."""
    found = np.zeros(rows, dtype=bool)
    for one in masks:
        found |= one
    return found


def _chained(parts: Sequence[Drafts], name: str, column: Callable[[Change], pa.Array]) -> pa.Array:
    missing = {len(part): pa.nulls(len(part), _TEXT) for part in parts if name not in part.changes}
    arrays = [column(part.changes[name]) if name in part.changes else missing[len(part)] for part in parts]
    return pa.concat_arrays([array.cast(_TEXT) for array in arrays])


def _filled_up(value: Any, length: int, type_: pa.DataType) -> pa.Array:
    if isinstance(value, (pa.Array, np.ndarray)):
        array = pa.array(value) if isinstance(value, np.ndarray) else value
        return array if array.type == type_ else array.cast(type_)
    return pa.nulls(length, type_) if value is None else pa.repeat(pa.scalar(value, type_), length)
