import pyarrow as pa
import pytest

from asset_sync.reconcile.forms import joined, junk, normal
from asset_sync.reconcile.kinds import Form


def one(value: str | None, form: Form) -> str | None:
    found: str | None = normal(pa.array([value], pa.large_string()), form)[0].as_py()
    return found


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("exact", " As It Is ", " As It Is "),
        ("exact", "", None),
        ("exact", None, None),
        ("folded", "  PC-01.Example ", "pc-01.example"),
        ("folded", "   ", None),
        ("label", "HP Inc.", "hpinc"),
        ("label", "hp, INC", "hpinc"),
        ("label", "Müller & Söhne", "müllersöhne"),
        ("label", "ＨＰ", "hp"),  # full-width letters
        ("label", "---", None),
        ("label", None, None),
        ("serial", "5cg-123 4567", "5CG1234567"),
        ("serial", "VMware-56 4d 1a", "VMWARE564D1A"),
        ("serial", None, None),
    ],
)
def test_normal_forms(form: Form, value: str | None, expected: str | None) -> None:
    assert one(value, form) == expected


@pytest.mark.parametrize(
    "value",
    [
        "To be filled by O.E.M.",
        "TO BE FILLED BY O.E.M",
        "Default string",
        "System Serial Number",
        "Not Specified",
        "N/A",
        "None",
        "0",
        "00000000",
        "....",
        "XXXXXXX",
        "123456789",
        "",
        "  ",
        "-",
    ],
)
def test_a_junk_serial_is_no_serial(value: str) -> None:
    assert one(value, "serial") is None


@pytest.mark.parametrize("value", ["5CG1234567", "0000001", "XXXXX1", "NONE1", "1234567891", "A1"])
def test_a_serial_that_only_looks_like_junk_is_kept(value: str) -> None:
    assert one(value, "serial") == value


def test_junk_tells_what_is_written_from_what_is_empty() -> None:
    values = pa.array(["0", "....", "Default string", "", "  ", None, "5CG1234567"], pa.large_string())
    assert junk(values).to_pylist() == [True, True, True, False, False, False, False]


def test_joined_is_missing_where_a_part_is() -> None:
    left, right = pa.array(["a", "a", None], pa.large_string()), pa.array(["b", None, "b"], pa.large_string())
    assert joined([left]).to_pylist() == ["a", "a", None]
    assert joined([left, right]).to_pylist() == ["a\x1fb", None, None]


def test_joined_parts_do_not_run_into_one_another() -> None:
    left, right = pa.array(["ab", "a"], pa.large_string()), pa.array(["c", "bc"], pa.large_string())
    first, second = joined([left, right]).to_pylist()
    assert first != second
