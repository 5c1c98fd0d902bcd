"""Device groups: the tree, what is in a group, and how it is."""

from asset_sync.sandbox.wug.call import SUCCESS, Answer, Call, wrapped
from asset_sync.sandbox.wug.errors import bad_request
from asset_sync.sandbox.wug.records import ROOT_ID, Device, Group, GroupType
from asset_sync.sandbox.wug.show import DEVICE_VIEWS, GROUP_TYPES, definition, group_rows, group_status, overview

_STATES = ("Unknown", "Up", "Down", "Maintenance", "Any", "UpWithDownMonitors")
_VIEWS = ("summary", "detail")
_NEW_TYPES: dict[str, GroupType] = {"static": "static_group", "dynamic": "dynamic_group", "layer2": "layer2"}


def list_groups(call: Call) -> Answer:
    """GET /device-groups/-."""
    page = call.page(_asked(call, list(call.state.groups)))
    return Answer(page.envelope({"groups": group_rows(call.state, list(page.rows), _view(call))}))


def get_group(call: Call) -> Answer:
    """GET /device-groups/{id}."""
    return wrapped(group_rows(call.state, [call.group()], _view(call))[0])


def delete_group(call: Call) -> Answer:
    """DELETE /device-groups/{id}, which is to be empty; its answer has no envelope."""
    group = call.group()
    if group.id == ROOT_ID:
        raise bad_request("My Network cannot be deleted")
    if call.state.groups.children(group.id) or call.state.members(group.id):
        raise bad_request(f"{group.name!r} has groups or devices in it")
    call.state.groups.remove(group.id)
    return Answer(SUCCESS)


def get_definition(call: Call) -> Answer:
    """GET /device-groups/{id}/definition."""
    return wrapped(definition(call.group()))


def list_children(call: Call) -> Answer:
    """GET /device-groups/{id}/children, by default the direct ones alone."""
    group, groups = call.group(), call.state.groups
    hierarchy = call.flag("returnHierarchy", default=False)
    page = call.page(_asked(call, groups.below(group.id) if hierarchy else groups.children(group.id)))
    rows = group_rows(call.state, list(page.rows), _view(call))
    return Answer(page.envelope({"parentGroupId": group.id, "groups": rows}))


def add_child(call: Call) -> Answer:
    """POST /device-groups/{id}/child."""
    parent, body = call.group(), call.body("name", "description", "groupType", "dynamicDefinition", "layer2Definition")
    kind = body.text("groupType") or "static"
    if kind not in _NEW_TYPES:
        raise bad_request(f"groupType is one of {', '.join(_NEW_TYPES)}")
    group = call.state.groups.add(body.text("name"), parent.id, body.text("description"), _NEW_TYPES[kind])
    return wrapped(group_rows(call.state, [group], "summary")[0])


def get_group_status(call: Call) -> Answer:
    """GET /device-groups/{id}/status, "-" being all devices; those of the groups below are counted too."""
    group_id = ROOT_ID if call.ids[0] == "-" else call.group().id
    return wrapped(group_status(call.state, group_id, call.pages.hide(call.state.members(group_id), call.where)))


def list_devices(call: Call) -> Answer:
    """GET /device-groups/{id}/devices/-, and the same without the dash; by default with all groups below."""
    view, state = call.choice("view", DEVICE_VIEWS, "card"), call.choice("state", _STATES, "Any")
    members = call.state.members(call.ids[0], hierarchy=call.flag("returnHierarchy", default=True))
    if state != "Any":
        members = [one for one in members if _is(call, one, state)]
    page = call.device_page(call.sought_devices(members))
    return Answer(page.envelope({"devices": [overview(call.state, one, view) for one in page.rows]}))


def _is(call: Call, device: Device, wanted: str) -> bool:
    best, worst = call.state.states(device)
    return (best, worst) == ("Up", "Down") if wanted == "UpWithDownMonitors" else best == wanted


def _asked(call: Call, groups: list[Group]) -> list[Group]:
    kind = call.choice("groupType", ("all", *GROUP_TYPES), "all")
    return [one for one in groups if kind in ("all", one.type) and call.sought(one.name)]


def _view(call: Call) -> str:
    return call.choice("view", _VIEWS, "summary")
