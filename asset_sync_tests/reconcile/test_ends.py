"""The ends of one thing: in one order, whichever of them a record or an object names first."""

import pandas as pd
import pytest

from asset_sync.reconcile.ends import earlier_first, in_order
from asset_sync.reconcile.kinds import Field, Kind

CABLE = Kind("cable", (Field("a", "reference", to="port"), Field("b", "reference", to="port")), ends=("a", "b"))
PAIRS: list[tuple[str | None, str | None]] = [
    ("5", "9"),
    ("9", "10"),
    ("9", "+leaf/E1"),
    ("+leaf/E1", "+leaf/E2"),
    ("+leaf/E1", None),
    ("5", None),
    (None, None),
    ("12", "dcim.rearport:2"),
]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_ends_of_rows_are_in_order_ids_by_number_then_what_is_to_be_made_and_nothing_last(swapped: bool) -> None:
    given = [pair[::-1] if swapped else pair for pair in PAIRS]
    table = earlier_first(CABLE, pd.DataFrame(given, columns=["a", "b"], dtype="str"))
    found = table.astype(object).where(table.notna(), None)
    assert list(zip(found["a"], found["b"], strict=True)) == PAIRS


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not any((end or "").startswith("+") for end in pair)])
def test_the_ends_of_an_object_are_in_the_same_order(pair: tuple[str | None, str | None]) -> None:
    assert in_order(pair) == in_order((pair[1], pair[0])) == pair


def test_a_kind_without_ends_is_left_as_it_is() -> None:
    table = pd.DataFrame([("9", "5")], columns=["a", "b"], dtype="str")
    assert earlier_first(Kind("link", CABLE.fields), table) is table
