import pandas as pd
import pytest

from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.mapping import TRANSFORMS, FieldMapping, mapped
from asset_sync.reconcile.tables import guess_column
from asset_sync_tests.reconcile.worlds import ASSET, MAKER, SOURCE


def source(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})


def plain(column: pd.Series) -> list[object]:
    return column.astype(object).where(column.notna(), None).tolist()


def transformed(name: str, value: str | None) -> object:
    made = mapped(source(x=[value]), ASSET, {"name": FieldMapping(SOURCE, "x", transform=name)}).fields
    return plain(made["name"])[0]


@pytest.mark.parametrize(
    ("transform", "value", "expected"),
    [
        ("lines", "  ASN:  65101 \r\n\r\nProfile:\tvs\x00\nx  ", "ASN: 65101\n\nProfile: vs\nx"),
        ("lines", " \n\u2028 \u200b", None),
        ("text", "one\ntwo", "one two"),
        ("text", "  a \t b ", "a b"),
        ("text", "   ", None),
        ("text", None, None),
        ("upper", " ab ", "AB"),
        ("lower", " AB ", "ab"),
        ("serial", " 5cg 123 ", "5CG123"),
        ("serial", "To be filled by O.E.M.", None),
        ("serial", "0", None),
        ("tag", "inv-1", "inv-1"),
        ("tag", "N/A", None),
        ("tag", "No Asset Information", None),
        ("tag", "00017", "00017"),
        ("tag", "123", "123"),
        ("host", "pc-1.corp.example.org", "pc-1"),
        ("host", "pc-1", "pc-1"),
        ("model", "HP EliteBook 650 15.6 inch G9 Notebook PC", "EliteBook 650 G9"),
        ("model", "HP", "HP"),
        ("mac", "aa-bb-cc-dd-ee-0f", "AA:BB:CC:DD:EE:0F"),
        ("mac", "aabb.ccdd.ee0f", "AA:BB:CC:DD:EE:0F"),
        ("mac", "00:00:00:00:00:00", None),
        ("mac", "ff:ff:ff:ff:ff:ff", None),
        ("mac", "aa:bb", None),
        ("date", "2024-01-31T23:59:59Z", "2024-01-31"),
        ("date", "31.01.2024", None),
    ],
)
def test_transforms(transform: str, value: str | None, expected: str | None) -> None:
    assert transformed(transform, value) == expected


def test_every_transform_keeps_missing_values_missing_and_bears_an_empty_column() -> None:
    for name in TRANSFORMS:
        assert transformed(name, None) is None
        assert len(mapped(source(x=[]), ASSET, {"name": FieldMapping(SOURCE, "x", transform=name)}).fields) == 0


def test_constants_defaults_and_replaced_values() -> None:
    made = mapped(
        source(state=["Online", "gone-away", "?", None, "-"]),
        ASSET,
        {
            "status": FieldMapping(
                SOURCE, "state", default="stored", values={"online": "in-use", "Gone away": "lost", "-": "odd"}
            ),
            "room": FieldMapping(SOURCE, value="basement"),
        },
    ).fields
    assert plain(made["status"]) == ["in-use", "lost", "?", "stored", "-"]
    assert plain(made["room"]) == ["basement"] * 5


def test_values_get_the_type_of_their_field() -> None:
    made = mapped(
        source(m=["8", " 16.0 ", None, "9007199254740993"], e=["true", "False", None, "1"]),
        ASSET,
        {"memory": FieldMapping(SOURCE, "m"), "encrypted": FieldMapping(SOURCE, "e")},
    ).fields
    assert plain(made["memory"]) == [8, 16, None, 9007199254740993]
    assert plain(made["encrypted"]) == [True, False, None, True]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("memory", "plenty", "'plenty' is no whole number of 64 bits"),
        ("memory", "5.5", "'5.5' is no whole number of 64 bits"),
        ("encrypted", "perhaps", "'perhaps' is neither true nor false"),
        ("bought", "2024-02-30", "'2024-02-30' is no date (YYYY-MM-DD)"),
        ("memory", "9" * 60, f"'{'9' * 40}'… is no whole number of 64 bits"),
    ],
)
def test_a_value_that_cannot_be_of_its_fields_type_is_left_out_and_told(field: str, value: str, reason: str) -> None:
    good = {"memory": "8", "encrypted": "true", "bought": "2024-02-29"}[field]
    made = mapped(source(x=[good, value, None]), ASSET, {field: FieldMapping(SOURCE, "x"), "name": FieldMapping(SOURCE, "x")})
    assert made.fields[field].notna().tolist() == [True, False, False]
    assert plain(made.fields["name"]) == [good, value, None]
    assert made.refused.to_dict("records") == [{"row": 1, "field": field, "value": value, "reason": reason}]


