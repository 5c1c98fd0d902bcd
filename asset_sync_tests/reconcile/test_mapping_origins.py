"""Where a field's value can come from: templates, several columns, rules, regular expressions, units, networks."""

from ipaddress import ip_network

import pandas as pd
import pytest

from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.mapping import Condition, FieldMapping, Network, PrefixLengths, Regex, Rule, Unit, chosen, mapped
from asset_sync.reconcile.tables import guess_column
from asset_sync_tests.reconcile.worlds import SOURCE

KIND = Kind("thing", (Field("name"), Field("memory", "integer"), Field("address")))


def source(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})


def told(table: pd.DataFrame, mapping: FieldMapping, field: str = "name") -> list[object]:
    column = mapped(table, KIND, {field: mapping}).fields[field]
    return column.astype(object).where(column.notna(), None).tolist()


def test_a_template_is_empty_where_one_of_its_columns_is() -> None:
    rooms = source(building=["North", "South", None], room=["1.01", " ", "2"])
    assert told(rooms, FieldMapping(SOURCE, template="{building} / {room}")) == ["North / 1.01", None, None]


def test_a_text_is_cut_where_the_mapping_says_so_and_nowhere_else() -> None:
    kind = Kind("thing", (Field("name", max_length=5),))
    table = source(x=["Grüße", "Grüße aus", "1234 678", "   ", None])
    whole, cut = ["Grüße", "Grüße aus", "1234 678", None, None], ["Grüße", "Grüße", "1234", None, None]
    for truncate, expected in ((True, cut), (False, whole)):
        column = mapped(table, kind, {"name": FieldMapping(SOURCE, "x", truncate=truncate)}).fields["name"]
        assert column.astype(object).where(column.notna(), None).tolist() == expected


def test_columns_strung_together_leave_out_what_is_empty() -> None:
    notes = source(a=["x", None, None, " "], b=["y", "z", None, "w"])
    assert told(notes, FieldMapping(SOURCE, concat=("a", "b"), separator=", ")) == ["x, y", "z", None, "w"]


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (Regex(r"\d+"), ["12", None, None]),
        (Regex(r"([a-z]+)-\d+"), ["ab", None, None]),
        (Regex(r"(\d)(\d)"), ["1", None, None]),
        (Regex(r"-.*$", ""), ["ab", "none", None]),
        (Regex(r"^(\w+)-(\d+)$", r"\2.\1"), ["12.ab", "none", None]),
    ],
)
def test_a_regular_expression_takes_its_first_group_or_replaces(regex: Regex, expected: list[object]) -> None:
    assert told(source(x=["ab-12", "none", None]), FieldMapping(SOURCE, "x", regex=regex)) == expected


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        (Unit("B", "GiB"), "17179869184", 16),
        (Unit("MB", "MB"), "512", 512),
        (Unit("GiB", "MiB"), "1.5", 1536),
        (Unit("KB", "MB"), "1499", 1),
        (Unit("B", "KiB"), None, None),
    ],
)
def test_sizes_are_written_in_another_unit(unit: Unit, value: str | None, expected: int | None) -> None:
    assert told(source(x=[value]), FieldMapping(SOURCE, "x", unit=unit), "memory") == [expected]


def test_what_is_no_size_is_refused_in_its_own_words() -> None:
    made = mapped(source(x=["much"]), KIND, {"memory": FieldMapping(SOURCE, "x", unit=Unit("B", "GiB"))})
    assert made.refused["reason"].tolist() == ["'much' is no whole number of 64 bits"]


def test_values_are_replaced_by_what_is_exact_first_then_by_the_first_glob() -> None:
    values = {"*server*": "server", "Windows 10": "old", "Win*": "windows"}
    table = source(os=["windows 10", "Windows 11 Pro", "Windows Server 2022", "Debian", None])
    assert told(table, FieldMapping(SOURCE, "os", values=values)) == ["old", "windows", "server", "Debian", None]


