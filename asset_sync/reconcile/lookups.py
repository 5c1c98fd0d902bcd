"""Lookup kinds: the manufacturers, models, roles and platforms that many records of a source name in passing.

Names of one label are one row, spelt as most records spell it; what has no label names nothing. A slug is always one that a
target takes: lower-case ASCII letters, digits and dashes, 100 characters at most, unique within its parent.
"""

import hashlib
import unicodedata
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from slugify import slugify

from asset_sync.reconcile import forms
from asset_sync.reconcile.tables import Mask, text

SLUG_LENGTH = 100

_TELLING = (("+", "-plus-"), ("#", "-sharp-"), (",", "-"))
"""What tells names apart and would be lost without a word for it ("1,5" would be "15")."""


@dataclass(frozen=True)
class Lookup:
    """`keys`: for each source record, the key of its row, missing where it names nothing. `table`: those rows, once each."""

    keys: pd.Series
    table: pd.DataFrame


def lookup(names: pd.Series, name_field: str, parents: pd.Series | None = None, parent_field: str = "") -> Lookup:
    """Return the lookup rows that the records name: source_key, key, refused, the name's field, slug (and the parent's field).

    A row with a parent (a model of a manufacturer) is one within its parent only; a record without a parent names nothing.
    """
    labels = forms.normal(text(names), "label")
    keys = labels if parents is None else forms.concat(text(parents), "/", labels, like=labels)
    frame = pd.DataFrame({"key": _column(keys), name_field: names.array})
    if parents is not None:
        frame[parent_field] = parents.array
    rows = _one_spelling(frame.dropna(subset=["key"]), name_field)
    rows["slug"] = _slugs(rows, name_field, parent_field if parents is not None else None)
    rows.insert(0, "source_key", rows["key"])
    rows.insert(2, "refused", pd.Series(index=rows.index, dtype="str"))
    return Lookup(frame["key"], rows)


def only_guessed(found: Lookup, guessed: Mask) -> pd.Series:
    """Return for each row of the table whether all the records that name it only guess; `guessed` is by record."""
    return ~found.table["key"].isin(found.keys[~guessed])


def slug(name: str) -> str:
    """Return a name as a slug ("C++" is "c-plus-plus"); where no letter or digit is left, one made from its bytes."""
    made = slugify(unicodedata.normalize("NFKC", name), max_length=SLUG_LENGTH, replacements=_TELLING)
    return made or f"x-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _one_spelling(frame: pd.DataFrame, name_field: str) -> pd.DataFrame:
    counted = frame.groupby([c for c in frame.columns if c != name_field] + [name_field], as_index=False).size()
    ranked = counted.sort_values(["key", "size", name_field], ascending=[True, False, True])
    return ranked.drop_duplicates("key").drop(columns="size").reset_index(drop=True)


def _slugs(rows: pd.DataFrame, name_field: str, parent_field: str | None) -> pd.Series:
    """Names of one slug ("Ä" and "A") are told apart by a few characters made from the key, the same at every run.

    All of them get such a mark: one that was there alone keeps the slug that it was created with.
    """
    made = rows[name_field].map(slug).astype("str")
    scope = [made, rows[parent_field]] if parent_field else [made]
    again = pd.concat(scope, axis=1).duplicated(keep=False).to_numpy()
    marks = rows["key"].map(lambda key: hashlib.sha256(str(key).encode()).hexdigest()[:6])
    return made.where(~again, made.str.slice(0, SLUG_LENGTH - 7) + "-" + marks)


def _column(values: pa.Array) -> pd.Series:
    return pd.Series(pd.array(values.to_pandas(), dtype="str"))
