"""Custom fields of the simulated NetBox against the recorded answers of a real one, in the order of the recordings."""

import re
from functools import cache
from typing import Any

import pytest
from starlette.testclient import TestClient

from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync_tests.contract import recorded
from asset_sync_tests.contract.content import at
from asset_sync_tests.contract.recorded import normal

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RECORDED = "4.6-custom-fields"
DEVICE, FIELDS, SETS = "dcim/devices", "extras/custom-fields", "extras/custom-field-choice-sets"
HOLDERS = ["dcim.device", "virtualization.virtualmachine"]
TYPES: dict[str, dict[str, Any]] = {
    "text": {"validation_regex": "^[A-Z]+$"},
    "longtext": {},
    "integer": {"validation_minimum": 1, "validation_maximum": 100},
    "decimal": {"validation_minimum": 0},
    "boolean": {},
    "date": {},
    "datetime": {},
    "url": {},
    "json": {},
    "select": {"choice_set": 1},
    "multiselect": {"choice_set": 1},
    "object": {"related_object_type": "dcim.site"},
    "multiobject": {"related_object_type": "tenancy.tenant"},
}
"""The definitions that were recorded, each a second time for devices alone; five ids to a type."""

WRITES = (
    *("cf_values_none__get", "cf_values_all_device__patch", "cf_values_all_device__get", "cf_values_null__patch"),
    *("cf_ok_object_dict", "cf_ok_object_slug", "cf_ok_multiobject_dicts", "cf_ok_decimal_many_places", "cf_ok_boolean_int"),
    *("cf_ok_datetime_date", "cf_ok_datetime_offset", "cf_ok_datetime_naive", "cf_ok_url_bad", "cf_ok_json_string"),
    *("cf_ok_json_scalar", "cf_ok_select_empty", "cf_ok_multiselect_empty", "cf_ok_multiselect_twice", "cf_ok_text_empty"),
    *("cf_object_deleted__get", "cf_object_deleted__patch"),
)
"""Each found what the ones before had left behind."""
REFUSED = tuple(name for name in recorded.names(RECORDED) if name.startswith(("err_", "gotcha_")))
REQUIRED = tuple(name for name in REFUSED if "_required_" in name)
IN_USE = ("err_cs_in_use_delete", "err_cs_remove_used_choice")
AFTER_A_DELETION = "cf_object_deleted__get"


def _state() -> NetBoxState:
    state = NetBoxState()
    state.create(SETS, {"name": "Colours", "extra_choices": [["red", "Red"], ["blue", "Blue"], ["green", "Green"]]})
    for first, (custom_type, rules) in zip(range(5, 70, 5), TYPES.items(), strict=True):
        common = {"type": custom_type, **rules}
        again = {"name": f"{custom_type}_1", "label": "new label", "group_name": "lab", "weight": 50}
        at(state, FIELDS, first - 3, {**common, **again, "object_types": ["dcim.device"]})
        at(state, FIELDS, first, {**common, "name": f"v_{custom_type}", "object_types": ["dcim.device"]})
    for name in ("Lisbon", "Porto"):
        state.create("dcim/sites", {"name": name, "slug": name.lower()})
    state.create("tenancy/tenants", {"name": "Ten", "slug": "ten"})
    state.create("dcim/manufacturers", {"name": "Madeup", "slug": "madeup"})
    state.create("dcim/device-types", {"manufacturer": 1, "model": "SW-1", "slug": "sw-1"})
    state.create("dcim/device-roles", {"name": "Switch", "slug": "switch"})
    at(state, DEVICE, 8, {"name": "cf-dev", "device_type": 1, "role": 1, "site": 1})
    return state


def _send(state: NetBoxState, name: str) -> tuple[int, Any]:
    request = recorded.case(RECORDED, name)["request"]
    client = TestClient(create_app(state))
    client.headers["Authorization"] = f"Token {DEFAULT_TOKEN}"
    body = {} if request["body"] is None else {"json": request["body"]}
    answer = client.request(request["method"], request["path"], **body)
    return answer.status_code, answer.json()


@cache
def _written() -> dict[str, tuple[int, Any]]:
    state = _state()
    answers: dict[str, tuple[int, Any]] = {}
    for name in WRITES:
        if name == AFTER_A_DELETION:
            # Two requests whose answers were not recorded.
            state.patch(DEVICE, 8, {"custom_fields": {"v_select": "red"}})
            state.delete("dcim/sites", 2)
        answers[name] = _send(state, name)
    return answers


@pytest.mark.parametrize("name", WRITES)
def test_values_are_stored_and_shown(name: str) -> None:
    wanted = recorded.case(RECORDED, name)["response"]
    status, body = _written()[name]
    assert status == wanted["status"], body
    assert normal(body["custom_fields"]) == normal(wanted["body"]["custom_fields"])


@pytest.mark.parametrize("name", sorted({*REFUSED} - {*REQUIRED, *IN_USE, "gotcha_cfdef_name_upper"}))
def test_what_is_not_of_its_type_is_refused(name: str) -> None:
    state = _state()
    before = state.get(DEVICE, 8)
    _compare(name, _send(state, name))
    assert state.get(DEVICE, 8) == before


@pytest.mark.parametrize("name", REQUIRED)
def test_while_a_required_field_is_empty_nothing_is_taken(name: str) -> None:
    state = _state()
    at(state, FIELDS, 67, recorded.case(RECORDED, "cf_required__create")["request"]["body"])
    _compare(name, _send(state, name))


@pytest.mark.parametrize("name", IN_USE)
def test_choices_in_use_stay(name: str) -> None:
    state = _state()
    state.patch(DEVICE, 8, {"custom_fields": {"v_select": "red"}})
    _compare(name, _send(state, name))


@pytest.mark.parametrize("name", ["gotcha_cfdef_name_upper", "cf_required__create"])
def test_definitions_that_are_taken(name: str) -> None:
    state = _state()
    state.tables[FIELDS].next_id = recorded.case(RECORDED, name)["response"]["body"]["id"]
    _compare(name, _send(state, name))


def _compare(name: str, answer: tuple[int, Any]) -> None:
    wanted = recorded.case(RECORDED, name)["response"]
    assert answer[0] == wanted["status"], answer[1]
    assert _in_any_order(normal(answer[1])) == _in_any_order(normal(wanted["body"]))


def _in_any_order(body: Any) -> Any:
    """Dependents are named in no order."""
    found = re.fullmatch(r"(.* objects were found: )(.*)", body.get("detail", ""))
    return (found[1], sorted(found[2].split(", "))) if found else body
