import pyarrow as pa
import pytest

from asset_sync.reconcile.kinds import FieldType
from asset_sync.reconcile.values import typed


def one(as_type: FieldType, value: str | None) -> tuple[object, bool]:
    """Return the value as that type, None where it is missing, and whether it is refused."""
    found = typed(pa.array([value], pa.large_string()), as_type)
    return (None if found.column.isna().iloc[0] else found.column.iloc[0]), bool(found.refused[0])


@pytest.mark.parametrize(
    ("as_type", "value", "expected"),
    [
        ("integer", "8", 8),
        ("integer", " 16.0 ", 16),
        ("integer", "+5", 5),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "-9223372036854775808", -(2**63)),
        ("integer", "0" * 5000 + "7", 7),
        ("number", "1.5", 1.5),
        ("number", ".5", 0.5),
        ("number", "-1e3", -1000.0),
        ("boolean", "True", True),
        ("boolean", " false ", False),
        ("boolean", "1", True),
        ("boolean", "0", False),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "9999-12-31", "9999-12-31"),
        ("text", " as it is ", " as it is "),
    ],
)
def test_text_becomes_a_value_of_the_type(as_type: FieldType, value: str, expected: object) -> None:
    assert one(as_type, value) == (expected, False)


@pytest.mark.parametrize(
    ("as_type", "value"),
    [
        ("integer", "plenty"),
        ("integer", "5.5"),
        ("integer", "16,384"),
        ("integer", "1_000"),
        ("integer", "9223372036854775808"),
        ("integer", "-9223372036854775809"),
        ("integer", "1" * 5000),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("number", "1,5"),
        ("boolean", "perhaps"),
        ("boolean", "2"),
        ("date", "soon"),
        ("date", "2024-02-30"),
        ("date", "31.01.2024"),
        ("date", "20240131"),
    ],
)
def test_what_cannot_be_of_the_type_is_missing_and_refused(as_type: FieldType, value: str) -> None:
    assert one(as_type, value) == (None, True)


@pytest.mark.parametrize("as_type", ["integer", "number", "boolean", "date"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_empty_is_missing_and_not_refused(as_type: FieldType, value: str | None) -> None:
    assert one(as_type, value) == (None, False)


@pytest.mark.parametrize("as_type", ["integer", "number", "boolean", "date", "text"])
def test_a_bad_value_leaves_its_neighbours_alone(as_type: FieldType) -> None:
    good = {"integer": "8", "number": "8.5", "boolean": "true", "date": "2024-01-31", "text": "x"}[as_type]
    found = typed(pa.array([good, "\x00?", good], pa.large_string()), as_type)
    assert found.column.notna().tolist() == [True, as_type == "text", True]
    assert found.refused.tolist() == [False, as_type != "text", False]
