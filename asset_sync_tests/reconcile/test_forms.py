import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile.forms import is_junk, joined, normal
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
        ("label", "x-1", "x1"),
        ("label", "---", None),
        ("label", "+ #", None),
        ("label", None, None),
        ("tag", " IT-0017 ", "it-0017"),
        ("tag", "-", None),
        ("tag", None, None),
        ("serial", "5cg-123 4567", "5CG1234567"),
        ("serial", "VMware-56 4d 1a", "VMWARE564D1A"),
        ("serial", None, None),
    ],
)
def test_normal_forms(form: Form, value: str | None, expected: str | None) -> None:
    assert one(value, form) == expected


@pytest.mark.parametrize(
    ("one_thing", "other"),
    [
        ("Surface Pro 7", "Surface Pro 7+"),
        ("Galaxy S20", "Galaxy S20 +"),
        ("Galaxy S20", "Galaxy S20＋"),  # a full-width plus
        ("C", "C#"),
        ("C#", "C++"),
        ("Model 1.5", "Model 15"),
        ("Switch 9300-24", "Switch 930-024"),
        ("10.1.1", "10.11"),
        ("10.1.1", "101.1"),
        ("Pro 7 12", "Pro 712"),
        ("गीता", "गाता"),  # they differ in a vowel sign
    ],
)
def test_what_tells_two_products_apart_stays_in_their_labels(one_thing: str, other: str) -> None:
    labels = one(one_thing, "label"), one(other, "label")
    assert None not in labels
    assert labels[0] != labels[1]


@pytest.mark.parametrize(
    ("spelling", "other"),
    [
        ("HP Inc.", "HP, Inc"),
        ("Surface Pro 7+", "SURFACE PRO 7 +"),
        ("OptiPlex-7090", "Optiplex 7090"),
        ("Model 1.5", "MODEL 1-5"),
        ("Zero\u200bWidth 1\u200b5", "zero width 15"),
        ("Latitude 5440 (Rugged)", "Latitude 5440 Rugged"),
    ],
)
def test_spellings_of_one_name_have_one_label(spelling: str, other: str) -> None:
    assert one(spelling, "label") == one(other, "label") is not None


@given(st.text(st.characters(max_codepoint=0x7F), max_size=12))
def test_a_sign_that_nobody_sees_changes_no_form_though_the_letters_of_all_scripts_are_looked_for_then(value: str) -> None:
    assert one(f"{value}\u200b", "label") == one(value, "label")
    assert one(f"{value}\u200b", "serial") == one(value, "serial")


def test_each_value_has_the_form_that_it_has_alone() -> None:
    written = ["HP Inc.", "Müller & Söhne", None, "Model 1.5", "ＨＰ", "---", "C#"]
    values = pa.array(written, pa.large_string())
    assert normal(values, "label").to_pylist() == [one(value, "label") for value in written]
    assert normal(values, "serial").to_pylist() == [one(value, "serial") for value in written]


@pytest.mark.parametrize(
    ("one_thing", "other"), [("B1-12", "B11-2"), ("B112", "B1-12"), ("A 1", "A1"), ("IT/1", "IT-1"), ("1.5", "15")]
)
def test_tags_are_told_apart_by_every_sign(one_thing: str, other: str) -> None:
    assert one(one_thing, "tag") != one(other, "tag")


FACTORY_WORDS = (
    "No Asset Tag",
    "No  Asset  Tag",
    "No Asset Information",
    "System Asset Tag",
    "Chassis Asset Tag",
    "Base Board Asset Tag#",
    "Asset Tag:",
    "Asset-1234567890",
    "ATN12345678901234567",
    "A1_AssetTagNum0",
    "UNKNOWN",
    "Unknow",
    " none",
    "Default string",
    "To Be Filled By O.E.M.",
    "To Be Defined By O.E.M",
    "Fill By OEM",
    "TBD by ODM",
    "OEM_Define3",
    "Not Specified",
    "Not Applicable",
    "Not Available",
    "NotSupport",
    "[Empty]",
    "<cut out>",
    "N/A",
    "ABCDEFGHIJKLM",
    "9876543210",
    "01234567890",
    "123456789000",
    "0000",
    "0x00000000",
    "11111111",
    "XXXXXX",
    "?",
    "No\u00a0Asset\u00a0Tag",
    "No asset tag specified",
    "Not Asset Tagged",
    "No Enclosure",
    "None Provided",
    "Not Recorded",
    "Type1ProductConfigId",
    "To be determined",
    "TBA",
    "S/N",
    "Factory Default",
    "03000200-0400-0500-0006-000700080009",
    "unbekannt",
    "keine",
    "Nicht verfügbar",
    "Inconnu",
    "неизвестно",
)
"""As firmware has them: facts/pdq.md, the cases of users, and what other tools' issues and lists name."""


@pytest.mark.parametrize("form", ["tag", "serial"])
@pytest.mark.parametrize("value", FACTORY_WORDS)
def test_a_factory_word_is_no_tag_and_no_serial(value: str, form: Form) -> None:
    assert one(value, form) is None


@pytest.mark.parametrize(
    "value",
    [
        *("7", "42", "0001", "123", "12345", "123456", "1111", "111111", "1000000"),
        *("IT-7", "Asset-12", "NO-17", "TAG-5", "SN-00012", "Huawei", "none1", "0x1F", "EVAL-7", "123-A", "ABC", "NA-1"),
        *("KEIN-7", "SN-1", "TBA-12", "Geena", "Ohne-3", "Netto"),
    ],
)
def test_a_tag_that_people_number_by_is_kept(value: str) -> None:
    assert one(value, "tag") == value.lower()


@pytest.mark.parametrize(
    "value",
    [
        "To be filled by O.E.M.",
        "Serial No. To Be Filled By O.E.M.",
        "Type2 - Board Serial Number",
        "Base Board Serial Number",
        "Not Applicable",
        "SYS-1234567890",
        "BSN12345678901234567",
        "SerNum0",
        "SN-12345",
        "Product Name",
        "123",
        "777",
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


@pytest.mark.parametrize("value", ["5CG1234567", "0000001", "XXXXX1", "NONE1", "1234567891", "A1", "SN123456", "NOTE1"])
def test_a_serial_that_only_looks_like_junk_is_kept(value: str) -> None:
    assert one(value, "serial") == value


def test_junk_tells_what_is_written_from_what_is_empty() -> None:
    values = pa.array(["0", "....", "Default string", "", "  ", None, "5CG1234567"], pa.large_string())
    assert is_junk(values).to_pylist() == [True, True, True, False, False, False, False]


def test_joined_is_missing_where_a_part_is() -> None:
    left, right = pa.array(["a", "a", None], pa.large_string()), pa.array(["b", None, "b"], pa.large_string())
    assert joined([left]).to_pylist() == ["a", "a", None]
    assert joined([left, right]).to_pylist() == ["a\x1fb", None, None]


def test_joined_parts_do_not_run_into_one_another() -> None:
    left, right = pa.array(["ab", "a"], pa.large_string()), pa.array(["c", "bc"], pa.large_string())
    first, second = joined([left, right]).to_pylist()
    assert first != second
