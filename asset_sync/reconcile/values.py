"""Values: from text to the type of a field. What cannot be of the type is missing, and named."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import FieldType
from asset_sync.reconcile.tables import Mask, mask

_INTEGER = r"^[+-]?\d+(?:\.0*)?$"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_DIGITS_OF_64_BITS = 19
_SURELY_64_BITS = 18
"""So many characters are an integer of 64 bits, whatever they are."""

_TRUTHS = pa.array(["true", "1", "false", "0"], pa.large_string())

WHAT_IT_IS_NOT: Final[Mapping[FieldType, str]] = {
    "integer": "is no whole number of 64 bits",
    "number": "is no number",
    "boolean": "is neither true nor false",
    "date": "is no date (YYYY-MM-DD)",
}
"""Why a value cannot be of a type, in words that follow the value; every text is a text."""


class Typed(NamedTuple):
    """A column of a field's type, and which of its values are missing because the text cannot be of that type."""

    column: pd.Series
    refused: Mask


def typed(values: pa.Array, as_type: FieldType) -> Typed:
    """Return text as a column of a field's type."""
    read = _READERS.get(as_type)
    if read is None:
        return Typed(pd.Series(pd.array(values.to_pandas(), dtype="str")), np.zeros(len(values), dtype=bool))
    trimmed = pc.utf8_trim_whitespace(values)
    column = read(trimmed)
    return Typed(column, mask(pc.not_equal(trimmed, "")) & column.isna().to_numpy(dtype=bool))


def _integers(values: pa.Array) -> pd.Series:
    # Not by way of floating point: a large integer would lose its last digits.
    digits = pc.replace_substring_regex(_matching(values, _INTEGER), pattern=r"^\+|\.0*$", replacement="")
    fits = mask(pc.less_equal(pc.utf8_length(digits), _SURELY_64_BITS))
    for at in np.flatnonzero(mask(pc.is_valid(digits)) & ~fits).tolist():
        fits[at] = _has_64_bits(digits[at].as_py())
    return _series(_where(fits, digits).cast(pa.int64()), pd.Int64Dtype())


def _has_64_bits(digits: str) -> bool:
    # Python refuses to read thousands of digits.
    significant = digits.lstrip("-0")
    return len(significant) <= _DIGITS_OF_64_BITS and int(significant or "0") < 2**63 + digits.startswith("-")


def _numbers(values: pa.Array) -> pd.Series:
    numbers = _matching(values, _NUMBER).cast(pa.float64())
    return _series(_where(mask(pc.is_finite(numbers)), numbers), pd.Float64Dtype())


def _truths(values: pa.Array) -> pd.Series:
    found = pc.index_in(pc.utf8_lower(values), value_set=_TRUTHS, skip_nulls=True)
    return _series(pc.less(found, 2), pd.BooleanDtype())


def _dates(values: pa.Array) -> pd.Series:
    """Few days are written often: each is looked at once."""
    encoded = pc.dictionary_encode(_matching(values, _DATE))
    days = [day if _is_day(day) else None for day in encoded.dictionary.to_pylist()]
    return pd.Series(pd.array(pa.array(days, values.type).take(encoded.indices).to_pandas(), dtype="str"))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _matching(values: pa.Array, pattern: str) -> pa.Array:
    return _where(mask(pc.match_substring_regex(values, pattern)), values)


def _where(kept: Mask, values: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(kept), values, pa.scalar(None, values.type))


def _series(values: pa.Array, dtype: pd.api.extensions.ExtensionDtype) -> pd.Series:
    return pd.Series(values.to_pandas(types_mapper={values.type: dtype}.get))


_READERS: Final[Mapping[FieldType, Callable[[pa.Array], pd.Series]]] = {
    "integer": _integers,
    "number": _numbers,
    "boolean": _truths,
    "date": _dates,
}
