from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
import pytest

from asset_sync.reconcile.tables import (
    base_column,
    desired_schema,
    desired_table,
    differs,
    empty,
    guess_column,
    index,
    no_links,
    observed_schema,
    take_series,
    text,
)
from asset_sync_tests.reconcile.worlds import ASSET, desired, observed


def strings(*values: str | None) -> pa.Array:
    return pa.array(list(values), pa.large_string())


def test_index_finds_the_first_place_and_nothing_for_a_missing_value() -> None:
    assert index(strings("b", None, "x", "a"), strings("a", "b", "b", None)).tolist() == [1, -1, -1, 0]
    assert index(strings("b"), strings()).tolist() == [-1]
    assert index(strings(), strings("b")).tolist() == []


def test_index_of_few_values_among_many_is_the_same_as_of_many() -> None:
    among = strings(*[None, "x"], *(f"n{n}" for n in range(1000)), "x")
    assert index(strings("n7", None, "x", "nowhere"), among).tolist() == [9, -1, 1, -1]


def test_missing_values_do_not_differ_and_a_missing_one_differs_from_any_other() -> None:
    left, right = pd.Series(["a", "a", None, None], dtype="str"), pd.Series(["a", "b", "b", None], dtype="str")
    assert differs(left, right).tolist() == [False, True, True, False]
    numbers, others = pd.Series([1, 2, None], dtype="Int64"), pd.Series([1, None, None], dtype="Int64")
    assert differs(numbers, others).tolist() == [False, True, False]


def test_taken_is_missing_where_there_is_no_row() -> None:
    found = take_series(pd.Series([10, 20], dtype="Int64"), np.array([1, -1, 0]))
    assert found.astype(object).where(found.notna(), None).tolist() == [20, None, 10]


def test_every_type_reads_as_text_and_missing_stays_missing() -> None:
    assert text(pd.Series([5, None], dtype="Int64")).to_pylist() == ["5", None]
    assert text(pd.Series(["a", None], dtype="str")).to_pylist() == ["a", None]
    assert text(pd.Series([None, None], dtype=object)).to_pylist() == [None, None]


def test_the_empty_tables_satisfy_their_schemas() -> None:
    desired_schema(ASSET).validate(desired(ASSET))
    observed_schema(ASSET).validate(observed(ASSET))
    names = ["source_key", "key", "refused", *(field.name for field in ASSET.fields)]
    desired_schema(ASSET).validate(empty(names, ASSET))


def test_a_table_with_an_id_twice_or_a_row_without_a_key_is_refused() -> None:
    with pytest.raises(pandera.errors.SchemaError):
        observed_schema(ASSET).validate(observed(ASSET, {"id": "1"}, {"id": "1"}))
    with pytest.raises(pandera.errors.SchemaError):
        desired_schema(ASSET).validate(desired(ASSET, {"source_key": "a", "key": None}))
    with pytest.raises(pandera.errors.SchemaErrors):
        desired_schema(ASSET, ["serial"]).validate(desired(ASSET, {"source_key": "a"}))


def test_a_desired_table_says_which_values_are_guesses_where_there_are_any() -> None:
    given = desired(ASSET, {"source_key": "a", "room": "r1"}, {"source_key": "b", "room": "r2"})
    guesses: dict[str, Any] = {
        guess_column("room"): [True, None],
        guess_column("status"): [False, None],
        guess_column("nothing"): [True, True],
    }
    made = desired_table(ASSET, given.assign(**guesses))
    assert made.columns.tolist() == [*given.columns, guess_column("room")]
    assert made[guess_column("room")].tolist() == [True, False]
    desired_schema(ASSET).validate(made)


def test_what_says_which_values_are_guesses_is_complete_and_of_a_field_of_the_kind() -> None:
    given = desired(ASSET, {"source_key": "a"}, {"source_key": "b"})
    breaking: list[dict[str, Any]] = [{guess_column("room"): [True, None]}, {guess_column("nothing"): [True, True]}]
    for guesses in breaking:
        with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
            desired_schema(ASSET).validate(given.assign(**guesses))


def test_links_without_rows_have_a_base_column_for_each_field() -> None:
    assert base_column("room") == "base:room"
    assert list(no_links(["room"]).columns)[-1] == "base:room"
    assert len(no_links()) == 0
