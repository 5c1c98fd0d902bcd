"""Parting: a plan without some of its operations, or of their fields, which are held; and without what cannot go without them.

What refers to an object that is not made waits with it, and so does what takes a value that is not given up; what one object
does in several steps is done as a whole; what is let go for something else to come waits for that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Final, Literal

import orjson
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind, Kinds, Unique
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.review.choice import WHOLE, Row, fields_of, rows_of
from asset_sync.reconcile.tables import Tables, by_id

Left = dict[int, dict[str, str]]
"""What is left, by row number and field, and why."""
_Spot = tuple[int, str]
_SIDES: Final[tuple[Literal["old"], Literal["new"]]] = ("old", "new")


def part(plan: Plan, kinds: Kinds, observed: Tables, chosen: Mapping[int, Mapping[str, str]]) -> Plan:
    """Return a plan without the `chosen` fields of operations (row number → field → why), which are held in it.

    `observed` are the tables that it was made from.
    """
    if not chosen:
        return plan
    rows = rows_of(plan)
    left = _Parting(rows, kinds, observed).left(chosen)
    parted = {row["seq"]: list(_parted(row, left[row["seq"]])) for row in rows if row["seq"] in left}
    return replace(plan, operations=_operations(plan.operations, parted))


class _Parting:
    """What in one plan goes with what."""

    def __init__(self, rows: list[Row], kinds: Kinds, observed: Tables) -> None:
        self._rows = {row["seq"]: row for row in rows}
        self._kinds = kinds
        self._observed = observed
        self._waiting: dict[_Spot, set[_Spot]] = defaultdict(set)
        for needed, waiting in self._pairs(rows):
            self._waiting[needed].add(waiting)

    def left(self, chosen: Mapping[int, Mapping[str, str]]) -> Left:
        """Return what is left, with what cannot go without it."""
        found: Left = {}
        open_spots = [((seq, field), why) for seq, fields in chosen.items() for field, why in fields.items()]
        while open_spots:
            self._leave(found, open_spots)
            open_spots = list(self._for_nothing(found))
        return found

    def _leave(self, found: Left, open_spots: list[tuple[_Spot, str]]) -> None:
        while open_spots:
            (seq, field), why = open_spots.pop()
            if field in found.setdefault(seq, {}):
                continue
            found[seq][field] = why
            row = self._rows[seq]
            along = _along_with(row, why)
            open_spots += [((seq, name), why) for name in self._along(row, field)]
            open_spots += [(spot, along) for spot in self._waiting[seq, field]]

    def _for_nothing(self, found: Left) -> Iterator[tuple[_Spot, str]]:
        """Yield what would be made though nothing refers to it any more, and would be of no use by itself."""
        for seq, row in self._rows.items():
            if row["op"] != p.CREATE or not self._kinds[row["kind"]].referred or seq in found:
                continue
            referring = {spot for field in fields_of(row) for spot in self._waiting[seq, field]}
            if referring and all(field in found.get(other, {}) for other, field in referring):
                other, field = min(referring)
                why = _along_with(self._rows[other], found[other][field])
                yield from (((seq, name), why) for name in fields_of(row))

    def _along(self, row: Row, field: str) -> Iterable[str]:
        """Return the fields that an operation does not write without one of them."""
        kind = self._kinds[row["kind"]]
        if row["op"] == p.CREATE and field and (kind.field(field).type == "references" or kind.is_made_without(field)):
            return ()
        if row["op"] == p.UPDATE:
            # What is unique together is taken together.
            return {name for each in kind.unique if field in each.fields for name in each.fields if name in row["changes"]}
        return fields_of(row)

    def _pairs(self, rows: list[Row]) -> Iterator[tuple[_Spot, _Spot]]:
        """Yield what is needed, and what waits for it."""
        yield from _references(rows, self._kinds)
        yield from _several_steps(rows)
        yield from _pinned(rows, self._kinds)
        yield from _let_go(rows, self._kinds)
        for name in dict.fromkeys(row["kind"] for row in rows):
            own = [row for row in rows if row["kind"] == name]
            standing = _Standing(own, self._observed[name])
            for unique in self._kinds[name].unique:
                yield from _values(own, unique, self._kinds[name], standing)


_WITH: Final = ", with "


def _along_with(row: Row, why: str) -> str:
    return f"{why.partition(_WITH)[0]}{_WITH}{row['kind']} {row['key']!r}"


# What goes with what.


def _references(rows: list[Row], kinds: Kinds) -> Iterator[tuple[_Spot, _Spot]]:
    """What refers to an object waits until that is made; so does what is added to it."""
    creates = {(row["kind"], row["key"]): row for row in rows if row["op"] == p.CREATE}
    for row in rows:
        whole = kinds[row["kind"]].facet_of
        needed = [(field, each) for field, change in row["changes"].items() for each in _references_in(change["new"])]
        found = [(field, creates.get((each["kind"], each["key"]))) for field, each in needed if each["id"] is None]
        if whole is not None and row["target_id"] is None:
            found += [(field, creates.get((whole, row["key"]))) for field in fields_of(row)]
        for field, create in found:
            if create is not None and create is not row:
                yield from (((create["seq"], each), (row["seq"], field)) for each in _essential(create, kinds))


def _essential(create: Row, kinds: Kinds) -> Iterator[str]:
    """Yield the fields without which an object is not made."""
    kind = kinds[create["kind"]]
    for field in fields_of(create):
        if not field or not (kind.field(field).type == "references" or kind.is_made_without(field)):
            yield field


def _references_in(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def _several_steps(rows: list[Row]) -> Iterator[tuple[_Spot, _Spot]]:
    """A field that one object changes twice, over a value for the time being, is changed twice or not at all."""
    spots: dict[tuple[str, str, str], list[_Spot]] = defaultdict(list)
    for row in rows:
        if row["target_id"] is not None and row["op"] != p.CREATE:
            for field in fields_of(row):
                spots[row["kind"], row["target_id"], field].append((row["seq"], field))
    for several in spots.values():
        yield from ((one, other) for one in several for other in several if one != other)


def _pinned(rows: list[Row], kinds: Kinds) -> Iterator[tuple[_Spot, _Spot]]:
    """What is released for an object to move is released if that moves, and it moves if it is released.

    What points at an object that has yet to come waits for that.
    """
    moves: dict[tuple[str, str | None], _Spot] = {
        (row["kind"], row["target_id"]): (row["seq"], str(kinds[row["kind"]].parent))
        for row in rows
        if row["target_id"] is not None and kinds[row["kind"]].parent in row["changes"]
    }
    for row in rows:
        pins = [field.name for field in kinds[row["kind"]].references if field.pins and field.name in row["changes"]]
        for name in pins:
            spot, change = (row["seq"], name), row["changes"][name]
            leaving, coming = (moves.get(_named(change.get(side))) for side in _SIDES)
            if leaving is not None:
                yield leaving, spot
                yield spot, leaving
            if coming is not None:
                yield coming, spot


def _named(reference: Any) -> tuple[str, str | None]:
    return (reference["kind"], reference["id"]) if isinstance(reference, dict) else ("", None)


def _let_go(rows: list[Row], kinds: Kinds) -> Iterator[tuple[_Spot, _Spot]]:
    """What an object is relieved of waits until all that comes to it in its place may come."""
    coming: dict[tuple[str, str], list[_Spot]] = defaultdict(list)
    for row in rows:
        parent = kinds[row["kind"]].parent
        new = row["changes"].get(parent, {}).get("new") if parent else None
        if isinstance(new, dict) and new["id"] is not None:
            coming[row["kind"], new["id"]].append((row["seq"], str(parent)))
    for row in rows:
        parent = kinds[row["kind"]].parent
        change = row["changes"].get(parent, {}) if parent else {}
        if row["source_key"] is None and change.get("new", "") is None and isinstance(change.get("old"), dict):
            yield from ((spot, (row["seq"], str(parent))) for spot in coming[row["kind"], change["old"]["id"]])


class _Standing:
    """What stands in the target of objects of one kind that a plan writes to."""

    def __init__(self, rows: list[Row], observed: pd.DataFrame) -> None:
        self._there = by_id(observed[observed["id"].isin({row["target_id"] for row in rows})])

    def value(self, row: Row, name: str, side: Literal["old", "new"]) -> str | None:
        """Return what an operation's object has in a field before or afterwards; of a reference what names it."""
        if name not in row["changes"]:
            return _plain(self._there.get(row["target_id"] or "", {}).get(name))
        value = row["changes"][name].get(side)
        return (value["id"] or f"key {value['key']}") if isinstance(value, dict) else _plain(value)


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def _values(rows: list[Row], unique: Unique, kind: Kind, standing: _Standing) -> Iterator[tuple[_Spot, _Spot]]:
    """Who takes a value that is unique waits until who has it gives it up; who gives it up for that alone waits as well."""
    touching = [row for row in rows if any(name in row["changes"] for name in unique.fields)]
    if len(touching) < 2 or not unique.enforced:
        return
    olds, news = (_joined(touching, unique, kind, standing, side) for side in _SIDES)
    givers: dict[str, list[Row]] = defaultdict(list)
    for row, old, new in zip(touching, olds, news, strict=True):
        if old is not None and old != new and row["op"] != p.CREATE:
            givers[old].append(row)
    for taker, new in zip(touching, news, strict=True):
        for giver in givers.get(new, ()) if new is not None else ():
            if giver is taker:
                continue
            both = list(product(_spots(giver, unique), _spots(taker, unique)))
            yield from both
            if giver["reason"] == p.GIVES_UP:
                yield from ((taking, giving) for giving, taking in both)


