"""Custom fields of the simulated NetBox, where no answer was recorded: what its source says."""

from typing import Any

import pytest

from asset_sync.sandbox.netbox import ApiError, NetBoxState

SITES, FIELDS = "dcim/sites", "extras/custom-fields"


def define(state: NetBoxState, **field: Any) -> None:
    state.create(FIELDS, {"name": "x", "object_types": ["dcim.site"], **field})


def site(state: NetBoxState, name: str = "a", **fields: Any) -> dict[str, Any]:
    return state.create(SITES, {"name": name, "slug": name, **fields})


def test_the_default_of_a_new_field_is_given_to_the_objects_that_are_there() -> None:
    state = NetBoxState()
    site(state)
    define(state, type="integer", default=5, required=True)
    assert state.patch(SITES, 1, {"description": "d"})["custom_fields"] == {"x": 5}


def test_a_default_is_not_filled_in_where_other_custom_fields_are_given() -> None:
    state = NetBoxState()
    define(state, type="text", default="d", required=True)
    assert site(state)["custom_fields"] == {"x": "d"}
    with pytest.raises(ApiError, match="Missing required custom field 'x'"):
        site(state, "b", custom_fields={})


def test_an_object_without_a_required_value_takes_no_change_until_it_has_one() -> None:
    state = NetBoxState()
    site(state)
    define(state, type="text", required=True)
    with pytest.raises(ApiError, match="Missing required custom field 'x'"):
        state.patch(SITES, 1, {"description": "d"})
    assert state.patch(SITES, 1, {"custom_fields": {"x": "v"}})["custom_fields"] == {"x": "v"}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "boolean", "unique": True}, "Uniqueness cannot be enforced for boolean fields"),
        ({"type": "text", "validation_minimum": 1}, "A minimum value may be set only for numeric fields"),
        ({"type": "text", "choice_set": 1}, "Choices may be set only on selection fields"),
    ],
)
def test_what_does_not_go_with_the_type_is_refused(field: dict[str, Any], words: str) -> None:
    state = NetBoxState()
    state.create("extras/custom-field-choice-sets", {"name": "s", "extra_choices": [["a", "A"]]})
    with pytest.raises(ApiError, match=words):
        define(state, **field)


@pytest.mark.parametrize("kind", ["date", "datetime", "multiselect"])
def test_a_value_that_the_real_server_stumbles_over_is_a_server_error(kind: str) -> None:
    state = NetBoxState()
    state.create("extras/custom-field-choice-sets", {"name": "s", "extra_choices": [["a", "A"]]})
    define(state, type=kind, **({"choice_set": 1} if kind == "multiselect" else {}))
    with pytest.raises(ApiError) as refusal:
        site(state, custom_fields={"x": 5})
    assert (refusal.value.status, refusal.value.body["exception"]) == (500, "TypeError")
