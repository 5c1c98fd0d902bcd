import string

import numpy as np
import pandas as pd
import pytest

from asset_sync.reconcile.lookups import SLUG_LENGTH, lookup, only_guessed, slug


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


def test_names_that_something_tells_apart_are_rows_of_their_own() -> None:
    given = names("Surface Pro 7", "Surface Pro 7", "Surface Pro 7+", "Galaxy S20", "Galaxy S20+", "Model 1.5", "Model 15")
    found = lookup(given, "model", names(*["microsoft"] * 7), "maker")
    assert found.keys.nunique() == len(found.table) == 6
    assert found.keys[0] == found.keys[1] != found.keys[2]
    assert found.table["slug"].tolist() == [
        *("galaxy-s20", "galaxy-s20-plus", "model-1-5", "model-15", "surface-pro-7", "surface-pro-7-plus"),
    ]


def test_what_has_no_label_names_nothing() -> None:
    found = lookup(names("---", "***", "+", "Dell"), "name")
    assert plain(found.keys) == [None, None, None, "dell"]
    assert found.table["name"].tolist() == ["Dell"]


def test_a_row_that_any_record_names_for_certain_is_no_guess() -> None:
    found = lookup(names("Unknown", "Dell", "Unknown", "Other"), "name")
    guessed = only_guessed(found, np.array([True, False, False, True]))
    assert dict(zip(found.table["name"], guessed, strict=True)) == {"Unknown": False, "Dell": False, "Other": True}


@pytest.mark.parametrize(
    ("name", "other"), [("S20", "S20+"), ("S20", "S20⁺"), ("C", "C#"), ("C#", "C++"), ("1,5 TB", "15 TB"), ("1.5", "15")]
)
def test_names_that_come_in_different_runs_have_different_slugs_too(name: str, other: str) -> None:
    assert slug(name) != slug(other)


@pytest.mark.parametrize(
    "name", ["HP Inc.", "Müller & Söhne", "日本電気", "***", "+", "x" * 99 + "+", "ASUSTeK COMPUTER INC.", "x" * 300, "Ü"]
)
def test_a_slug_is_always_one_that_a_target_takes(name: str) -> None:
    made = slug(name)
    assert 0 < len(made) <= SLUG_LENGTH
    assert set(made) <= set(string.ascii_lowercase + string.digits + "-")


def test_the_slug_of_a_plain_name_is_what_anybody_would_expect() -> None:
    assert [slug(name) for name in ("HP Inc.", "Surface Pro 7+", "C#")] == ["hp-inc", "surface-pro-7-plus", "c-sharp"]


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
