"""Reading: all mapped fields of a kind from a source's rows, of the types that the kind declares."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Field, FieldType, Kind
from asset_sync.reconcile.mapping.conditions import Columns
from asset_sync.reconcile.mapping.model import FieldMapping
from asset_sync.reconcile.mapping.networks import assignable
from asset_sync.reconcile.mapping.wording import guesses, said
from asset_sync.reconcile.tables import Mask, filled, guess_column, mask, take, text
from asset_sync.reconcile.values import WHAT_IT_IS_NOT, typed

_SHOWN: Final = 40
"""How many characters of a value a reason shows."""


class Mapped(NamedTuple):
    """What a source's rows give a kind.

    `fields` has a row for each of them: the mapped fields, `guess:<field>` (see `asset_sync.reconcile.tables`) where a value is
    but the mapping's default, and `refused`, junk serials in words. `refused` has a row for each value that its field cannot
    hold, and that is missing therefore: `row` (the position in the source), `field`, `value` (as text), `reason`. `notes` is
    what is to be told of them, a line each.
    """

    fields: pd.DataFrame
    refused: pd.DataFrame
    notes: tuple[str, ...] = ()


_NOTHING_REFUSED: Final = pd.DataFrame(
    {"row": pd.Series(dtype="int64"), **dict.fromkeys(("field", "value", "reason"), pd.Series(dtype="str"))}
)


def mapped(source: Columns, kind: Kind, mappings: Mapping[str, FieldMapping]) -> Mapped:
    """Return what the mappings make of the source's rows, in their order.

    References are left out: they are filled from the rows of the kinds that they point to; so is what no mapping tells.
    """
    told = {name: mapping for name, mapping in mappings.items() if mapping.is_told and kind.field(name).to is None}
    readings = {name: _read(source, kind, name, mapping) for name, mapping in told.items()}
    columns = {name: reading.column.array for name, reading in readings.items()}
    guesses = {guess_column(name): reading.guessed for name, reading in readings.items() if reading.guessed.any()}
    fields = pd.DataFrame({**columns, **guesses, "refused": _junk_serials(source, told)}, index=range(len(source)))
    refused = [_NOTHING_REFUSED, *(reading.refused for reading in readings.values())]
    notes = (f"{kind.name}.{name}: {note}" for name, reading in readings.items() for note in reading.notes)
    return Mapped(fields, pd.concat(refused, ignore_index=True), tuple(notes))


def why_not(value: str, kind: Kind, name: str) -> str | None:
    """Return why a constant or a default cannot be the value of a field, in words that follow it; None where it can."""
    values, declared = pa.array([value], type=pa.large_string()), kind.field(name)
    column, refused = typed(values, declared.type)
    if refused.any():
        return WHAT_IT_IS_NOT[declared.type]
    if _untaken(declared, values, column).any():
        return declared.limits_words
    if declared.max_length is not None and len(value) > declared.max_length:
        return f"is longer than the {declared.max_length} characters that {name} takes"
    return "has no letter or digit" if name in kind.labelled and not filled(forms.normal(values, "label")).any() else None


class _Reading(NamedTuple):
    """One field of all rows, where it is but a guess, what was refused (as `Mapped` has it), and what is to be told."""

    column: pd.Series
    guessed: Mask
    refused: pd.DataFrame
    notes: tuple[str, ...] = ()


def _read(source: Columns, kind: Kind, name: str, mapping: FieldMapping) -> _Reading:
    values = said(source, mapping, compared_by_label=name in kind.labelled)
    guessed = guesses(source, mapping) & filled(values)
    notes: tuple[str, ...] = ()
    if mapping.network is not None:
        found = assignable(values.to_pylist(), source, mapping.network)
        values, guessed, notes = text(found.addresses), guessed | found.guessed, found.notes
    if mapping.default is not None:
        guessed = guessed | ~filled(values)
        values = pc.fill_null(values, mapping.default)
    declared = kind.field(name)
    as_type = _type_of(declared, mapping)
    if mapping.truncate:
        values = _cut(values, declared)
    column, refused = typed(_canonical(values, declared), as_type)
    refusals = _refusals(name, values, refused, WHAT_IT_IS_NOT.get(as_type, ""))
    if (untaken := _untaken(declared, values, column)).any():
        column = column.mask(untaken)
        refusals = pd.concat([refusals, _refusals(name, values, untaken, declared.limits_words)], ignore_index=True)
    return _Reading(column, guessed, refusals, notes)


def _untaken(declared: Field, values: pa.Array, column: pd.Series) -> Mask:
    """Return the values, texts and typed, that the field does not take: no choice, of another form, beyond its limits."""
    if declared.choices:
        return filled(values) & ~mask(pc.is_in(values, pa.array(declared.choices, values.type)))
    if declared.pattern is not None:
        return filled(values) & ~mask(pc.match_substring_regex(values, f"^(?:{declared.pattern})$"))
    if declared.within is None:
        return np.zeros(len(values), dtype=bool)
    least, most = declared.within
    return ((column < least) | (column > most)).fillna(value=False).to_numpy(dtype=bool)


def _cut(values: pa.Array, declared: Field) -> pa.Array:
    """Return the texts as far as the target takes them, without blanks at the cut: it would take those away."""
    if declared.max_length is None:
        return values
    return pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(values, start=0, stop=declared.max_length))


def _canonical(values: pa.Array, declared: Field) -> pa.Array:
    """Return the values as the target gives them back."""
    return values if declared.canonical is None else forms.by_distinct(values, declared.canonical)


def _type_of(declared: Field, mapping: FieldMapping) -> FieldType:
    """Return what the values must be: a text that a mapping takes for a date must be one."""
    return "date" if mapping.transform == "date" and declared.type == "text" else declared.type


def _refusals(name: str, values: pa.Array, refused: Mask, words: str) -> pd.DataFrame:
    rows = np.flatnonzero(refused)
    found = take(values, rows).to_pylist()
    reasons = [f"{_shown(value)} {words}" for value in found]
    told = {"field": [name] * len(rows), "value": found, "reason": reasons}
    return pd.DataFrame({"row": rows, **{column: pd.array(given, dtype="str") for column, given in told.items()}})


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"


def _junk_serials(source: Columns, mappings: Mapping[str, FieldMapping]) -> Any:
    for name, mapping in mappings.items():
        if mapping.transform == "serial" and mapping.source:
            values = text(source[mapping.source])
            words = forms.concat(f"{name} '", values, "' is junk", like=values)
            return pd.array(pc.if_else(forms.is_junk(values), words, pa.scalar(None, words.type)).to_pandas(), dtype="str")
    return pd.array([None] * len(source), dtype="str")
