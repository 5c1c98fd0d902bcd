import pandas as pd
import pytest

from asset_sync.reconcile.mapping import TRANSFORMS, FieldMapping, mapped
from asset_sync_tests.reconcile.worlds import ASSET, SOURCE


def source(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})


def plain(column: pd.Series) -> list[object]:
    return column.astype(object).where(column.notna(), None).tolist()


def transformed(name: str, value: str | None) -> object:
    made = mapped(source(x=[value]), ASSET, {"name": FieldMapping(SOURCE, "x", transform=name)})
    return plain(made["name"])[0]


@pytest.mark.parametrize(
    ("transform", "value", "expected"),
    [
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
        assert len(mapped(source(x=[]), ASSET, {"name": FieldMapping(SOURCE, "x", transform=name)})) == 0


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
    )
    assert plain(made["status"]) == ["in-use", "lost", "?", "stored", "-"]
    assert plain(made["room"]) == ["basement"] * 5


def test_values_get_the_type_of_their_field() -> None:
    made = mapped(
        source(m=["8", " 16.0 ", None, "9007199254740993"], e=["true", "False", None, "1"]),
        ASSET,
        {"memory": FieldMapping(SOURCE, "m"), "encrypted": FieldMapping(SOURCE, "e")},
    )
    assert plain(made["memory"]) == [8, 16, None, 9007199254740993]
    assert plain(made["encrypted"]) == [True, False, None, True]


@pytest.mark.parametrize(("field", "value"), [("memory", "plenty"), ("memory", "5.5"), ("encrypted", "perhaps")])
def test_a_value_that_cannot_be_of_its_fields_type_is_refused_with_the_fields_name(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=field):
        mapped(source(x=[value]), ASSET, {field: FieldMapping(SOURCE, "x")})


def test_a_junk_serial_is_empty_and_told_in_words() -> None:
    made = mapped(source(s=["S1", "0", None, ""]), ASSET, {"serial": FieldMapping(SOURCE, "s", transform="serial")})
    assert plain(made["serial"]) == ["S1", None, None, None]
    assert plain(made["refused"]) == [None, "serial '0' is junk", None, None]


def test_nothing_is_refused_where_no_serial_is_mapped() -> None:
    assert plain(mapped(source(s=["0"]), ASSET, {"name": FieldMapping(SOURCE, "s")})["refused"]) == [None]


def test_a_reference_without_a_source_is_left_for_the_rows_it_points_to() -> None:
    made = mapped(source(s=["S1"]), ASSET, {"serial": FieldMapping(SOURCE, "s"), "model": FieldMapping(SOURCE)})
    assert list(made.columns) == ["serial", "refused"]


def test_the_index_of_the_source_is_kept_and_does_not_mix_rows_up() -> None:
    given = source(s=["S1", "S2"]).iloc[[1, 0]]
    made = mapped(given, ASSET, {"serial": FieldMapping(SOURCE, "s")})
    assert plain(made["serial"]) == ["S2", "S1"]
