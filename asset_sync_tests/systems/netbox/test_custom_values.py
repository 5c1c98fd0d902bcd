"""The values of custom fields: one text for one value, and back to the JSON that NetBox takes."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asset_sync.systems.netbox.custom_fields import CustomField, NotOfType
from asset_sync.systems.netbox.custom_values import canonical, read, written

COLOURS = {"red": ("Red",), "blue": ("Navy, dark",), "b1": ("Blau",), "b2": ("BLAU",)}
SITES = {"1": ("Lisbon", "lis"), "2": ("Porto", "porto"), "3": ("7",), "7": ("Faro",), "8": ("Porto",)}


def field(custom_type: str, **rules: Any) -> CustomField:
    options = {"select": COLOURS, "multiselect": COLOURS, "object": SITES, "multiobject": SITES}.get(custom_type)
    related = "dcim.site" if custom_type.endswith("object") else None
    return CustomField("dcim.device", "x", custom_type, **{"options": options, "related": related, **rules})


@pytest.mark.parametrize(
    ("custom_type", "text", "stored", "told"),
    [
        ("text", "007", "007", "007"),
        ("longtext", "a b", "a b", "a b"),
        ("url", "not a url", "not a url", "not a url"),
        ("integer", "007", 7, "7"),
        ("integer", "-16.0", -16, "-16"),
        ("integer", "9223372036854775807", 9223372036854775807, "9223372036854775807"),
        ("decimal", "1199.50", 1199.5, "1199.5"),
        ("decimal", "1e3", 1000.0, "1000"),
        ("decimal", "1e22", 1e22, "10000000000000000000000"),
        ("decimal", "-0.0", 0.0, "0"),
        ("decimal", "0.000001", 0.000001, "0.000001"),
        ("boolean", "True", True, "true"),
        ("boolean", "NEIN", False, "false"),
        ("boolean", "1", True, "true"),
        ("boolean", "no", False, "false"),
        ("date", "2026-02-03", "2026-02-03", "2026-02-03"),
        ("datetime", "2026-02-03T04:05:06+02:00", "2026-02-03T02:05:06Z", "2026-02-03T02:05:06Z"),
        ("datetime", "2026-02-03 04:05:06", "2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z"),
        ("datetime", "2026-02-03", "2026-02-03T00:00:00Z", "2026-02-03T00:00:00Z"),
        ("json", '{"b": [1, 2.0], "a": "ä"}', {"b": [1, 2.0], "a": "ä"}, '{"a":"ä","b":[1,2]}'),
        ("json", "[]", [], "[]"),
        ("json", '"x"', "x", '"x"'),
        ("json", "3", 3, "3"),
        ("json", "1e20", 1e20, "1e+20"),
        ("select", "red", "red", "red"),
        ("select", "RED", "red", "red"),
        ("select", "Navy, dark", "blue", "blue"),
        ("multiselect", "red,blue, red", ["blue", "red"], '["blue","red"]'),
        ("multiselect", "Navy, dark", ["blue"], '["blue"]'),
        ("multiselect", '["Navy, dark", "red"]', ["blue", "red"], '["blue","red"]'),
        ("object", "2", 2, "2"),
        ("object", "lisbon", 1, "1"),
        ("object", "LIS", 1, "1"),
        ("object", "7", 7, "7"),
        ("multiobject", "lis, 2, Lisbon", [1, 2], "[1,2]"),
    ],
)
def test_a_value_has_one_text_and_goes_out_as_its_type_wants_it(custom_type: str, text: str, stored: Any, told: str) -> None:
    assert canonical(field(custom_type), text) == told
    sent = written(custom_type, told)
    assert (type(sent), sent) == (type(stored), stored)
    assert read(custom_type, json.loads(json.dumps(sent))) == told


@pytest.mark.parametrize(
    ("custom_type", "text", "rules", "why"),
    [
        ("text", "abc", {"regex": "^[A-Z]+$"}, "'abc' does not match ^[A-Z]+$"),
        ("url", "ftp://x", {"regex": "https:"}, "'ftp://x' does not match https:"),
        ("integer", "7.5", {}, "'7.5' is no whole number"),
        ("integer", "1_000", {}, "'1_000' is no whole number"),
        ("integer", "0", {"minimum": 1}, "'0' is less than 1"),
        ("integer", "101", {"maximum": 100}, "'101' is more than 100"),
        ("integer", "9223372036854775808", {}, "'9223372036854775808' is too large a number"),
        ("decimal", "12,50", {}, "'12,50' is no decimal number"),
        ("decimal", "NaN", {}, "'NaN' is no decimal number"),
        ("decimal", "1e999", {}, "'1e999' has more digits than NetBox keeps"),
        ("decimal", "12345678901234567.89", {}, "'12345678901234567.89' has more digits than NetBox keeps"),
        ("decimal", "-0.01", {"minimum": 0}, "'-0.01' is less than 0"),
        ("boolean", "maybe", {}, "'maybe' is neither true nor false"),
        ("date", "03/02/2026", {}, "'03/02/2026' is no date (YYYY-MM-DD)"),
        ("date", "2026-02-30", {}, "'2026-02-30' is no date (YYYY-MM-DD)"),
        ("date", "2026-02-03T00:00:00Z", {}, "'2026-02-03T00:00:00Z' is no date (YYYY-MM-DD)"),
        ("datetime", "yesterday", {}, "'yesterday' is no date and time (YYYY-MM-DD HH:MM:SS)"),
        ("json", "{a: 1}", {}, "'{a: 1}' is no JSON"),
        ("json", "NaN", {}, "'NaN' is no JSON"),
        ("json", "[" * 100_000, {}, f"'{'[' * 59}…' is no JSON"),
        ("json", r'"\ud800"', {}, repr(r'"\ud800"') + " is no JSON"),
        ("json", r'"a\u0000"', {}, repr(r'"a\u0000"') + " has a NUL character, which no database keeps"),
        ("select", "pink", {}, "'pink' is none of red, blue, b1, b2"),
        ("select", "blau", {}, "'blau' may be b1, b2"),
        ("multiselect", "red, pink", {}, "'pink' is none of red, blue, b1, b2"),
        ("multiselect", "red, Navy, dark", {}, "'Navy' is none of red, blue, b1, b2"),
        ("object", "Atlantis", {}, "'Atlantis' is no dcim.site"),
        ("object", "99", {}, "'99' is no dcim.site"),
        ("object", "Porto", {}, "'Porto' may be 2, 8"),
        ("object", "Lisbon", {"options": None}, "'Lisbon' is no id, and NetBox has too many objects (dcim.site)"),
        ("multiobject", "1, 99", {}, "'99' is no dcim.site"),
    ],
)
def test_what_is_no_value_is_refused_with_the_reason(custom_type: str, text: str, rules: dict[str, Any], why: str) -> None:
    with pytest.raises(NotOfType) as caught:
        canonical(field(custom_type, **rules), text)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(("custom_type", "text"), [("multiselect", " , "), ("multiobject", "[]"), ("json", "null")])
def test_a_text_may_be_no_value(custom_type: str, text: str) -> None:
    assert canonical(field(custom_type), text) is None


@pytest.mark.parametrize(
    ("custom_type", "raw", "told"),
    [
        ("boolean", 1, "true"),
        ("boolean", 0, "false"),
        ("decimal", "1.50", "1.5"),
        ("decimal", 1.123456789, "1.123456789"),
        ("text", "", None),
        ("integer", 0, "0"),
        ("select", "", None),
        ("select", {"value": "red", "label": "Red"}, "red"),
        ("multiselect", ["red", "blue", "red"], '["blue","red"]'),
        ("multiselect", [{"value": "red", "label": "Red"}], '["red"]'),
        ("multiselect", [], None),
        ("object", {"id": 2, "url": "…", "display": "Porto"}, "2"),
        ("multiobject", [{"id": 12, "name": "b"}, {"id": 2, "name": "a"}], "[2,12]"),
        ("datetime", "2026-02-03T04:05:06", "2026-02-03T04:05:06Z"),
        ("datetime", "2026-02-03T04:05:06+02:00", "2026-02-03T02:05:06Z"),
        ("json", {"value": 3}, '{"value":3}'),
        ("json", 10**20, "1e+20"),
        ("json", '{"a": 1}', '"{\\"a\\": 1}"'),
        ("json", "", '""'),
        ("json", [], "[]"),
        ("json", None, None),
    ],
)
def test_reads_what_netbox_shows(custom_type: str, raw: Any, told: str | None) -> None:
    assert read(custom_type, raw) == told


def test_choices_and_objects_that_are_not_known_here_are_left_to_netbox() -> None:
    assert canonical(field("select", options=None), "LIS") == "LIS"
    assert canonical(field("object", options=None), "12") == "12"


def test_what_is_not_of_the_type_goes_out_as_it_is_for_netbox_to_refuse() -> None:
    assert written("integer", "five") == "five"
    assert written("boolean", None) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_netbox_can_hold_comes_to_rest(number: float) -> None:
    told = canonical(field("decimal"), repr(number))
    assert told is not None
    assert read("decimal", json.loads(json.dumps(written("decimal", told)))) == told
    assert float(told) == number


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_JSON.filter(lambda value: value is not None and "\\u0000" not in json.dumps(value)))
def test_any_json_comes_to_rest(value: Any) -> None:
    told = canonical(field("json"), json.dumps(value))
    assert told is not None
    assert written("json", told) == value
    assert read("json", json.loads(json.dumps(written("json", told)))) == told