def _spots(row: Row, unique: Unique) -> list[_Spot]:
    return [(row["seq"], name) for name in unique.fields if name in row["changes"]]


def _joined(rows: list[Row], unique: Unique, kind: Kind, standing: _Standing, side: Literal["old", "new"]) -> list[str | None]:
    """Return what rows have of the fields before or afterwards, in the form that counts; None where there is nothing."""
    exact = {field.name for field in kind.references}
    columns = [pa.array([standing.value(row, name, side) for row in rows], pa.large_string()) for name in unique.fields]
    forms_of = ["exact" if name in exact else unique.form for name in unique.fields]
    normal = [forms.normal(column, form) for column, form in zip(columns, forms_of, strict=True)]
    joined: list[str | None] = forms.joined(normal).to_pylist()
    return joined


# The plan that is left.


def _parted(row: Row, left: Mapping[str, str]) -> Iterator[Row]:
    """Yield what goes on of an operation, and what is held of it."""
    changes, why = row["changes"], next(iter(left.values()))
    if WHOLE in left or left.keys() >= changes.keys():
        yield {**row, "changes": p.encode(changes), "hold": why}
        return
    going = {name: change for name, change in changes.items() if name not in left}
    yield {**row, "changes": p.encode(going), "identity": _identity(row, left)}
    if row["op"] == p.UPDATE:
        yield {**row, "changes": p.encode({name: changes[name] for name in left}), "hold": why, "identity": None}


def _identity(row: Row, left: Mapping[str, str]) -> str | None:
    """Return what the link is to remember: of what is left, what stands there."""
    told: str | None = row["identity"]
    if told is None or row["op"] != p.UPDATE:
        return told
    identity = orjson.loads(told)
    for name in left.keys() & identity["values"].keys():
        old = row["changes"][name].get("old")
        identity["values"][name] = old["id"] if isinstance(old, dict) else old
    return orjson.dumps(identity, option=orjson.OPT_SORT_KEYS).decode()


def _operations(operations: pd.DataFrame, parted: Mapping[int, list[Row]]) -> pd.DataFrame:
    """Return operations with some of them replaced, each in its place."""
    kept = operations.drop(index=list(parted))
    new = [(seq, *(row[name] for name in p.OPERATION_COLUMNS)) for seq, rows in parted.items() for row in rows]
    numbers, *columns = zip(*new, strict=True)
    made = pd.DataFrame(dict(zip(p.OPERATION_COLUMNS, columns, strict=True)), index=list(numbers), columns=operations.columns)
    together = pd.concat([kept, made.astype(operations.dtypes.to_dict())])
    return together.sort_index(kind="stable").reset_index(drop=True)
