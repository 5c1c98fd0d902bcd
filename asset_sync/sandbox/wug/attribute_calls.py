"""The attributes of a device. Several may have one name; each has its own id (assumed)."""

from collections.abc import Callable, Sequence

from asset_sync.sandbox.faults import Fault
from asset_sync.sandbox.wug.call import Answer, Body, Call, Json, Tally, wrapped
from asset_sync.sandbox.wug.errors import ApiError, bad_request, not_found
from asset_sync.sandbox.wug.records import Attribute, Device
from asset_sync.sandbox.wug.state import WugState

NAME_MAX = 150
VALUE_MAX = 3000
_PARTS = (
    *("deleteAllAttributes", "attributesToDelete", "attributeNamesToDelete", "attributeNameContainsToDelete"),
    *("attributeValueContainsToDelete", "attributeToModify", "attributesToAdd"),
)

Test = Callable[[Attribute], bool]


def list_attributes(call: Call) -> Answer:
    """GET /devices/{id}/attributes/-."""
    device, query = call.device(), call.query
    tests = [_named(query.getlist("names"))] if query.getlist("names") else []
    tests += [_name_holds([text])] if (text := query.get("nameContains")) else []
    tests += [_value_holds([text])] if (text := query.get("valueContains")) else []
    page = call.page([one for one in device.attributes if all(test(one) for test in tests)])
    return Answer(page.envelope([_show(one) for one in page.rows]))


def add_attribute(call: Call) -> Answer:
    """POST /devices/{id}/attributes/-?name=&value=."""
    made = _add(call.state, call.device(), call.need("name"), call.query.get("value", ""))
    return wrapped(_show(made))


def delete_attributes(call: Call) -> Answer:
    """DELETE /devices/{id}/attributes/-: all of them, or those that every filter given is for."""
    device, query = call.device(), call.query
    filters = (("names", _named), ("nameContains", _name_holds), ("valueContains", _value_holds))
    tests = [make(query.getlist(name)) for name, make in filters if name in query]
    tally = Tally(_drop(device, lambda one: all(test(one) for test in tests)))
    return wrapped(tally.counted())


def patch_attributes(call: Call) -> Answer:
    """PATCH /devices/{id}/attributes/-, in the order of the API: four kinds of deleting, changes, additions."""
    device, body, tally = call.device(), call.body(*_PARTS), Tally()
    refused = call.struck("refused_attributes")
    ids = body.texts("attributesToDelete")
    changes = body.rows_of("attributeToModify", "attributeId", "name", "value")
    additions = body.rows_of("attributesToAdd", "name", "value")
    tests: tuple[Test, ...] = (
        lambda _one: body.flag("deleteAllAttributes"),
        lambda one: one.id in ids,
        _named(body.texts("attributeNamesToDelete")),
        _name_holds(body.texts("attributeNameContainsToDelete")),
        _value_holds(body.texts("attributeValueContainsToDelete")),
    )
    for test in tests:
        tally.done += _drop(device, test)
    for row in changes:
        _try(tally, row.text("attributeId"), _change, device, row)
    for row in additions:
        _try(tally, row.text("name"), _add_row, call.state, device, row, refused)
    return wrapped(tally.counted())


def get_attribute(call: Call) -> Answer:
    """GET /devices/{id}/attributes/{attributeId}."""
    return wrapped(_show(_find(call.device(), call.ids[1])))


def put_attribute(call: Call) -> Answer:
    """PUT /devices/{id}/attributes/{attributeId}?name=&value=. A value that is absent stays (assumed)."""
    attribute = _find(call.device(), call.ids[1])
    _set(attribute, call.need("name"), call.query.get("value", attribute.value))
    return wrapped({"success": True})


def delete_attribute(call: Call) -> Answer:
    """DELETE /devices/{id}/attributes/{attributeId}."""
    device = call.device()
    device.attributes.remove(_find(device, call.ids[1]))
    return wrapped({"success": True})


def refuse_attribute(name: str, fault: Fault | None) -> None:
    """Raise ApiError (400) for an attribute that the fault is for."""
    if fault and fault.options["attribute"] in (None, name):
        raise bad_request(f"the attribute {name!r} cannot be added")


def check_attribute(name: str, value: str) -> None:
    """Raise ApiError (400) for a name that is empty or too long, or a value that is too long."""
    if not name.strip() or len(name) > NAME_MAX:
        raise bad_request(f"an attribute's name is of 1 to {NAME_MAX} characters")
    if len(value) > VALUE_MAX:
        raise bad_request(f"an attribute's value is of at most {VALUE_MAX} characters")


def _show(one: Attribute) -> Json:
    return {"attributeId": one.id, "id": one.id, "name": one.name, "value": one.value, "discovered": one.discovered}


def _find(device: Device, attribute_id: str) -> Attribute:
    for one in device.attributes:
        if one.id == attribute_id:
            return one
    raise not_found("attribute", attribute_id)


def _add(state: WugState, device: Device, name: str, value: str) -> Attribute:
    check_attribute(name, value)
    attribute = Attribute(state.new_id("attribute"), name, value)
    device.attributes.append(attribute)
    return attribute


def _add_row(state: WugState, device: Device, row: Body, refused: Fault | None) -> None:
    refuse_attribute(row.text("name"), refused)
    _add(state, device, row.text("name"), row.text("value"))


def _change(device: Device, row: Body) -> None:
    attribute = _find(device, row.text("attributeId"))
    _set(attribute, row.text("name") or attribute.name, row.text("value", attribute.value))


def _set(attribute: Attribute, name: str, value: str) -> None:
    check_attribute(name, value)
    attribute.name, attribute.value = name, value


def _drop(device: Device, test: Test) -> int:
    before = len(device.attributes)
    device.attributes = [one for one in device.attributes if not test(one)]
    return before - len(device.attributes)


def _try(tally: Tally, key: str, step: Callable[..., None], *arguments: object) -> None:
    try:
        step(*arguments)
        tally.done += 1
    except ApiError as error:
        tally.fail(key, error)


def _named(names: Sequence[str]) -> Test:
    wanted = {name.casefold() for name in names}
    return lambda one: one.name.casefold() in wanted


def _name_holds(parts: Sequence[str]) -> Test:
    return lambda one: any(part.casefold() in one.name.casefold() for part in parts)


def _value_holds(parts: Sequence[str]) -> Test:
    """An empty part is for attributes without a value."""
    return lambda one: any(part.casefold() in one.value.casefold() if part else not one.value for part in parts)
