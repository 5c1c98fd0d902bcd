"""Views against what plain Python says of the same texts: in slices, with nulls, twins, and texts longer than a view."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile import tables
from asset_sync.reconcile.tables import as_views, differs, equal, filled, glance, index, known_to_differ, mask, rows_in

TEXT = pa.large_string()
# Of few letters, so that many are equal; some stand in their views whole, some share their first letters and more.
short = st.none() | st.text("ab\x00é", max_size=4)
texts = short | st.sampled_from(["abcdefghijkl", "abcdefghijklm", "abcdefghijklmn", "abcdefghijklmo"])


@st.composite
def columns(draw: st.DrawFn, values: st.SearchStrategy[str | None] = texts) -> pa.Array:
    """A column that begins in the middle of its buffers, as a slice does."""
    before = draw(st.lists(values, max_size=3))
    return pa.array([*before, *draw(st.lists(values, max_size=30))], TEXT)[len(before) :]


@pytest.fixture(autouse=True)
def _hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_WORTH_HASHING", 0)


@given(columns(), columns())
def test_index_is_the_first_place_of_an_equal_text(values: pa.Array, among: pa.Array) -> None:
    there = among.to_pylist()
    assert index(values, among).tolist() == [there.index(v) if v is not None and v in there else -1 for v in values.to_pylist()]


@given(columns(short), columns(short))
def test_index_of_short_texts_goes_by_numbers_and_is_the_same(values: pa.Array, among: pa.Array) -> None:
    there = among.to_pylist()
    assert index(values, among).tolist() == [there.index(v) if v is not None and v in there else -1 for v in values.to_pylist()]


@given(columns(short), columns(short))
def test_texts_of_one_number_are_told_apart(values: pa.Array, among: pa.Array) -> None:
    there = among.to_pylist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "hashed", lambda column: pc.if_else(pc.is_valid(column), 7, pa.scalar(None, pa.int64())))
        found = index(values, among).tolist()
    assert found == [there.index(v) if v is not None and v in there else -1 for v in values.to_pylist()]


@given(columns() | columns(short), columns() | columns(short))
def test_rows_in_are_those_whose_text_is_there(values: pa.Array, among: pa.Array) -> None:
    there = set(among.to_pylist()) - {None}
    assert rows_in(values, among).tolist() == [row for row, value in enumerate(values.to_pylist()) if value in there]


@given(columns(), st.data())
def test_a_glance_says_of_texts_what_the_texts_say(values: pa.Array, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(-1, len(values) - 1), max_size=20))
    others = data.draw(st.lists(texts, min_size=len(rows), max_size=len(rows)))
    plain = [values.to_pylist()[row] if row >= 0 else None for row in rows]
    seen, other = glance(values, np.array(rows, dtype=np.int64)), pa.array(others, TEXT)
    pairs = list(zip(plain, others, strict=True))
    for column in (other, as_views(other)):
        assert differs(seen, column).tolist() == [a != b for a, b in pairs]
        assert equal(column, seen).tolist() == [a == b and a is not None for a, b in pairs]
        assert known_to_differ(seen, column).tolist() == [a != b and None not in (a, b) for a, b in pairs]
    assert filled(seen).tolist() == [value is not None for value in plain]


@given(st.lists(st.none() | st.booleans(), max_size=40), st.integers(0, 12))
def test_a_mask_is_what_is_known_to_be_true(values: list[bool | None], start: int) -> None:
    column = pa.array(values, pa.bool_())[start:]
    assert mask(column).tolist() == [value is True for value in values[start:]]
    assert filled(column).tolist() == [value is not None for value in values[start:]]
