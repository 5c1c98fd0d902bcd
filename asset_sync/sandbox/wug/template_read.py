"""Templates of devices as they are read: for one device, or for those of a group by pages."""

from collections.abc import Iterable

from asset_sync.sandbox.wug.call import Answer, Call, Json, wrapped
from asset_sync.sandbox.wug.errors import bad_request
from asset_sync.sandbox.wug.records import Device, Interface
from asset_sync.sandbox.wug.show import NOT_SET, group_parents
from asset_sync.sandbox.wug.state import WugState

PARTS: dict[str, tuple[str, ...]] = {
    "action": ("actionPolicy",),
    "active": ("activeMonitors",),
    "attribute": ("attributes",),
    "brand": ("brand",),
    "collect-wireless": (),
    "creds": ("credentials",),
    "custom": ("customLinks",),
    "dependency": ("dependencies",),
    "devicetype": ("deviceType",),
    "groups": ("groups",),
    "interface": ("interfaces",),
    "note": ("note",),
    "oid": ("snmpOid",),
    "os": ("os",),
    "passive": ("passiveMonitors",),
    "perf": ("performanceMonitors",),
    "polling-interval": ("pollInterval",),
    "refresh": ("autoRefresh",),
    "roles": ("primaryRole", "primaryRoleId", "subRoles", "subRoleIds"),
    "task": ("ncmTasks",),
}
"""The basic options of templates, and the fields that each of them is for."""

_ALWAYS = ("templateId", "displayName")


def get_template(call: Call) -> Answer:
    """GET /devices/{id}/config/template, the same results as for a group, but with one template and no paging."""
    device, options = call.device(), read_options(call.query.get("options", "").split(","))
    return wrapped(_results([_template(call.state, device, options)], 1))


def get_templates(call: Call) -> Answer:
    """GET /device-groups/{id}/devices/-/config/template. Unlike the listing of devices it leaves out nested groups."""
    options = read_options(call.query.get("options", "").split(","))
    members = call.state.members(call.ids[0], hierarchy=call.flag("includeHierarchy", default=False))
    page = call.device_page(call.sought_devices(members))
    templates = [_template(call.state, device, options) for device in page.rows]
    return Answer(page.envelope(_results(templates, page.paging["size"])))


def read_options(names: Iterable[str], extra: frozenset[str] = frozenset({"l2", "tempip", "simple"})) -> set[str]:
    """The options that were asked for, `all` and none at all being every basic one.

    Raises ApiError (400) for one that is neither basic nor `extra` (assumed).
    """
    asked = {name.strip() for name in names} - {""}
    if unknown := asked - PARTS.keys() - extra - {"all"}:
        raise bad_request(f"unknown options: {', '.join(sorted(unknown))}")
    return asked | set(PARTS) if "all" in asked or asked <= extra else asked


def fields_of(options: set[str]) -> set[str]:
    """The template fields that these options are for, with those that every template has."""
    return {*_ALWAYS, *(field for part in PARTS.keys() & options for field in PARTS[part])}


def _results(templates: list[Json], device_count: int) -> Json:
    return {"deviceCount": device_count, "errors": [], "templates": templates}


def _template(state: WugState, device: Device, options: set[str]) -> Json:
    simple = "simple" in options
    whole: Json = {
        "templateId": device.address if "tempip" in options else device.id,
        "displayName": device.name,
        "deviceType": device.type,
        "snmpOid": device.snmp_oid,
        "pollInterval": str(device.poll_seconds),
        "primaryRole": device.role,
        "primaryRoleId": _role_id(state, "role", device.role),
        "subRoles": device.sub_roles,
        "subRoleIds": [_role_id(state, "subRole", name) for name in device.sub_roles],
        "os": device.os or NOT_SET,
        "brand": device.brand or NOT_SET,
        "actionPolicy": device.action_policy,
        "note": device.note,
        "autoRefresh": "true" if device.keep_current else "false",
        "credentials": [{"credentialType": kind, "credential": name} for kind, name in device.credentials],
        "interfaces": [_interface(one) for one in device.interfaces],
        "attributes": [{"name": one.name, "value": one.value} for one in device.attributes],
        "activeMonitors": [
            {"name": one.name} if simple else {"classId": "", "name": one.name, "monitorId": int(one.type_id)}
            for one in device.monitors
        ],
        "groups": [_reference(state, group_id, simple=simple) for group_id in device.groups],
        "customLinks": [],
        "performanceMonitors": [],
        "passiveMonitors": [],
        "dependencies": [],
        "ncmTasks": [],
    }
    wanted = fields_of(options)
    return {name: value for name, value in whole.items() if name in wanted}


def _interface(one: Interface) -> Json:
    return {
        "interfaceId": int(one.id),
        "defaultInterface": one.default,
        "pollUsingNetworkName": one.poll_by_name,
        "networkAddress": one.address,
        "networkName": one.host_name,
    }


def _reference(state: WugState, group_id: str, *, simple: bool) -> Json:
    group = state.groups.get(group_id)
    if simple:
        return {"name": group.name}
    return {"parents": group_parents(state, group_id), "name": group.name}


def _role_id(state: WugState, kind: str, name: str) -> str:
    return next((one.id for one in state.roles if one.kind == kind and one.name == name), "")
