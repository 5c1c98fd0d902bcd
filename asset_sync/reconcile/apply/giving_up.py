"""Giving up: what a new object is to be told apart by, and another object has until a change of the same plan is made.

No target refuses a serial that is there twice on two models: where the change was not made, the new object would be a twin.
Where it is held as it is planned, `asset_sync.reconcile.planning.keeping` holds the new object, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.kinds import Form, Kind, Kinds

Givers = Mapping[tuple[str, str], Mapping[str | None, int]]
"""The rows that give values up, by kind and field, and then by the values as they are compared."""


def givers(rows: Iterable[Record], kinds: Kinds) -> Givers:
    """Return the rows by which objects give up values that tell them from others."""
    alone = {name: kind.telling_alone for name, kind in kinds.items()}
    found: dict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    for row in rows:
        # Most changes are of other fields: they need not be decoded for that.
        names = [name for name in alone[row["kind"]] if f'"{name}":' in row["changes"]] if row["op"] != p.CREATE else []
        changes = p.decode(row["changes"]) if names else {}
        for name in changes.keys() & names:
            found[row["kind"], name].append((row["seq"], changes[name]["old"]))
    return {
        (kind, name): {value: seq for (seq, _), value in zip(told, _compared(told, alone[kind][name].form), strict=True)}
        for (kind, name), told in found.items()
    }


def awaited(found: Givers, kind: Kind, creates: Sequence[Record]) -> Mapping[int, Mapping[int, str]]:
    """Return, by create of a kind, the rows before it by which others give up what it is told apart by, with what that is."""
    waiting: dict[int, dict[int, str]] = defaultdict(dict)
    for name, rule in kind.telling_alone.items():
        given_up = found.get((kind.name, name), {})
        told = [(row["seq"], p.decode(row["changes"]).get(name, {}).get("new")) for row in creates] if given_up else []
        for (seq, new), value in zip(told, _compared(told, rule.form), strict=True):
            giver = given_up.get(value)
            if value is not None and giver is not None and giver < seq:
                waiting[seq][giver] = f"{name} {new!r}"
    return waiting


def _compared(told: Sequence[tuple[int, Any]], form: Form) -> list[str | None]:
    values = pa.array([None if value is None else str(value) for _, value in told], pa.large_string())
    compared: list[str | None] = forms.normal(values, form).to_pylist()
    return compared
