"""Contradictions: what a plan would write and a later look at the source and the target would not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.tables import mask, text

_OBJECT: Final = ("kind", "op", "source_key", "target_id")
_AT_ONCE: Final = 10_000
_SEPARATOR: Final = pa.scalar("\x1f", pa.large_string())


def first_contradiction(older: pd.DataFrame, newer: pd.DataFrame, *, partial: bool = False) -> str | None:
    """Return in words the first write of the older plan that is not among those of the newer one; None where all are.

    Both are writes, as `Plan.writes` has them. The newer plan may write more. To an object that it leaves alone, a value that
    the older one writes again where it stands is no contradiction. A `partial` newer one speaks of those objects alone that it
    writes to: the others it did not look at.
    """
    word_for_word = pc.is_in(_joined(older, *_OBJECT, "changes"), value_set=_joined(newer, *_OBJECT, "changes"))
    unlike = older[~mask(word_for_word)]
    if partial:
        unlike = unlike[mask(pc.is_in(_joined(unlike, *_OBJECT), value_set=_joined(newer, *_OBJECT)))]
    return next(filter(None, (_contradicted(row, others) for row, others in _with_others(unlike, newer))), None)


def _with_others(rows: pd.DataFrame, newer: pd.DataFrame) -> Iterator[tuple[dict[str, Any], Sequence[p.Changes]]]:
    """Each of the rows, with the changes that the newer plan makes to the same object by the same operation."""
    objects = _joined(newer, *_OBJECT)
    for at in range(0, len(rows), _AT_ONCE):
        part = rows.iloc[at : at + _AT_ONCE]
        keys = _joined(part, *_OBJECT)
        others: dict[str, list[p.Changes]] = {}
        same = mask(pc.is_in(objects, value_set=keys))
        for key, changes in zip(objects.filter(pa.array(same)).to_pylist(), newer["changes"][same], strict=True):
            others.setdefault(key, []).append(p.decode(changes))
        for key, row in zip(keys.to_pylist(), p.records(part), strict=True):
            yield row, others.get(key, ())


def _contradicted(row: Mapping[str, Any], others: Sequence[p.Changes]) -> str | None:
    what = f"{row['kind']} {row['key']!r}"
    changes = p.decode(row["changes"])
    if not others and (not changes or any(_is_change(change) for change in changes.values())):
        return f"would not {row['op']} {what}"
    for name, change in changes.items():
        news = [_value(other[name]["new"]) for other in others if name in other]
        if news and _value(change["new"]) not in news:
            return f"would set {name} of {what} otherwise"
        if not news and _is_change(change):
            return f"would not set {name} of {what}"
    return None


def _is_change(change: Mapping[str, Any]) -> bool:
    return bool(_value(change["new"]) != _value(change.get("old")))


def _value(value: object) -> object:
    """Return what can be compared: of a reference the id, or the key of what is still to be made; of a set, that of all."""
    if isinstance(value, list):
        return sorted(map(_value, value), key=str)
    if not isinstance(value, dict):
        return value
    return value["kind"], value["id"] or f"key {value['key']}"


def _joined(rows: pd.DataFrame, *columns: str) -> pa.Array:
    values = [text(rows[name]) for name in columns]
    return pc.binary_join_element_wise(*values, _SEPARATOR, null_handling="replace", null_replacement="")
