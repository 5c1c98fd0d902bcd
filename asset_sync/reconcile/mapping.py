"""Mapping: from the columns of a source to the fields of a kind, by names that a person writes into a YAML file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.tables import text

Transform = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class FieldMapping:
    """Where a field's value comes from and who owns it.

    `source` names a column of the source; `value` is a constant instead of one; `default` stands in for an empty value.
    `values` replaces values (compared without case and punctuation) by others. A reference without a source takes the row
    that the same source record gives to the kind it points to.
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
    found = pc.match_substring_regex(values, r"^\d{4}-\d{2}-\d{2}")
    return pc.if_else(found, pc.utf8_slice_codeunits(values, 0, 10), pa.scalar(None, values.type))


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
AA:BB:CC:DD:EE:FF. date: the day of a date or a time."""


def mapped(source: pd.DataFrame, kind: Kind, mappings: Mapping[str, FieldMapping]) -> pd.DataFrame:
    """Return the mapped fields of a kind, a row for each row of the source, and `refused`: junk serials in words.

    Fields that are references without a source are left out: they are filled from the rows of the kinds they point to.
    """
    columns = {
        name: typed(_value(source, mapping), kind.field(name)).array
        for name, mapping in mappings.items()
        if mapping.source or mapping.value is not None
    }
    return pd.DataFrame({**columns, "refused": _refused(source, mappings)}, index=source.index)


def typed(values: pa.Array, declared: Field) -> pd.Series:
    """Return text as a column of the field's type; `ValueError` where a value cannot be one."""
    column = pd.Series(pd.array(values.to_pandas(), dtype="str"))
    if declared.type in {"integer", "number"}:
        return _numbers(column, declared)
    if declared.type == "boolean":
        truths = column.str.lower().map({"true": True, "false": False, "1": True, "0": False})
        if (truths.isna() & column.notna()).any():
            raise ValueError(f"{declared.name}: {column[truths.isna() & column.notna()].iloc[0]!r} is neither true nor false")
        return pd.Series(truths, dtype="boolean")
    return column


def _numbers(column: pd.Series, declared: Field) -> pd.Series:
    try:
        if declared.type == "number":
            return column.str.strip().astype(pd.Float64Dtype())
        # Not by way of floating point: a large integer would lose its last digits.
        return column.str.strip().str.replace(r"\.0+$", "", regex=True).astype(pd.Int64Dtype())
    except (TypeError, ValueError) as error:
        raise ValueError(f"{declared.name}: {error}") from error


def _value(source: pd.DataFrame, mapping: FieldMapping) -> pa.Array:
    if mapping.value is not None:
        return pa.array([mapping.value] * len(source), type=pa.large_string())
    values = TRANSFORMS[mapping.transform](text(source[str(mapping.source)]))
    if mapping.values:
        values = _replaced(values, mapping.values)
    return pc.fill_null(values, mapping.default) if mapping.default is not None else values


def _replaced(values: pa.Array, replacements: Mapping[str, str]) -> pa.Array:
    labels = forms.normal(pa.array(list(replacements), type=pa.large_string()), "label")
    found = pc.index_in(forms.normal(values, "label"), value_set=labels, skip_nulls=True)
    return pc.coalesce(pa.array(list(replacements.values()), type=pa.large_string()).take(found), values)


def _refused(source: pd.DataFrame, mappings: Mapping[str, FieldMapping]) -> Any:
    for name, mapping in mappings.items():
        if mapping.transform == "serial" and mapping.source:
            values = text(source[mapping.source])
            words = forms.strung(f"{name} '", values, "' is junk", like=values)
            return pd.array(pc.if_else(forms.is_junk(values), words, pa.scalar(None, words.type)).to_pandas(), dtype="str")
    return pd.array([None] * len(source), dtype="str")
