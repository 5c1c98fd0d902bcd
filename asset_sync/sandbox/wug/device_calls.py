"""A device itself: overview, status, deletion, properties, polling and maintenance."""

from dataclasses import replace
from datetime import UTC, datetime

from asset_sync.sandbox.wug.call import Answer, Body, Call, Json, each_device, iso, wrapped
from asset_sync.sandbox.wug.errors import bad_request
from asset_sync.sandbox.wug.records import Device, Maintenance
from asset_sync.sandbox.wug.show import DEVICE_VIEWS, overview
from asset_sync.sandbox.wug.state import WugState

_REASON = 250
_POLLING_S = (10, 86400)
_POLLING = ("pollingIntervalSeconds", "pollByHostName")
_PROPERTIES = ("isWireless", "collectWireless", "keepDetailsCurrent", "note", "snmpOid", "actionPolicy")


def get_device(call: Call) -> Answer:
    """GET /devices/{id}."""
    return wrapped(overview(call.state, call.device(), call.choice("view", DEVICE_VIEWS, "card")))


def delete_device(call: Call) -> Answer:
    """DELETE /devices/{id}."""
    call.flag("deleteDiscoveredDevices", default=False)
    call.state.delete_device(call.ids[0])
    return wrapped({"success": True})


def bulk_delete(call: Call) -> Answer:
    """PATCH /devices/-, whose only operation is `delete`."""
    body = call.body("operation", "devices")
    if body.text("operation") != "delete":
        raise bad_request("operation is to be delete")
    return wrapped(each_device(call, body.texts("devices"), lambda device: call.state.delete_device(device.id)))


def get_status(call: Call) -> Answer:
    """GET /devices/{id}/status."""
    device = call.device()
    best, worst = call.state.states(device)
    return wrapped({"bestState": best, "worstState": worst, "lastChangeUtc": iso(device.changed)})


def get_properties(call: Call) -> Answer:
    """GET /devices/{id}/properties."""
    device = call.device()
    policy = {"id": "", "name": device.action_policy, "description": ""} if device.action_policy else None
    return wrapped(
        {
            "id": device.id,
            "displayName": device.name,
            "isWireless": device.is_wireless,
            "collectWireless": device.collect_wireless,
            "keepDetailsCurrent": device.keep_current,
            "note": device.note,
            "snmpOid": device.snmp_oid,
            "actionPolicy": policy,
        }
    )


def put_properties(call: Call) -> Answer:
    """PUT /devices/{id}/properties. What is absent or null stays (assumed)."""
    device, body = call.device(), call.body("displayName", *_PROPERTIES)
    fault = call.struck("refused_properties")
    if fault and (fault.options["property"] is None or body.has(str(fault.options["property"]))):
        raise bad_request("the properties cannot be changed")
    if body.has("displayName"):
        device.name = _display_name(body)
    _set_properties(device, body)
    return wrapped({"success": True})


def bulk_properties(call: Call) -> Answer:
    """PATCH /devices/-/properties; display names cannot be changed here."""
    body = call.body("devices", *_PROPERTIES)
    return wrapped(each_device(call, body.texts("devices"), lambda device: _set_properties(device, body)))


def _display_name(body: Body) -> str:
    name = body.text("displayName")
    if not name.strip() or len(name) > 150:
        raise bad_request("displayName is of 1 to 150 characters")
    return name


def _set_properties(device: Device, body: Body) -> None:
    device.is_wireless = body.flag("isWireless", default=device.is_wireless)
    device.collect_wireless = body.flag("collectWireless", default=device.collect_wireless)
    device.keep_current = body.flag("keepDetailsCurrent", default=device.keep_current)
    device.note = body.text("note", device.note)
    device.snmp_oid = body.text("snmpOid", device.snmp_oid)
    if body.has("actionPolicy"):
        policy = body.get("actionPolicy")
        if not isinstance(policy, dict):
            raise bad_request("actionPolicy is to be an object")
        device.action_policy = Body(policy).text("name")


def get_polling(call: Call) -> Answer:
    """GET /devices/{id}/config/polling."""
    device = call.device()
    return wrapped(
        {
            "pollingIntervalSeconds": device.poll_seconds,
            "pollByHostName": device.default_interface.poll_by_name,
            "maintenance": _maintenance(call.state, device),
        }
    )


def put_polling(call: Call) -> Answer:
    """PUT /devices/{id}/config/polling, which answers 204."""
    call.device().poll_seconds = _interval(call.body(*_POLLING))
    return Answer(None, 204)


def bulk_polling(call: Call) -> Answer:
    """PATCH /devices/-/config/polling, whose answer has no envelope."""
    body = call.body("devices", *_POLLING)
    seconds = _interval(body)

    def step(device: Device) -> None:
        device.poll_seconds = seconds

    return Answer(each_device(call, body.texts("devices"), step))


def _interval(body: Body) -> int:
    value = body.get("pollingIntervalSeconds")
    low, high = _POLLING_S
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise bad_request(f"pollingIntervalSeconds is from {low} to {high}")
    return value


def _maintenance(state: WugState, device: Device) -> Json:
    mode, on = device.maintenance, state.in_maintenance(device)
    manual = {
        "enabled": on,
        "endUtc": iso(mode.end) if mode.end else None,
        "reason": mode.reason,
        "userId": "1" if mode.user else "",
        "user": mode.user,
    }
    return {"enabled": on, "manual": manual, "schedules": []}


def put_maintenance(call: Call) -> Answer:
    """PUT /devices/{id}/config/maintenance."""
    call.device().maintenance = _mode(call)
    return wrapped({"success": True})


def bulk_maintenance(call: Call) -> Answer:
    """PATCH /devices/-/config/maintenance."""
    mode, refused = _mode(call), call.faults.share("refused_maintenance", call.where, call.method)

    def step(device: Device) -> None:
        if refused is not None and call.faults.picks("refused_maintenance", device.id, refused):
            raise bad_request("the maintenance mode cannot be changed")
        device.maintenance = replace(mode)

    return wrapped(each_device(call, _maintenance_of(call).texts("devices"), step))


def _maintenance_of(call: Call) -> Body:
    return call.body("devices", "enabled", "endUtc", "reason")


def _mode(call: Call) -> Maintenance:
    body = _maintenance_of(call)
    if not body.has("enabled"):
        raise bad_request("enabled is required")
    reason = body.text("reason")
    if len(reason) > _REASON:
        raise bad_request(f"reason is of at most {_REASON} characters")
    return Maintenance(body.flag("enabled"), _moment(body.text("endUtc")), reason, call.user)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"endUtc {text!r} is no moment") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
