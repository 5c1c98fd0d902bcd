"""Texts as Arrow's string views: sixteen bytes each, which hold a short text whole and point to a long one.

Arrow gathers and compares them several times as fast as texts, but knows little else to do with them: they live for a
comparison. Source: "Variable-size Binary View Layout" in the specification of Arrow's columnar format.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_WIDTH: Final = 16
_SHORT: Final = 12
"""Bytes; a text that is no longer stands in the view itself, after its length, filled up with zeros."""
_ADDRESSED: Final = 2**31 - 1
"""Bytes of text that views can tell apart places in."""
_FILTER_BITS: Final = 20
"""A filter of a million places stays in the processor's cache."""
_ODD: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))


def can_view(values: pa.Array) -> bool:
    """Return whether a column is text to which views can point."""
    return bool(pa.types.is_large_string(values.type)) and values.nbytes < _ADDRESSED


def take_views(values: pa.Array, rows: pa.Array) -> pa.Array:
    """Return the texts at those rows as views, null where the row is; no text is copied."""
    validity, views, *texts = values.cast(pa.string_view()).buffers()
    # A bitmap of nulls that has none takes twice the time of the whole.
    known = validity if values.null_count else None
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_WIDTH), len(values), [known, views], offset=values.offset)
    taken = fixed.take(rows)
    return pa.Array.from_buffers(pa.string_view(), len(taken), [*taken.buffers(), *texts])


def can_hash(values: pa.Array) -> bool:
    """Return whether a column is text that stands in its views whole."""
    return can_view(values) and len(values) > 0 and (pc.max(pc.binary_length(values)).as_py() or 0) <= _SHORT


def hashed(values: pa.Array) -> pa.Array:
    """Return a number for each short text, equal for equal texts and next to never for others; null where there is none.

    Numbers are found among numbers in a third of the time in which texts are among texts.
    """
    absent = None if not values.null_count else np.asarray(pc.is_null(values))
    return pa.array(_numbers(values).view(np.int64), mask=absent)


def may_be_among(values: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    """Return the rows of short texts that are in the other column, and a few others (a Bloom filter of one hash)."""
    bits = min(max(len(among), 1).bit_length() + 4, _FILTER_BITS)
    there = np.zeros(1 << bits, dtype=bool)
    there[_numbers(among) >> np.uint64(64 - bits)] = True
    return np.flatnonzero(there[_numbers(values) >> np.uint64(64 - bits)])


def _numbers(values: pa.Array) -> npt.NDArray[np.uint64]:
    views = values.cast(pa.string_view())
    words = np.frombuffer(views.buffers()[1], np.uint64).reshape(-1, 2)[views.offset : views.offset + len(views)]
    numbers = (words[:, 0] * _ODD[0] ^ words[:, 1]) * _ODD[1]
    mixed: npt.NDArray[np.uint64] = (numbers ^ (numbers >> np.uint64(29))) * _ODD[0]
    return mixed