def test_the_first_rule_that_fits_says_the_value_and_the_field_the_rest() -> None:
    laptop = Rule((Condition("chassis", among=("laptop", "note*")),), FieldMapping(SOURCE, value="Mobile"))
    server = Rule((Condition("os", among=("*server*",)),), FieldMapping(SOURCE, "os"))
    table = source(chassis=["Notebook", "Tower", "Tower", None], os=["Windows Server", "Windows Server", "Debian", None])
    mapping = FieldMapping(SOURCE, value="Workstation", rules=(laptop, server))
    assert told(table, mapping) == ["Mobile", "Windows Server", "Workstation", "Workstation"]


def test_what_a_rule_but_guesses_is_a_guess_and_no_other_value() -> None:
    sure = Rule((Condition("family", filled=True),), FieldMapping(SOURCE, "family"))
    guessed = Rule((Condition("code", among=("2*",)),), FieldMapping(SOURCE, "code"), guess=True)
    table = source(family=["T14", None, None, None], code=["21AH", "20XW", "X1", None])
    made = mapped(table, KIND, {"name": FieldMapping(SOURCE, "code", rules=(sure, guessed))}).fields
    assert made["name"].tolist()[:3] == ["T14", "20XW", "X1"]
    assert made[guess_column("name")].tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("x", among=("A?",)), [True, False, False, False]),
        (Condition("x", not_among=("a*",)), [False, True, True, True]),
        (Condition("x", filled=True), [True, True, True, False]),
        (Condition("x", filled=False), [False, False, False, True]),
        (Condition("x", at_least=7), [False, True, False, False]),
        (Condition("x", at_most=7, at_least=6), [False, True, False, False]),
        (Condition("x", within=(ip_network("10.0.0.0/8"),)), [False, False, True, False]),
        (Condition("x", within=(ip_network("fd00::/8"),)), [False, False, False, False]),
    ],
)
def test_conditions(condition: Condition, expected: list[bool]) -> None:
    assert chosen(source(x=["ab", "7", "10.1.2.3/24", None]), [condition]).tolist() == expected


def test_all_conditions_must_hold_and_none_is_no_condition() -> None:
    table = source(x=["a", "a"], y=["1", "2"])
    assert chosen(table, [Condition("x", among=("a",)), Condition("y", among=("2",))]).tolist() == [False, True]
    assert chosen(table, []).tolist() == [True, True]


def test_what_a_glob_is_made_of_means_nothing_else() -> None:
    assert chosen(source(x=["a.b", "axb", "a(b"]), [Condition("x", among=("a.b", "a(b"))]).tolist() == [True, False, True]


def test_an_address_has_the_prefix_length_of_the_narrowest_known_network_else_the_assumed_one() -> None:
    known = (ip_network("10.1.0.0/16"), ip_network("10.1.4.0/22"), ip_network("fd00:1::/48"))
    network = Network(assumed=PrefixLengths(24, 64), known=known)
    table = source(x=["10.1.5.9", "10.1.99.9", "10.2.0.9", "fd00:1::9", "fd00:2::9", "10.1.5.9/30"])
    made = mapped(table, KIND, {"address": FieldMapping(SOURCE, "x", network=network)}).fields
    expected = ["10.1.5.9/22", "10.1.99.9/16", "10.2.0.9/24", "fd00:1::9/48", "fd00:2::9/64", "10.1.5.9/30"]
    assert made["address"].tolist() == expected
    assert made[guess_column("address")].tolist() == [False, False, True, False, True, False]


def test_a_gateway_outside_speaks_against_an_assumed_network_and_not_against_a_known_one() -> None:
    network = Network(gateway="gateway", known=(ip_network("10.1.4.0/22"),))
    table = source(x=["10.1.5.9", "10.2.0.9"], gateway=["10.9.9.1", "10.9.9.1"])
    made = mapped(table, KIND, {"address": FieldMapping(SOURCE, "x", network=network)}).fields
    assert made["address"].tolist() == ["10.1.5.9/22", "10.2.0.9/32"]
