"""New devices by address or name, and the scans that look for them."""

from asset_sync.sandbox.wug.call import SUCCESS, Answer, Body, Call, Json, wrapped
from asset_sync.sandbox.wug.errors import bad_request
from asset_sync.sandbox.wug.records import DEFAULT_ROLE, Group
from asset_sync.sandbox.wug.scans import Scan
from asset_sync.sandbox.wug.show import DEVICE_VIEWS, overview, scan
from asset_sync.sandbox.wug.state import WugState

_OPTIONS = (
    *("forceAdd", "forceCreate", "forceRole", "preferSnmpSystemNameAsDisplayName", "resolveDNSHostNames", "snmpPortToUse"),
    *("expandVirtualEnvironment", "expandWirelessEnvironment", "includeWirelessClients", "expandStorageEnvironment"),
    *("useAllCredentials", "credentials", "setupAsPollByName"),
)
_MODELS = ("all", "standard", "newDevice", "refresh", "staging", "rescan")


def new_device(call: Call) -> Answer:
    """PUT /device-groups/{id}/newDevice?ipOrName=."""
    return _new_devices(call, [call.need("ipOrName")], call.body(*_OPTIONS))


def new_devices(call: Call) -> Answer:
    """PATCH /device-groups/{id}/newDevice, with a list of addresses or names in the body."""
    body = call.body("ipOrNames", *_OPTIONS)
    targets = [one for one in body.texts("ipOrNames") if one.strip()]
    if not targets:
        raise bad_request("ipOrNames needs at least one address or name")
    return _new_devices(call, targets, body)


def list_scans(call: Call) -> Answer:
    """GET /device-scan/-/status, by default of those in progress alone; its data is a plain list."""
    model = call.choice("model", _MODELS, "all")
    active_only = call.flag("activeOnly", default=True)
    found = [
        one
        for one in call.state.scans
        if model in ("all", one.model) and (one.active or not active_only) and call.sought(one.name)
    ]
    page = call.page(found)
    return Answer(page.envelope([scan(one) for one in page.rows]))


def get_scan(call: Call) -> Answer:
    """GET /device-scan/{scanId}/status."""
    return wrapped(scan(call.state.scan(call.ids[0])))


def list_scan_devices(call: Call) -> Answer:
    """GET /device-scan/{scanId}/devices: those that are known still and have not been deleted."""
    one, view = call.state.scan(call.ids[0]), call.choice("view", DEVICE_VIEWS, "card")
    devices = call.state.devices
    known = [devices[key] for key in one.devices if key in devices]
    page = call.page(call.sought_devices(known))
    rows = [overview(call.state, device, view) for device in page.rows]
    return Answer(page.envelope({"id": one.id, "name": one.name, "description": "", "devices": rows}))


def cancel_scan(call: Call) -> Answer:
    """PUT /device-scan/{scanId}/cancel. One that has ended stays as it is."""
    one = call.state.scan(call.ids[0])
    one.cancelled = one.active
    return Answer(SUCCESS)


def _new_devices(call: Call, targets: list[str], body: Body) -> Answer:
    group = call.group()
    if group.type != "static_group":
        raise bad_request(f"{group.name!r} is no static group")
    role = _forced_role(call.state, body)
    if body.flag("forceAdd"):
        return wrapped(_add_unscanned(call.state, group, targets, role, body))
    return wrapped(_started(call.state.start_scan(targets, group=group.id, model="newDevice", role=role), success=True))


def _forced_role(state: WugState, body: Body) -> str:
    name = body.text("forceRole")
    role = state.roles.find("role", name) if name else None
    if name and role is None:
        raise bad_request(f"there is no such role as {name!r}")
    return role.name if role else ""


def _add_unscanned(state: WugState, group: Group, targets: list[str], role: str, body: Body) -> Json:
    """Add without a scan; the id that is answered is that of one that has ended (assumed)."""
    ids = [_add_one(state, group, target, role, body) for target in targets]
    done = state.record_scan(targets, [one for one in ids if one])
    return _started(done, success=all(ids))


def _add_one(state: WugState, group: Group, target: str, role: str, body: Body) -> str:
    """The id of the device: an existing one at the address unless `forceCreate` is set, or a new one; empty for none."""
    address = state.address_of(target)
    if address is None or address in state.refuse:
        return ""
    known = [] if body.flag("forceCreate") else state.devices_at(address)
    if known:
        return known[0].id
    device = state.add_device(target, address, groups=(group.id,), role=role or DEFAULT_ROLE)
    device.default_interface.poll_by_name = body.flag("setupAsPollByName")
    return device.id


def _started(one: Scan, *, success: bool) -> Json:
    return {"id": one.id, "name": one.name, "description": "", "success": success}
