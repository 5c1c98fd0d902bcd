"""From the columns of a source to what it says of a field: text, before it is read as the field's type."""

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.mapping.conditions import Columns, chosen, glob_pattern
from asset_sync.reconcile.mapping.model import UNITS, FieldMapping, Regex, Unit, pieces
from asset_sync.reconcile.mapping.transforms import TRANSFORMS
from asset_sync.reconcile.tables import Mask, mask, text

_TEXT = pa.large_string()
_NOTHING = pa.scalar(None, _TEXT)
_EMPTY = pa.scalar("", _TEXT)


def said(source: Columns, mapping: FieldMapping, *, compared_by_label: bool) -> pa.Array:
    """Return what the source says of a field; a name without a label says nothing where names are compared by label."""
    values = _by_origin(source, mapping)
    for rule in reversed(mapping.rules):
        fits = pa.array(chosen(source, rule.where))
        values = pc.if_else(fits, said(source, rule.mapping, compared_by_label=False), values)
    if not compared_by_label:
        return values
    return pc.if_else(pc.is_null(forms.normal(values, "label")), _NOTHING, values)


def guesses(source: Columns, mapping: FieldMapping) -> Mask:
    """Return the rows whose value is that of a rule that but guesses."""
    found, decided = np.zeros(len(source), dtype=bool), np.zeros(len(source), dtype=bool)
    for rule in mapping.rules if any(rule.guess for rule in mapping.rules) else ():
        fits = chosen(source, rule.where) & ~decided
        found |= fits & rule.guess
        decided |= fits
    return found


def _by_origin(source: Columns, mapping: FieldMapping) -> pa.Array:
    if mapping.value is not None:
        return pa.repeat(pa.scalar(mapping.value, _TEXT), len(source))
    written = _written(source, mapping)
    values = TRANSFORMS[mapping.transform](_matched(written, mapping.regex) if mapping.regex else written)
    values = _in_unit(values, mapping.unit) if mapping.unit else values
    return replaced(values, mapping.values) if mapping.values else values


def _written(source: Columns, mapping: FieldMapping) -> pa.Array:
    if mapping.source:
        return text(source[mapping.source])
    if mapping.template:
        return _filled_in(source, mapping.template)
    if mapping.concat:
        return _strung([TRANSFORMS["text"](text(source[name])) for name in mapping.concat], mapping.separator)
    return pa.nulls(len(source), _TEXT)


def _strung(columns: list[pa.Array], separator: str) -> pa.Array:
    """Return the values of each row strung together, without those that are missing."""
    # An empty text comes first, because Arrow leaves a row of nothing but nulls out altogether.
    joined = pc.binary_join_element_wise(_EMPTY, *columns, pa.scalar(separator, _TEXT), null_handling="skip")
    told = pc.utf8_slice_codeunits(joined, start=len(separator))
    return pc.if_else(pc.equal(told, ""), _NOTHING, told)


def _filled_in(source: Columns, template: str) -> pa.Array:
    parts: list[pa.Array | str] = []
    for words, column in pieces(template):
        parts += [words] if words else []
        parts += [] if column is None else [TRANSFORMS["text"](text(source[column]))]
    return forms.concat(*parts, like=_EMPTY)


def _matched(values: pa.Array, regex: Regex) -> pa.Array:
    if regex.replace is not None:
        return pc.replace_substring_regex(values, pattern=regex.pattern, replacement=regex.replace)
    group = regex.pattern if re.compile(regex.pattern).groups else f"({regex.pattern})"
    found = pc.replace_substring_regex(values, pattern=rf"(?s)^.*?{group}.*$", replacement=r"\1")
    return pc.if_else(pc.match_substring_regex(values, regex.pattern), found, _NOTHING)


def _in_unit(values: pa.Array, unit: Unit) -> pa.Array:
    """What is no number stays as it is: whoever reads the type refuses it in words."""
    is_number = pc.match_substring_regex(values, r"^[+-]?\d+(?:\.\d+)?$")
    numbers = pc.if_else(is_number, values, _NOTHING).cast(pa.float64())
    written = pc.round(pc.multiply(numbers, UNITS[unit.told] / UNITS[unit.written])).cast(pa.int64()).cast(_TEXT)
    return pc.coalesce(written, values)


def replaced(values: pa.Array, replacements: Mapping[str, str]) -> pa.Array:
    """Return values with those that are named, by their labels or by a glob, replaced by others; what is exact comes first."""
    exact = {name: to for name, to in replacements.items() if not _is_glob(name)}
    labels = forms.normal(pa.array(list(exact), type=_TEXT), "label")
    found = pc.index_in(forms.normal(values, "label"), value_set=labels, skip_nulls=True)
    named = pa.array(list(exact.values()), type=_TEXT).take(found)
    return pc.coalesce(named, *_by_globs(values, ((name, to) for name, to in replacements.items() if _is_glob(name))), values)


def _by_globs(values: pa.Array, globs: Iterable[tuple[str, str]]) -> Iterable[pa.Array]:
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    for glob, to in globs:
        fits = mask(pc.match_substring_regex(folded, f"(?s)^{glob_pattern(glob)}$"))
        yield pc.if_else(pa.array(fits), pa.scalar(to, _TEXT), _NOTHING)


def _is_glob(name: str) -> bool:
    return "*" in name or "?" in name
