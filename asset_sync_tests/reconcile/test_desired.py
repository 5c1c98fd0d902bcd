"""Desired tables: from any tables of a source, whose columns point to one another, to kinds that refer to one another."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from asset_sync.reconcile.desired import SyncMapping, as_mapped, desired_tables
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, in_order
from asset_sync.reconcile.mapping import Condition, FieldMapping
from asset_sync.reconcile.sources import Column, Source, SourceTable
from asset_sync_tests.reconcile.worlds import SOURCE

MAKER = Kind("maker", (Field("name", required=True), Field("slug")), (IdentityRule("name", ("name",)),), referred=True)
MODEL = Kind(
    "model",
    (Field("maker", "reference", to="maker"), Field("model", required=True), Field("slug"), Field("part")),
    (IdentityRule("model", ("maker", "model")),),
)
THING = Kind(
    "thing",
    (Field("name"), Field("serial"), Field("model", "reference", to="model")),
    (IdentityRule("serial", ("serial",)), IdentityRule("name", ("name",), decisive=False)),
)
PORT = Kind(
    "port",
    (Field("thing", "reference", to="thing"), Field("name", required=True)),
    (IdentityRule("name", ("thing", "name")),),
    parent="thing",
)
MAIN = Kind(
    "main", (Field("thing", "reference", to="thing"), Field("port", "reference", to="port")), parent="thing", facet_of="thing"
)
KINDS = in_order([MAKER, MODEL, THING, PORT, MAIN])
DECLARED = {
    "things": SourceTable(
        "things",
        "",
        (Column("id"), Column("name"), Column("serial"), Column("type_id", to="types"), Column("first", to="ports")),
    ),
    "types": SourceTable(
        "types", "", (Column("id"), Column("name"), Column("part"), Column("maker"), Column("by", to="makers"))
    ),
    "makers": SourceTable("makers", "", (Column("id"), Column("name"))),
    "ports": SourceTable("ports", "", (Column("id"), Column("of", to="things"), Column("name"))),
}


def table(*rows: tuple[str | None, ...], columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split(), dtype="str")


def tables() -> dict[str, pd.DataFrame]:
    return {
        "things": table(
            ("1", "a", "S1", "10", "p1"),
            ("2", "b", None, "11", None),
            ("3", None, None, "99", "p9"),
            columns="id name serial type_id first",
        ),
        "types": table(("10", "X 1", "P1", "Dell", "m"), ("11", "X-1", None, "DELL", "m"), columns="id name part maker by"),
        "makers": table(("m", "Dell Inc."), columns="id name"),
        "ports": table(("p1", "1", "eth0"), ("p2", "1", None), ("p3", "2", "eth0"), ("p9", "7", "eth0"), columns="id of name"),
    }


def field(source: str | None = None, **more: Any) -> FieldMapping:
    return FieldMapping(SOURCE, source, **more)


FIELDS: Mapping[str, Mapping[str, FieldMapping]] = {
    "maker": {"name": field("maker"), "slug": field()},
    "model": {"maker": field(), "model": field("name"), "slug": field(), "part": field("part")},
    "thing": {"name": field("name"), "serial": field("serial"), "model": field("type_id")},
    "port": {"thing": field(), "name": field("name")},
    "main": {"port": field("first")},
}
FROM = {"maker": "types", "model": "types", "thing": "things", "port": "ports", "main": "things"}


def made(
    fields: Mapping[str, Mapping[str, FieldMapping]] = FIELDS, **where: tuple[Condition, ...]
) -> dict[str, list[dict[str, Any]]]:
    mapping = SyncMapping(FROM, fields, where)
    found = desired_tables(Source(DECLARED, tables()), as_mapped(KINDS, mapping), mapping).tables
    return {name: _plain(each) for name, each in found.items()}


def _plain(given: pd.DataFrame) -> list[dict[str, Any]]:
    rows = given.astype(object).where(given.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def keyed(rows: list[dict[str, Any]], *fields: str) -> dict[str, tuple[Any, ...]]:
    return {row["source_key"]: tuple(row[name] for name in fields) for row in rows}


def test_a_reference_leads_by_its_foreign_key_to_the_row_of_the_other_kind() -> None:
    found = made()
    (maker,), models = found["maker"], found["model"]
    # "X 1" and "X-1" are one label, of one maker whatever its case.
    assert [(row["maker"], row["model"], row["part"]) for row in models] == [(maker["key"], "X 1", "P1")]
    assert keyed(found["thing"], "model") == {"1": (models[0]["key"],), "2": (models[0]["key"],), "3": (None,)}


def test_rows_without_what_makes_an_object_are_none_and_nothing_refers_to_them() -> None:
    found = made()
    assert keyed(found["port"], "thing", "name") == {"p1": ("a", "eth0"), "p3": ("b", "eth0")}
    assert keyed(found["main"], "thing", "port") == {"1": ("a", "a eth0")}


def test_a_facet_of_which_nothing_is_said_is_one_where_that_clears() -> None:
    cleared = FieldMapping(replace(SOURCE, clears=True), source="first")
    found = made({**FIELDS, "main": {"port": cleared}})
    assert keyed(found["main"], "thing", "port") == {"1": ("a", "a eth0"), "2": ("b", None), "3": ("3", None)}


def test_keys_are_what_people_know_rows_by() -> None:
    assert keyed(made()["thing"], "key") == {"1": ("a",), "2": ("b",), "3": ("3",)}


def test_a_column_of_the_row_that_a_foreign_key_points_to_over_several_steps() -> None:
    found = made({**FIELDS, "thing": {"name": field("type_id.by.name"), "serial": field("type_id.part")}})
    assert keyed(found["thing"], "name", "serial") == {"1": ("Dell Inc.", "P1"), "2": ("Dell Inc.", None), "3": (None, None)}


def test_rows_that_a_filter_leaves_out_are_gone_with_all_that_hangs_on_them() -> None:
    found = made(things=(Condition("name", among=("b",)),))
    assert [row["source_key"] for row in found["thing"]] == ["2"]
    assert [row["source_key"] for row in found["port"]] == ["p3"]
    assert found["main"] == []


def test_records_of_a_table_of_their_own_are_made_even_if_nothing_refers_to_them() -> None:
    mapping = SyncMapping({"maker": "makers"}, {"maker": {"name": field("name"), "slug": field("id")}})
    assert not as_mapped({"maker": MAKER}, mapping)["maker"].referred
    assert as_mapped({"maker": MAKER}, SyncMapping(FROM, FIELDS))["maker"].referred


@pytest.mark.parametrize(
    ("name", "to", "told", "expected"),
    [
        ("thing", "things", None, "of"),
        ("port", "ports", None, None),
    ],
)
def test_the_way_to_another_table(name: str, to: str, told: str | None, expected: str | None) -> None:
    assert DECLARED["ports"].reference(name, to, told) == expected


def test_no_way_or_several_is_refused_in_words() -> None:
    two = SourceTable("moves", "", (Column("id"), Column("old", to="things"), Column("new", to="things")))
    assert two.reference("new", "things") == "new"
    with pytest.raises(ValueError, match=r"several columns that point to things: name one with `from`: old, new"):
        two.reference("thing", "things")
    with pytest.raises(ValueError, match="no column that points to makers"):
        two.reference("maker", "makers")
    with pytest.raises(ValueError, match=r"moves\.id does not point to things; what does is old, new"):
        two.reference("thing", "things", "id")
