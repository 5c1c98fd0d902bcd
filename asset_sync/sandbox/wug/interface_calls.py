"""The network interfaces of a device: one and only one is the default, and no address is there twice."""

from asset_sync.sandbox.wug.call import Answer, Body, Call, Json, Tally, wrapped
from asset_sync.sandbox.wug.errors import ApiError, bad_request, not_found
from asset_sync.sandbox.wug.ips import ip_or_none
from asset_sync.sandbox.wug.records import Device, Interface
from asset_sync.sandbox.wug.state import WugState

_FIELDS = ("interfaceId", "hostName", "address", "defaultInterface", "pollUsingName")
_PARTS = (
    *("deleteAllInterfaces", "interfacesToDelete", "addressOrHostNameToDelete"),
    *("interfaceToModify", "interfacesToAdd"),
)


def list_interfaces(call: Call) -> Answer:
    """GET /devices/{id}/interfaces/-."""
    page = call.page([one for one in call.device().interfaces if call.sought(one.address, one.host_name)])
    return Answer(page.envelope([_show(one) for one in page.rows]))


def add_interface(call: Call) -> Answer:
    """POST /devices/{id}/interfaces/-."""
    return wrapped(_show(_add(call.state, call.device(), call.body(*_FIELDS))))


def delete_interfaces(call: Call) -> Answer:
    """DELETE /devices/{id}/interfaces/-: all but the default one."""
    device = call.device()
    device.interfaces = [device.default_interface]
    return wrapped({"success": True})


def patch_interfaces(call: Call) -> Answer:
    """PATCH /devices/{id}/interfaces/-, in the order of the API: three kinds of deleting, changes, additions."""
    device, body, tally = call.device(), call.body(*_PARTS), Tally()
    gone = body.texts("interfacesToDelete")
    parts = [part.casefold() for part in body.texts("addressOrHostNameToDelete")]
    changes, additions = body.rows_of("interfaceToModify", *_FIELDS), body.rows_of("interfacesToAdd", *_FIELDS)
    for one in [one for one in device.interfaces if not one.default]:
        texts = (one.address.casefold(), one.host_name.casefold())
        matched = any(part in text for part in parts for text in texts)
        if body.flag("deleteAllInterfaces") or one.id in gone or matched:
            device.interfaces.remove(one)
            tally.done += 1
    if device.default_interface.id in gone:
        tally.fail(device.default_interface.id, _default_stays())
    for row in changes:
        try:
            _change(device, _find(device, row.text("interfaceId")), row)
            tally.done += 1
        except ApiError as error:
            tally.fail(row.text("interfaceId"), error)
    for row in additions:
        try:
            _add(call.state, device, row)
            tally.done += 1
        except ApiError as error:
            tally.fail(row.text("address"), error)
    return wrapped(tally.counted())


def get_default(call: Call) -> Answer:
    """GET /devices/{id}/interfaces/default."""
    return wrapped(_show(call.device().default_interface))


def get_interface(call: Call) -> Answer:
    """GET /devices/{id}/interfaces/{interfaceId}."""
    return wrapped(_show(_find(call.device(), call.ids[1])))


def put_interface(call: Call) -> Answer:
    """PUT /devices/{id}/interfaces/{interfaceId}. What is empty stays; `defaultInterface` can only be set."""
    device = call.device()
    interface = _find(device, call.ids[1])
    if call.struck("refused_interface"):
        raise bad_request("the interface cannot be changed")
    _change(device, interface, call.body(*_FIELDS))
    return wrapped(_show(interface))


def delete_interface(call: Call) -> Answer:
    """DELETE /devices/{id}/interfaces/{interfaceId}; the default one is refused."""
    device = call.device()
    interface = _find(device, call.ids[1])
    if interface.default:
        raise _default_stays()
    device.interfaces.remove(interface)
    return wrapped({"success": True})


def _default_stays() -> ApiError:
    return bad_request("the default interface cannot be deleted")


def _show(one: Interface) -> Json:
    return {
        "interfaceId": one.id,
        "hostName": one.host_name,
        "address": one.address,
        "defaultInterface": one.default,
        "pollUsingName": one.poll_by_name,
    }


def _find(device: Device, interface_id: str) -> Interface:
    for one in device.interfaces:
        if one.id == interface_id:
            return one
    raise not_found("interface", interface_id)


def _add(state: WugState, device: Device, row: Body) -> Interface:
    if not row.text("hostName"):
        raise bad_request("hostName is required")
    address = _free_address(device, row.text("address"))
    interface = Interface(state.new_id("interface"), address, row.text("hostName"), poll_by_name=row.flag("pollUsingName"))
    device.interfaces.append(interface)
    if row.flag("defaultInterface"):
        _make_default(device, interface)
    return interface


def _change(device: Device, interface: Interface, row: Body) -> None:
    if (address := row.text("address")) and address != interface.address:
        interface.address = _free_address(device, address)
    interface.host_name = row.text("hostName") or interface.host_name
    interface.poll_by_name = row.flag("pollUsingName", default=interface.poll_by_name)
    if row.flag("defaultInterface"):
        _make_default(device, interface)


def _free_address(device: Device, text: str) -> str:
    address = ip_or_none(text)
    if address is None:
        raise bad_request(f"{text!r} is no IP address")
    if any(one.address == address for one in device.interfaces):
        raise bad_request(f"the device has {address} already")
    return address


def _make_default(device: Device, interface: Interface) -> None:
    for one in device.interfaces:
        one.default = one is interface