def test_what_a_mapping_takes_for_a_date_and_is_none_is_told_whatever_the_field() -> None:
    made = mapped(source(x=["soon", "2024-01-31"]), ASSET, {"room": FieldMapping(SOURCE, "x", transform="date")})
    assert plain(made.fields["room"]) == [None, "2024-01-31"]
    assert made.refused["reason"].tolist() == ["'soon' is no date (YYYY-MM-DD)"]


def test_a_refused_value_is_not_empty_and_gets_no_default() -> None:
    made = mapped(source(x=["plenty", None]), ASSET, {"memory": FieldMapping(SOURCE, "x", default="4")})
    assert plain(made.fields["memory"]) == [None, 4]
    assert made.fields[guess_column("memory")].tolist() == [False, True]


def test_where_nothing_is_refused_the_table_of_refusals_is_empty() -> None:
    for mappings in ({}, {"memory": FieldMapping(SOURCE, "x")}):
        made = mapped(source(x=["8"]), ASSET, mappings)
        assert list(made.refused.columns) == ["row", "field", "value", "reason"]
        assert made.refused.empty


def test_a_value_that_is_but_the_default_is_told_to_be_a_guess() -> None:
    mappings = {"status": FieldMapping(SOURCE, "x", default="stored"), "room": FieldMapping(SOURCE, "x", default="basement")}
    made = mapped(source(x=["stored", None, " "]), ASSET, mappings).fields
    assert plain(made["status"]) == ["stored", "stored", "stored"]
    assert made[guess_column("status")].tolist() == made[guess_column("room")].tolist() == [False, True, True]


def test_where_nothing_is_a_guess_no_column_says_so() -> None:
    mappings = {
        "status": FieldMapping(SOURCE, "x", default="stored"),
        "room": FieldMapping(SOURCE, value="basement"),
        "name": FieldMapping(SOURCE, "y"),
    }
    made = mapped(source(x=["used"], y=[None]), ASSET, mappings).fields
    assert list(made.columns) == ["status", "room", "name", "refused"]


def test_a_name_that_has_no_label_says_nothing_and_takes_the_default() -> None:
    given = source(x=["---", "***", "+", "7", "A+", None])
    made = mapped(given, MAKER, {"name": FieldMapping(SOURCE, "x", default="Unknown")}).fields
    assert plain(made["name"]) == ["Unknown", "Unknown", "Unknown", "7", "A+", "Unknown"]
    assert made[guess_column("name")].tolist() == [True, True, True, False, False, True]
    assert plain(mapped(given, MAKER, {"name": FieldMapping(SOURCE, "x")}).fields["name"])[:3] == [None, None, None]


def test_words_are_replaced_by_what_their_labels_are() -> None:
    mapping = FieldMapping(SOURCE, "x", values={"C": "one", "C#": "two", "Version 1.5": "three"})
    made = mapped(source(x=["c", "c #", "version 1-5", "Version 15"]), ASSET, {"room": mapping}).fields
    assert plain(made["room"]) == ["one", "two", "three", "Version 15"]


def test_a_junk_serial_is_empty_and_told_in_words() -> None:
    made = mapped(source(s=["S1", "0", None, ""]), ASSET, {"serial": FieldMapping(SOURCE, "s", transform="serial")}).fields
    assert plain(made["serial"]) == ["S1", None, None, None]
    assert plain(made["refused"]) == [None, "serial '0' is junk", None, None]


def test_nothing_is_refused_where_no_serial_is_mapped() -> None:
    assert plain(mapped(source(s=["0"]), ASSET, {"name": FieldMapping(SOURCE, "s")}).fields["refused"]) == [None]


def test_a_reference_without_a_source_is_left_for_the_rows_it_points_to() -> None:
    made = mapped(source(s=["S1"]), ASSET, {"serial": FieldMapping(SOURCE, "s"), "model": FieldMapping(SOURCE)}).fields
    assert list(made.columns) == ["serial", "refused"]


def test_the_index_of_the_source_is_kept_and_does_not_mix_rows_up() -> None:
    given = source(s=["S1", "S2"]).iloc[[1, 0]]
    made = mapped(given, ASSET, {"serial": FieldMapping(SOURCE, "s")}).fields
    assert plain(made["serial"]) == ["S2", "S1"]


def test_a_value_that_is_none_of_the_choices_is_refused_and_the_row_goes_on() -> None:
    light = Kind("light", (Field("state", choices=("on", "off")), Field("name")))
    rows = source(state=["on", "half", None, "off"], name=["a", "b", "c", "d"])
    told = mapped(rows, light, {name: FieldMapping(SOURCE, name) for name in ("state", "name")})
    assert plain(told.fields["state"]) == ["on", None, None, "off"]
    assert plain(told.fields["name"]) == ["a", "b", "c", "d"]
    assert told.refused[["row", "field", "reason"]].to_numpy().tolist() == [[1, "state", "'half' is neither on nor off"]]
