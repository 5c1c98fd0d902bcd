import string

import pandas as pd
import pytest

from asset_sync.reconcile.lookups import SLUG_LENGTH, lookup, slug


def names(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def plain(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else value for value in values.tolist()]


def test_names_that_differ_in_case_and_punctuation_are_one_row_spelt_as_most_spell_it() -> None:
    found = lookup(names("HP Inc.", "hp inc", "HP Inc.", "Dell", None, ""), "name")
    assert plain(found.keys) == ["hpinc", "hpinc", "hpinc", "dell", None, None]
    assert found.table["name"].tolist() == ["Dell", "HP Inc."]
    assert found.table["slug"].tolist() == ["dell", "hp-inc"]
    assert found.table["source_key"].tolist() == found.table["key"].tolist() == ["dell", "hpinc"]
    assert found.table["refused"].isna().all()


def test_of_equally_common_spellings_the_first_by_alphabet_wins_in_any_row_order() -> None:
    one, other = lookup(names("Hp", "HP"), "name"), lookup(names("HP", "Hp"), "name")
    assert one.table["name"].tolist() == other.table["name"].tolist() == ["HP"]


def test_a_model_is_one_within_its_maker_only() -> None:
    found = lookup(names("X1", "X1", "x-1", "X1"), "model", names("lenovo", "acme", "lenovo", None), "maker")
    assert plain(found.keys) == ["lenovo/x1", "acme/x1", "lenovo/x1", None]
    assert found.table[["maker", "slug"]].values.tolist() == [["acme", "x1"], ["lenovo", "x1"]]


def test_no_names_give_no_rows() -> None:
    found = lookup(names(), "name")
    assert (len(found.keys), len(found.table)) == (0, 0)
    assert list(found.table.columns) == ["source_key", "key", "refused", "name", "slug"]
    assert len(lookup(names(None, None), "name", names(None, "hp"), "maker").table) == 0


@pytest.mark.parametrize("name", ["HP Inc.", "Müller & Söhne", "日本電気", "***", "ASUSTeK COMPUTER INC.", "x" * 300, "Ü"])
def test_a_slug_is_always_one_that_a_target_takes(name: str) -> None:
    made = slug(name)
    assert 0 < len(made) <= SLUG_LENGTH
    assert set(made) <= set(string.ascii_lowercase + string.digits + "-")


def test_the_slug_of_a_plain_name_is_what_anybody_would_expect() -> None:
    assert slug("HP Inc.") == "hp-inc"


def test_two_names_of_one_slug_are_told_apart_the_same_way_at_every_run() -> None:
    made = lookup(names("Ä", "A"), "name").table.set_index("name")["slug"].to_dict()
    again = lookup(names("A", "Ä", "A"), "name").table.set_index("name")["slug"].to_dict()
    assert made == again
    assert made["A"] != made["Ä"]


def test_a_name_that_comes_later_never_gets_the_slug_of_one_that_was_there_alone() -> None:
    alone = lookup(names("Ä"), "name").table["slug"].tolist()
    together = lookup(names("Ä", "A"), "name").table.set_index("name")["slug"]
    assert together["A"] not in alone


def test_long_names_of_one_beginning_have_slugs_of_their_own() -> None:
    made = lookup(names("x" * 200 + "a", "x" * 200 + "b"), "name").table["slug"]
    assert made.nunique() == 2
    assert made.str.len().max() <= SLUG_LENGTH
