"""The three-way merge, as a table: owner, the three values, and what is to happen."""

import pandas as pd
import pytest

from asset_sync.reconcile.merge import Merge, Ownership, merge

# desired, observed, base → the letters of what holds: w(rite), c(onflict), o(urs), a(greed)
SOURCE = [
    ("x", "x", None, "o"),
    ("x", "y", None, "wo"),
    ("x", "y", "y", "wo"),
    ("x", "y", "x", "wo"),  # a person's edit of what the source owns is put back
    ("x", None, None, "wo"),
    (None, "y", None, ""),
    (None, "y", "y", ""),
    (None, None, None, ""),
]
SOURCE_CLEARS = [
    (None, "y", None, "wo"),
    (None, None, None, "o"),
    ("x", "y", None, "wo"),
]
SHARED = [
    # Nothing remembered: equal is agreed on, empty is filled, anything else may be a person's.
    ("x", "x", None, "oa"),
    ("x", None, None, "wo"),
    ("x", "y", None, "a"),
    (None, "y", None, ""),
    (None, None, None, ""),
    # Something remembered.
    ("x", "x", "x", "o"),
    ("x", "y", "y", "wo"),  # the source changed
    ("x", "y", "x", ""),  # a person changed
    ("x", None, "x", ""),  # a person blanked
    ("x", "y", "z", "c"),  # both changed
    ("x", None, "z", "c"),
    ("x", "x", "z", "oa"),  # both changed to the same
    (None, "y", "y", ""),  # an empty source never blanks
    (None, "y", "z", ""),
    (None, None, "z", ""),
]
SHARED_CLEARS = [
    (None, "y", "y", "wo"),
    (None, "y", None, ""),
    (None, "y", "z", "c"),
    (None, None, "z", "oa"),
    (None, None, None, "o"),
    ("x", "y", "y", "wo"),
]
INITIAL = [(d, o, b, "") for d in ("x", None) for o in ("x", "y", None) for b in ("x", "y", "z", None)]
CASES = [
    *((Ownership("source"), *case) for case in SOURCE),
    *((Ownership("source", clears=True), *case) for case in SOURCE_CLEARS),
    *((Ownership("shared"), *case) for case in SHARED),
    *((Ownership("shared", clears=True), *case) for case in SHARED_CLEARS),
    *((Ownership("initial"), *case) for case in INITIAL),
    *((Ownership("initial", clears=True), *case) for case in INITIAL),
]


def letters(merged: Merge, row: int = 0) -> str:
    named = {"w": merged.write, "c": merged.conflict, "o": merged.unedited, "a": merged.agreed}
    return "".join(letter for letter, mask in named.items() if mask[row])


def column(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


@pytest.mark.parametrize(("ownership", "wanted", "there", "base", "expected"), CASES)
def test_every_case_of_the_table(
    ownership: Ownership, wanted: str | None, there: str | None, base: str | None, expected: str
) -> None:
    assert letters(merge(ownership, column(wanted), column(there), column(base))) == expected


@pytest.mark.parametrize("ownership", [Ownership("source"), Ownership("shared"), Ownership("shared", clears=True)])
def test_a_whole_column_is_merged_as_its_rows_are(ownership: Ownership) -> None:
    values = [(d, o, b) for d in ("x", None) for o in ("x", "y", None) for b in ("x", "y", "z", None)]
    wanted, there, base = (column(*part) for part in zip(*values, strict=True))
    together = merge(ownership, wanted, there, base)
    for row, (one, other, before) in enumerate(values):
        assert letters(together, row) == letters(merge(ownership, column(one), column(other), column(before)))


@pytest.mark.parametrize("ownership", [Ownership("shared"), Ownership("shared", clears=True)])
def test_no_base_column_is_a_base_that_is_missing_everywhere(ownership: Ownership) -> None:
    values = [(d, o) for d in ("x", None) for o in ("x", "y", None)]
    wanted, there = (column(*part) for part in zip(*values, strict=True))
    without = merge(ownership, wanted, there, None)
    empty = merge(ownership, wanted, there, column(*[None] * len(values)))
    assert [letters(without, row) for row in range(6)] == [letters(empty, row) for row in range(6)]


def test_numbers_and_truths_are_compared_as_what_they_are() -> None:
    wanted, there = pd.Series([8, 8, None, 0], dtype="Int64"), pd.Series([8, None, 16, None], dtype="Int64")
    assert merge(Ownership("source"), wanted, there, None).write.tolist() == [False, True, False, True]
    truths, seen = pd.Series([True, False, None], dtype="boolean"), pd.Series([False, None, True], dtype="boolean")
    assert merge(Ownership("source"), truths, seen, None).write.tolist() == [True, True, False]
