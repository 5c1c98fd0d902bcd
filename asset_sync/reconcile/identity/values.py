"""The values by which records and objects are compared, and the pairs that share one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import IdentityRule, Kind
from asset_sync.reconcile.tables import Positions, called_at, cell, index, rows_in, take, text


def compared(kind: Kind, table: pd.DataFrame, rule: IdentityRule) -> pa.Array:
    """Return what a rule compares: references as they are, other fields in the rule's normal form."""
    return forms.joined(
        [
            text(table[name]) if kind.field(name).type == "reference" else forms.normal(text(table[name]), rule.form)
            for name in rule.fields
        ]
    )


def pairs(rows: Positions, ours: pa.Array, there: pa.Array) -> pd.DataFrame:
    """Return every pair of one of the rows and an object of the same value, as `row` and `observed`."""
    near = rows_in(there, ours) if rows.size else rows
    if not near.size:
        return pd.DataFrame({"row": near, "observed": near})
    left = pd.DataFrame({"row": rows, "value": pd.array(ours, dtype="str")}).dropna()
    right = pd.DataFrame({"observed": near, "value": pd.array(take(there, near), dtype="str")})
    return left.merge(right, on="value")[["row", "observed"]]


def twins(values: pa.Array, rows: Positions) -> dict[int, int]:
    """Return every row, those and others, whose value is one of those rows' and that several have, with its group's number."""
    if not rows.size:
        return {}
    every = rows_in(values, take(values, rows))
    codes = pc.dictionary_encode(take(values, every)).indices.to_numpy(zero_copy_only=False)
    many = np.bincount(codes, minlength=1)[codes] > 1
    return dict(zip(every[many].tolist(), codes[many].tolist(), strict=True))


def emptied(values: pa.Array, rows: Positions) -> pa.Array:
    """Return the values without those of some rows."""
    if not rows.size:
        return values
    at = np.arange(len(values))
    at[rows] = -1
    return take(values, at)


def also(desired: pd.DataFrame, group_of: Mapping[int, int]) -> dict[int, str]:
    """Name for each row the others of its group, in the order of their source keys, five at most."""
    members: dict[int, list[tuple[str, int]]] = {}
    for row, group in group_of.items():
        members.setdefault(group, []).append((cell(desired["source_key"], row), row))
    for rows in members.values():
        rows.sort()
    others = {row: [other for _, other in members[group][:6] if other != row][:5] for row, group in group_of.items()}
    return {row: ", ".join(called_at(desired, other) for other in rows) for row, rows in others.items()}


def suspects(kind: Kind, held: pd.DataFrame, objects: pd.DataFrame) -> list[str | None]:
    """Return for each object the source key of a held record that shares a decisive value with it, None where none does."""
    found: list[str | None] = [None] * len(objects)
    held = held.sort_values("source_key")
    for rule in kind.identity:
        if rule.decisive:
            at = index(compared(kind, objects, rule), compared(kind, held, rule))
            keys = take(text(held["source_key"]), at).to_pylist()
            found = [known or key for known, key in zip(found, keys, strict=True)]
    return found
