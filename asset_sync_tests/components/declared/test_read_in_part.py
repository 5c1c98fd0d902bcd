"""Of any mapping: what is made of the columns that the step reads is what is made of all columns that there are."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, Final

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asset_sync.components.declared.reading import check_there, needed_columns, open_columns, read_tables
from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import Condition, FieldMapping, Network, Regex, Rule
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.sources import Column, Source, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox import declared
from asset_sync.systems.system import System

OWNED: Final = Ownership("source", clears=True)
PLAIN: Final = ("a", "b", "Ä ö", "gateway", "version")
ENDS: Final = ("id", *PLAIN, "x_own", "x_Other")
"""What a column ends with: the key, plain ones, and those that only the system can list."""
LEADING: Final = {"rows": ("place", "other_place"), "places": ("up", "owner"), "owners": ("home",)}
TO: Final = {"place": "places", "other_place": "places", "up": "places", "owner": "owners", "home": "places"}
MADE_OF: Final = {"parts": "rows"}


def _table(name: str, made: Callable[[Tables], pd.DataFrame] | None = None) -> SourceTable:
    keys = (Column("row", to="rows"),) if made else tuple(Column(key, to=TO[key]) for key in LEADING[name])
    columns = (Column("id"), *map(Column, PLAIN), *keys)
    return SourceTable(name, "", columns, open_prefix="x_", made_of=("rows",) if made else (), made=made)


def _parts(tables: Tables) -> pd.DataFrame:
    """Every row is a part; its plain columns are those of the row, turned round."""
    rows = tables["rows"]
    return pd.DataFrame(
        {"id": "part " + rows["id"], "row": rows["id"], **{a: rows[b] for a, b in zip(PLAIN, PLAIN[::-1], strict=True)}}
    )


TABLES: Final = {
    "rows": _table("rows"),
    "parts": _table("parts", _parts),
    "places": _table("places"),
    "owners": _table("owners"),
}
SYSTEM: Final = System("any", "Any", "any", lambda: None, TABLES)  # type: ignore[arg-type, return-value]


def _whole(name: str) -> pd.DataFrame:
    """Return a table of three rows with all columns: each cell says where it is, but for some that are empty."""
    found: dict[str, list[str | None]] = {"id": [f"{name[0]}{n}" for n in range(3)]}
    for at, column in enumerate(ENDS[1:]):
        found[column] = [None if (n + at) % 4 == 3 else f"{name}.{column}.{n}" for n in range(3)]
    found["gateway"], found["version"] = [f"10.{at}.0.1" for at in range(3)], ["4", "6", None]
    found["b"] = [f"10.{n}.0.{len(name)}" for n in range(3)]
    found |= {key: [f"{TO[key][0]}{(n + len(key)) % 3}" if n else None for n in range(3)] for key in LEADING[name]}
    return pd.DataFrame(found, dtype="str")


WHOLE: Final = {name: _whole(name) for name in LEADING}


@st.composite
def columns(draw: st.DrawFn, table: str) -> str:
    """A column as a mapping names it, up to three foreign keys away."""
    steps, at = [], table
    for _ in range(draw(st.integers(0, 3))):
        step = draw(st.sampled_from(("row",) if at in MADE_OF else LEADING[at]))
        steps.append(step)
        at = "rows" if step == "row" else TO[step]
    ends = ENDS[:-2] if at in MADE_OF else ENDS
    return ".".join([*steps, draw(st.sampled_from(ends))])


@st.composite
def conditions(draw: st.DrawFn, table: str) -> Condition:
    told: dict[str, Any] = draw(
        st.sampled_from(
            [
                *({"among": ("*.1", "r*")}, {"not_among": ("*2",)}, {"filled": True}, {"filled": False}, {"at_least": 5.0}),
                {"within": (ip_network("10.1.0.0/16"),)},
            ]
        )
    )
    return Condition(draw(columns(table)), **told)


@st.composite
def told(draw: st.DrawFn, table: str, *, of_rule: bool = False) -> FieldMapping:
    column = columns(table)
    origin: dict[str, Any] = draw(
        st.one_of(
            st.fixed_dictionaries({"source": column}),
            st.fixed_dictionaries({"template": st.lists(column, min_size=1, max_size=3).map(_template)}),
            st.fixed_dictionaries({"concat": st.lists(column, min_size=1, max_size=3).map(tuple)}),
            st.just({"value": "constant"}),
        )
    )
    origin["transform"] = draw(st.sampled_from(["text", "serial", "host", "mac", "tag"]))
    origin["regex"] = draw(st.sampled_from([None, Regex("[0-9.]+"), Regex("o", "0")]))
    origin["values"] = draw(st.sampled_from([{}, {"*.1": "one"}]))
    if of_rule:
        return FieldMapping(OWNED, **origin)
    rule = st.builds(
        Rule, st.lists(conditions(table), min_size=1, max_size=2).map(tuple), told(table, of_rule=True), st.booleans()
    )
    origin["rules"] = tuple(draw(st.lists(rule, max_size=2)))
    origin["default"] = draw(st.sampled_from([None, "default"]))
    if draw(st.booleans()):
        origin["network"] = Network(draw(st.none() | column), None)
    return FieldMapping(OWNED, **origin)


def _template(named: list[str]) -> str:
    return "-".join(f"{{{name}}}" for name in named)


@st.composite
def mappings(draw: st.DrawFn) -> SyncMapping:
    """Sites of places, locations within them, makers by name, and parts of their own table."""
    of_location = draw(st.sampled_from(["rows", "places", "parts", "owners"]))
    of_maker = draw(st.sampled_from([*TABLES]))
    keys: dict[str, list[str | None]] = {
        "rows": ["place", "other_place"],
        "places": ["up", None],
        "parts": [],
        "owners": ["home", None],
    }
    to_site = keys[of_location]
    of_site = "places" if to_site else "rows"
    reference = FieldMapping(OWNED, source=draw(st.sampled_from(to_site))) if to_site else FieldMapping(OWNED)
    slug = FieldMapping(OWNED)
    fields = {
        "manufacturer": {"name": draw(told(of_maker)), "slug": slug, "description": draw(told(of_maker))},
        "site": {"name": draw(told(of_site)), "slug": FieldMapping(OWNED, source="id"), "description": draw(told(of_site))},
        "location": {"site": reference, "name": draw(told(of_location)), "slug": draw(told(of_location))},
    }
    tables = {"manufacturer": of_maker, "site": of_site, "location": of_location}
    filtered = draw(st.lists(st.sampled_from([*TABLES]), unique=True, max_size=2))
    where = {table: (draw(conditions(table)),) for table in filtered}
    return SyncMapping(tables, fields, where)


def read(mapping: SyncMapping) -> Tables:
    """Return what the step is given: of what the system is asked for, what the step needs."""
    found: Tables = {}
    for name in read_tables(SYSTEM, mapping):
        asked = {*TABLES[name].names, *open_columns(SYSTEM, mapping, name)}
        needed = needed_columns(SYSTEM, mapping, name)
        found[name] = WHOLE[name][
            [str(column) for column in WHOLE[name] if column in asked and (needed is None or column in needed)]
        ]
    return found


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(mappings())
def test_what_is_made_of_the_columns_that_are_read_is_what_is_made_of_all(mapping: SyncMapping) -> None:
    kinds: Kinds = declared(mapping.fields)
    given_read = read(mapping)
    check_there(SYSTEM, mapping, given_read, {})
    part, whole = (desired_tables(Source(TABLES, tables), kinds, mapping) for tables in (given_read, WHOLE))
    assert part.notes == whole.notes
    assert part.tables.keys() == whole.tables.keys()
    for name, table in whole.tables.items():
        pd.testing.assert_frame_equal(part.tables[name], table, obj=name)
