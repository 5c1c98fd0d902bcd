"""Mapping: from the columns of a source to the fields of a kind, by names that a person writes into a YAML file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Field, FieldType, Kind
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.tables import Mask, filled, guess_column, take, text
from asset_sync.reconcile.values import WHAT_IT_IS_NOT, typed

Transform = Callable[[pa.Array], pa.Array]

_SHOWN: Final = 40
"""How many characters of a value a reason shows."""


@dataclass(frozen=True)
class FieldMapping:
    """Where a field's value comes from and who owns it.

    `source` names a column of the source; `value` is a constant instead of one; `default` stands in for an empty value, but
    replaces none that the target has. `values` replaces values (compared by their labels) by others. A reference without a
    source takes the row that the same source record gives to the kind it points to.
    """

    ownership: Ownership
    source: str | None = None
    value: str | None = None
    transform: str = "text"
    default: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


# Control characters too: PostgreSQL takes no NUL, and no name means to have one.
_BLANKS = r"[\s\p{Cc}]+"


def _trimmed(values: pa.Array) -> pa.Array:
    spaced = pc.replace_substring_regex(values, pattern=_BLANKS, replacement=" ")
    return forms.normal(pc.utf8_trim_whitespace(spaced), "exact")


def _serial(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_upper(pc.replace_substring_regex(values, pattern=_BLANKS, replacement=""))
    return pc.if_else(pc.is_null(forms.normal(trimmed, "serial")), pa.scalar(None, trimmed.type), trimmed)


def _tag(values: pa.Array) -> pa.Array:
    trimmed = _trimmed(values)
    return pc.if_else(pc.is_null(forms.normal(trimmed, "tag")), pa.scalar(None, trimmed.type), trimmed)


def _host(values: pa.Array) -> pa.Array:
    return forms.normal(pc.replace_substring_regex(_trimmed(values), pattern=r"\..*$", replacement=""), "exact")


_MODEL_NOISE = r"(?i)^(?:HP|Hewlett[- ]Packard|Dell|Lenovo)\s+|\s+\d+(?:\.\d+)?[- ]?inch\b|\s+(?:Notebook|Desktop)\s+PC\b"


def _model(values: pa.Array) -> pa.Array:
    return _trimmed(pc.replace_substring_regex(_trimmed(values), pattern=_MODEL_NOISE, replacement=""))


def _mac(values: pa.Array) -> pa.Array:
    digits = pc.utf8_upper(pc.replace_substring_regex(values, pattern="[^0-9A-Fa-f]", replacement=""))
    whole = pc.match_substring_regex(digits, "^(?:[0-9A-F]{12})$")
    address = pc.replace_substring_regex(digits, pattern="(..)(..)(..)(..)(..)(..)", replacement=r"\1:\2:\3:\4:\5:\6")
    nobody = pc.match_substring_regex(digits, "^(?:0{12}|F{12})$")
    return pc.if_else(pc.and_(whole, pc.invert(nobody)), address, pa.scalar(None, digits.type))


def _date(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(_trimmed(values), pattern=r"^(\d{4}-\d{2}-\d{2})\D.*$", replacement=r"\1")


TRANSFORMS: Mapping[str, Transform] = {
    "text": _trimmed,
    "upper": lambda values: pc.utf8_upper(_trimmed(values)),
    "lower": lambda values: pc.utf8_lower(_trimmed(values)),
    "serial": _serial,
    "tag": _tag,
    "host": _host,
    "model": _model,
    "mac": _mac,
    "date": _date,
}
"""Transforms by name. text: outer and doubled blanks removed. upper, lower: case too. serial: capitals without blanks (a VMware
serial with its blanks is longer than NetBox takes), junk refused. tag: junk refused. host: the name before the first dot.
model: maker and screen size left out ("HP EliteBook 650 15.6 inch G9 Notebook PC" is "EliteBook 650 G9"). mac:
AA:BB:CC:DD:EE:FF. date: the day of a date or a time; what is neither is refused."""


class Mapped(NamedTuple):
    """What a source's rows give a kind.

    `fields` has a row for each of them: the mapped fields, `guess:<field>` (see `asset_sync.reconcile.tables`) where a value is
    but the mapping's default, and `refused`, junk serials in words. `refused` has a row for each value that its field cannot
    hold, and that is missing therefore: `row` (the position in the source), `field`, `value` (as text), `reason`.
    """

    fields: pd.DataFrame
    refused: pd.DataFrame


_NOTHING_REFUSED: Final = pd.DataFrame(
    {"row": pd.Series(dtype="int64"), **dict.fromkeys(("field", "value", "reason"), pd.Series(dtype="str"))}
)


def mapped(source: pd.DataFrame, kind: Kind, mappings: Mapping[str, FieldMapping]) -> Mapped:
    """Return what the mappings make of the source's rows.

    Fields that are references without a source are left out: they are filled from the rows of the kinds they point to.
    """
    readings = {
        name: _read(source, kind, name, mapping)
        for name, mapping in mappings.items()
        if mapping.source or mapping.value is not None
    }
    columns = {name: reading.column.array for name, reading in readings.items()}
    guesses = {guess_column(name): reading.guessed for name, reading in readings.items() if reading.guessed.any()}
    fields = pd.DataFrame({**columns, **guesses, "refused": _junk_serials(source, mappings)}, index=source.index)
    refused = [_NOTHING_REFUSED, *(reading.refused for reading in readings.values())]
    return Mapped(fields, pd.concat(refused, ignore_index=True))


def why_not(value: str, kind: Kind, name: str) -> str | None:
    """Return why a constant or a default cannot be the value of a field, in words that follow it; None where it can."""
    values, as_type = pa.array([value], type=pa.large_string()), kind.field(name).type
    if typed(values, as_type).refused.any():
        return WHAT_IT_IS_NOT[as_type]
    return "has no letter or digit" if name in kind.labelled and not filled(forms.normal(values, "label")).any() else None


class _Reading(NamedTuple):
    """One field of all rows, where it is but the default, and what was refused (as `Mapped` has it)."""

    column: pd.Series
    guessed: Mask
    refused: pd.DataFrame


def _read(source: pd.DataFrame, kind: Kind, name: str, mapping: FieldMapping) -> _Reading:
    if mapping.value is not None:
        values = pa.array([mapping.value] * len(source), type=pa.large_string())
    else:
        values = _said(text(source[str(mapping.source)]), mapping, compared_by_label=name in kind.labelled)
    guessed = np.zeros(len(source), dtype=bool) if mapping.default is None else ~filled(values)
    values = pc.fill_null(values, mapping.default) if guessed.any() else values
    as_type = _type_of(kind.field(name), mapping)
    column, refused = typed(values, as_type)
    return _Reading(column, guessed, _refusals(name, values, refused, as_type))


def _type_of(declared: Field, mapping: FieldMapping) -> FieldType:
    """Return what the values must be: a text that a mapping takes for a date must be one."""
    return "date" if mapping.transform == "date" and declared.type == "text" else declared.type


def _said(written: pa.Array, mapping: FieldMapping, *, compared_by_label: bool) -> pa.Array:
    """Return what the source says: transformed, its words replaced by others; a name without a label says nothing."""
    values = TRANSFORMS[mapping.transform](written)
    values = _replaced(values, mapping.values) if mapping.values else values
    if not compared_by_label:
        return values
    return pc.if_else(pc.is_null(forms.normal(values, "label")), pa.scalar(None, values.type), values)


def _refusals(name: str, values: pa.Array, refused: Mask, as_type: FieldType) -> pd.DataFrame:
    rows = np.flatnonzero(refused)
    found = take(values, rows).to_pylist()
    reasons = [f"{_shown(value)} {WHAT_IT_IS_NOT[as_type]}" for value in found]
    words = {"field": [name] * len(rows), "value": found, "reason": reasons}
    return pd.DataFrame({"row": rows, **{column: pd.array(told, dtype="str") for column, told in words.items()}})


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"


def _replaced(values: pa.Array, replacements: Mapping[str, str]) -> pa.Array:
    labels = forms.normal(pa.array(list(replacements), type=pa.large_string()), "label")
    found = pc.index_in(forms.normal(values, "label"), value_set=labels, skip_nulls=True)
    return pc.coalesce(pa.array(list(replacements.values()), type=pa.large_string()).take(found), values)


def _junk_serials(source: pd.DataFrame, mappings: Mapping[str, FieldMapping]) -> Any:
    for name, mapping in mappings.items():
        if mapping.transform == "serial" and mapping.source:
            values = text(source[mapping.source])
            words = forms.concat(f"{name} '", values, "' is junk", like=values)
            return pd.array(pc.if_else(forms.is_junk(values), words, pa.scalar(None, words.type)).to_pandas(), dtype="str")
    return pd.array([None] * len(source), dtype="str")
