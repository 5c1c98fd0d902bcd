"""Fields that an operation goes on without: one bad value holds that field, not the object."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field
from asset_sync.reconcile.planning.drafts import Drafts, either
from asset_sync.reconcile.tables import Mask, mask

_SHOWN = 40


def fitting(given: Drafts) -> Iterator[Drafts]:
    """Return the operations without the texts that are too long for the target, and those held."""
    for field in given.kind.fields:
        if field.max_length is not None and field.type != "reference" and field.name in given.changes:
            given, held = part(given, field.name, too_long(field, given.new(field.name)))
            yield held
    yield given


def too_long(declared: Field, values: pa.Array) -> dict[int, str]:
    """Return, by row, why the target would refuse a text of that length."""
    if not pa.types.is_large_string(values.type):
        return {}
    why: dict[int, str] = {}
    for row in np.flatnonzero(mask(pc.greater(pc.utf8_length(values), declared.max_length))).tolist():
        new = values[row].as_py()
        why[row] = f"{declared.name} has {len(new)} characters, the target takes {declared.max_length}: {new[:_SHOWN]!r}…"
    return why


def part(given: Drafts, name: str, why: Mapping[int, str]) -> tuple[Drafts, Drafts]:
    """Part a field from the operations that go on without it; `why` says, by row, what holds it.

    Returns what goes on, and the field held; of two ends, both: one alone would be another pair. What would be made without
    anything to recognise it by, or without what the target requires, is held as a whole.
    """
    is_open = given.open
    why = {row: reason for row, reason in why.items() if is_open[row]}
    if not why:
        return given, given.take(np.array([], dtype=np.int64))
    field = given.kind.field(name)
    unfit = given.are(p.CREATE) & (field.required | field.made_with | ~_recognisable(given, name))
    whole = {row: reason for row, reason in why.items() if unfit[row]}
    names = given.kind.ends if name in given.kind.ends else (name,)
    return given.hold(whole).part(names, {row: reason for row, reason in why.items() if not unfit[row]})


def _recognisable(given: Drafts, without: str) -> Mask:
    """Return which objects would be recognised by what else they are made with."""
    rules = [rule.fields for rule in given.kind.identity if without not in rule.fields]
    return either((all_given(given, fields) for fields in rules), len(given))


def all_given(given: Drafts, fields: tuple[str, ...]) -> Mask:
    """Return which operations give all of those fields a value."""
    found = np.ones(len(given), dtype=bool)
    for name in fields:
        found &= given.changed(name)
    return found


def in_its_place(field: Field, value: str, mark: str, is_refused: Callable[[str], bool]) -> str | None:
    """Return what an object has in the place of a value that it gives up; None for nothing.

    Nothing where the target takes that, else the value with a mark at its end, or of numbers within what the kind says the
    next one above that is not refused, else the next one below (None where there is no such).
    """
    if field.nullable:
        return None
    return _next_free(field, int(value), is_refused) if field.type == "integer" else marked(field, value, mark)


def _next_free(field: Field, number: int, is_refused: Callable[[str], bool]) -> str | None:
    if field.within is None:
        return next(other for other in map(str, count(number + 1)) if not is_refused(other))
    least, most = map(int, field.within)
    others = (*range(number + 1, most + 1), *range(number - 1, least - 1, -1))
    return next((str(other) for other in others if not is_refused(str(other))), None)


def marked(field: Field, value: str, mark: str) -> str:
    """Return a value that gives way, with the mark at its end; cut where the field takes no more."""
    room = (field.max_length or len(value) + len(mark)) - len(mark)
    return f"{value[:room]}{mark}"
