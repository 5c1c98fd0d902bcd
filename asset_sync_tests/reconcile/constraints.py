"""What a target such as NetBox checks of each row as it saves it, told from the kinds' declarations alone.

Measured on NetBox 4.6.8, but for the one rule that is read from its source: a component cannot be moved to another device.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from asset_sync.reconcile.kinds import Field, Kind, Kinds, Unique

Row = dict[str, Any]
Rows = dict[str, Row]
Objects = Mapping[str, Rows]
"""Objects by kind and id; a facet's fields stand in its parent's own row as `<facet>.<field>`."""

_PYTHON: Final[Mapping[str, type | tuple[type, ...]]] = {
    "text": str,
    "date": str,
    "reference": str,
    "references": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def stored_name(kind: Kind, field: str) -> str:
    """Return under which name a field stands in its object's row."""
    return f"{kind.name}.{field}" if kind.facet_of else field


def base_of(kind: Kind) -> str:
    """Return the kind whose objects carry the fields: its own, or that of which it is a facet."""
    return kind.facet_of or kind.name


def check_known(kind: Kind, values: Mapping[str, Any]) -> None:
    """Raise `AssertionError` for what no caller may send: a field that the kind does not have, a value of another type.

    NetBox ignores the former without a word, so that nobody would notice.
    """
    for name, value in values.items():
        declared = next((field for field in kind.fields if field.name == name), None)
        assert declared is not None, f"{kind.name} has no field {name!r}, and was sent one"
        of_type = isinstance(value, _PYTHON[declared.type]) and (declared.type == "boolean") == isinstance(value, bool)
        assert value is None or of_type, f"{kind.name}.{name} is {declared.type}, and was sent {value!r}"


def refusal(kinds: Kinds, objects: Objects, kind: Kind, before: Row | None, row: Row, values: Mapping[str, Any]) -> str | None:
    """Return why the target would not save a row that replaces `before` (None: a new one) and sets those values.

    `objects` is everything as it stands at this moment, in the middle of a batch too.
    """
    reasons = [
        *_too_long(kind, values),
        *_missing(kind, row),
        *_dangling(kind, objects, values),
        *_taken(kind, objects, row),
        *_occupied(kind, objects, row),
        *_torn_off(kind, before, row),
        *_pinned(kinds, objects, kind, before, row),
        *_not_on(kinds, objects, kind, row, values),
    ]
    return reasons[0] if reasons else None


def dependents(kinds: Kinds, objects: Objects, kind: Kind, target_id: str) -> Iterator[tuple[Kind, Field, str]]:
    """Yield who refers to an object, by which field: the kind, the field, the id."""
    for other in kinds.values():
        for field in other.references:
            if field.to != kind.name or (other.facet_of and field.name == other.parent):
                continue
            for other_id, row in objects.get(base_of(other), {}).items():
                if row.get(stored_name(other, field.name)) == target_id:
                    yield other, field, other_id


def _too_long(kind: Kind, values: Mapping[str, Any]) -> Iterator[str]:
    for field in kind.fields:
        value = values.get(field.name)
        if field.max_length is not None and isinstance(value, str) and len(value) > field.max_length:
            yield f"{field.name}: Ensure this field has no more than {field.max_length} characters."


def _missing(kind: Kind, row: Row) -> Iterator[str]:
    if kind.facet_of:
        return
    for field in kind.fields:
        if field.required and row.get(field.name) in (None, ""):
            yield f"{field.name}: This field may not be null."


def _dangling(kind: Kind, objects: Objects, values: Mapping[str, Any]) -> Iterator[str]:
    for field in kind.references:
        value = values.get(field.name)
        if value is not None and value not in objects.get(str(field.to), {}):
            yield f"{field.name}: Related object not found using the provided numeric ID: {value}"
    for field in kind.sets:
        for member in (values.get(field.name) or "").split("\x1f"):
            if member and member not in objects.get(str(field.to), {}):
                yield f"{field.name}: Related object not found using the provided numeric ID: {member}"


def _taken(kind: Kind, objects: Objects, row: Row) -> Iterator[str]:
    if kind.facet_of:
        return
    for unique in kind.unique:
        wanted = _unique_value(kind, unique, row)
        others = (other for other_id, other in objects.get(kind.name, {}).items() if other_id != row["id"])
        if wanted is not None and any(_unique_value(kind, unique, other) == wanted for other in others):
            yield f"{kind.name} with this {' and '.join(unique.fields)} already exists."


def _occupied(kind: Kind, objects: Objects, row: Row) -> Iterator[str]:
    """An end is of one thing alone, and a thing has two."""
    ends = [row.get(name) for name in kind.ends]
    if kind.ends and (None in ends or len({*ends}) < len(ends)):
        yield "Must define A and B terminations."
    for other_id, other in objects.get(kind.name, {}).items() if kind.ends else ():
        if other_id != row["id"] and {*ends} & {other.get(name) for name in kind.ends}:
            yield f"Duplicate termination found: {kind.name} {other_id}"


def _unique_value(kind: Kind, unique: Unique, row: Row) -> tuple[str, ...] | None:
    values = [row.get(name) for name in unique.fields]
    if None in values:
        return None
    exact = [unique.form == "exact" or kind.field(name).type == "reference" for name in unique.fields]
    return tuple(str(value) if same else str(value).casefold() for value, same in zip(values, exact, strict=True))


def _torn_off(kind: Kind, before: Row | None, row: Row) -> Iterator[str]:
    """What is named within its parent (an interface) is a component of it, and stays there."""
    component = kind.parent and any(kind.parent in unique.fields for unique in kind.unique)
    if component and not kind.facet_of and before is not None and before[str(kind.parent)] != row[str(kind.parent)]:
        yield f"{kind.parent}: Components cannot be moved to a different {kind.parent}."


def _pinned(kinds: Kinds, objects: Objects, kind: Kind, before: Row | None, row: Row) -> Iterator[str]:
    for facet in kinds.values():
        pins = [field for field in facet.references if field.pins and field.to == kind.name]
        if before is None or not pins:
            continue
        holder = _holder(kinds, objects, kind, before, str(facet.facet_of))
        there = objects.get(str(facet.facet_of), {}).get(str(holder), {})
        if _holder(kinds, objects, kind, row, str(facet.facet_of)) != holder:
            held = [field.name for field in pins if there.get(stored_name(facet, field.name)) == row["id"]]
            if held:
                yield f"Cannot reassign {kind.name} while it is designated as the {facet.name} for the parent object"


def _not_on(kinds: Kinds, objects: Objects, kind: Kind, row: Row, values: Mapping[str, Any]) -> Iterator[str]:
    for field in kind.references:
        if field.pins and values.get(field.name) is not None:
            pinned = objects[str(field.to)].get(str(values[field.name]))
            if pinned and _holder(kinds, objects, kinds[str(field.to)], pinned, str(kind.facet_of)) != row["id"]:
                yield f"{field.name}: The specified {field.to} is not assigned to this {kind.facet_of}."


def _holder(kinds: Kinds, objects: Objects, kind: Kind, row: Row, base: str) -> str | None:
    """Return the object of the kind `base` that a row sits on, over what lies between; None where it sits on none."""
    for field in kind.references:
        step = row.get(field.name)
        if field.to == base:
            return step
        if field.name == kind.parent and step in objects.get(str(field.to), {}):
            return _holder(kinds, objects, kinds[str(field.to)], objects[str(field.to)][step], base)
    return None
