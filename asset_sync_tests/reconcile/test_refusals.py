from pathlib import Path

import pandas as pd
import pandera.errors
import pytest

from asset_sync.reconcile.mapping import FieldMapping, mapped
from asset_sync.reconcile.refusals import REFUSED, both, of_records, split_refused, validated, with_refused
from asset_sync.reconcile.tables import Tables
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, MAKER, SOURCE, desired

ROWS = desired(ASSET, {"source_key": "a"}, {"source_key": "b"})
TABLES = {"maker": desired(MAKER), "asset": ROWS}


def refused(kind: str, *values: tuple[str, str]) -> pd.DataFrame:
    """Return the refusals of records whose memory is not what it should be: source keys and values."""
    source = pd.DataFrame({"memory": [value for _, value in values]}, dtype="str")
    found = mapped(source, ASSET, {"memory": FieldMapping(SOURCE, "memory")})
    return of_records(kind, pd.Series([key for key, _ in values], dtype="str"), found.refused)


def told(tables: Tables) -> dict[str, list[tuple[str, ...]]]:
    return {kind: [tuple(row) for row in table.itertuples(index=False)] for kind, table in tables.items()}


def test_refusals_travel_with_the_desired_tables_and_are_split_off_again() -> None:
    together = with_refused(TABLES, [refused("maker"), refused("asset", ("b", "plenty"), ("a", "8"))])
    assert list(validated(KINDS, together)) == ["maker", "asset", REFUSED]
    tables, found = split_refused(together)
    assert list(tables) == ["maker", "asset"]
    assert tables["asset"] is ROWS
    assert told(found) == {"asset": [("b", "memory", "plenty", "'plenty' is no whole number of 64 bits")]}


def test_the_order_is_that_of_the_records_and_not_of_the_source() -> None:
    one = with_refused(TABLES, [refused("asset", ("a", "x"), ("b", "y"))])
    other = with_refused(TABLES, [refused("asset", ("b", "y"), ("a", "x"))])
    pd.testing.assert_frame_equal(one[REFUSED], other[REFUSED])


def test_a_refusal_without_its_record_is_left_out() -> None:
    _, found = split_refused(with_refused(TABLES, [refused("asset", ("gone", "plenty"))]))
    assert found == {}


def test_without_refusals_the_table_is_empty_and_tables_of_old_have_none() -> None:
    together = validated(KINDS, with_refused(TABLES, []))
    assert len(together[REFUSED]) == 0
    assert split_refused(together)[1] == split_refused(TABLES)[1] == {}


def test_refusals_of_the_source_and_of_the_target_stand_together() -> None:
    _, one = split_refused(with_refused(TABLES, [refused("asset", ("a", "x"))]))
    _, other = split_refused(with_refused(TABLES, [refused("asset", ("b", "y"))]))
    assert told(both(one, {})) == told(both({}, one)) == told(one)
    assert [key for key, *_ in told(both(one, other))["asset"]] == ["a", "b"]


def test_the_table_is_the_same_after_it_was_a_file(tmp_path: Path) -> None:
    for given in ([], [refused("asset", ("a", "plenty"))]):
        together = with_refused(TABLES, given)
        together[REFUSED].to_parquet(tmp_path / "refused.parquet", index=False)
        read = pd.read_parquet(tmp_path / "refused.parquet")
        pd.testing.assert_frame_equal(validated(KINDS, {REFUSED: read})[REFUSED], together[REFUSED])


def test_a_table_that_breaks_its_schema_is_refused() -> None:
    broken = with_refused(TABLES, [])[REFUSED].drop(columns="reason")
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        validated(KINDS, TABLES | {REFUSED: broken})
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        validated(KINDS, {"asset": ROWS.drop(columns="key")})
