"""Which static groups a device is in, from the side of the device and from that of the group."""

from asset_sync.sandbox.wug.call import SUCCESS, Answer, Call, Tally, each_device, wrapped
from asset_sync.sandbox.wug.errors import ApiError, bad_request, not_found
from asset_sync.sandbox.wug.groups import GroupTree
from asset_sync.sandbox.wug.records import Device, Group
from asset_sync.sandbox.wug.show import GROUP_TYPES, group_rows


def list_groups_of(call: Call) -> Answer:
    """GET /devices/{id}/group/-, whose data is a plain list."""
    device, groups = call.device(), call.state.groups
    kinds = call.choice("type", ("all", *GROUP_TYPES), "all")
    held = [groups.get(group_id) for group_id in device.groups]
    page = call.page([one for one in held if kinds in ("all", one.type) and call.sought(one.name)])
    view = call.choice("view", ("id", "summary", "detail"), "summary")
    return Answer(page.envelope(group_rows(call.state, list(page.rows), view)))


def put_group(call: Call) -> Answer:
    """PUT /devices/{id}/group/-, whose body is a group id as a JSON string. A group that it is in already is no error."""
    device, group_id = call.device(), call.json()
    if not isinstance(group_id, str):
        raise bad_request("the body is to be a group id, as a string")
    _join(device, _static(call.state.groups, group_id))
    return Answer(SUCCESS)


def patch_groups(call: Call) -> Answer:
    """PATCH /devices/{id}/group/-: deletes before adds. Where no group would be left, nothing is done (400)."""
    device, body, tally = call.device(), call.body("groupsToAdd", "groupsToDelete"), Tally()
    leaving, joining = body.texts("groupsToDelete"), []
    refused = call.struck("refused_groups")
    for group_id in body.texts("groupsToAdd"):
        try:
            if refused:
                raise bad_request("the device cannot be put into the group")
            joining.append(_static(call.state.groups, group_id).id)
        except ApiError as error:
            tally.fail(group_id, error)
    kept = [one for one in device.groups if one not in leaving]
    left = list(dict.fromkeys([*kept, *joining]))
    if not left:
        raise _last_group()
    tally.done = len(device.groups) - len(kept) + len(left) - len(kept)
    device.groups = left
    return wrapped(tally.counted())


def delete_group_of(call: Call) -> Answer:
    """DELETE /devices/{id}/group/{groupId}; the last static group is refused."""
    device, group = call.device(), call.state.groups.get(call.ids[1])
    if group.id not in device.groups:
        raise not_found("device group of the device", group.id)
    _leave(device, group)
    return Answer(SUCCESS)


def is_member(call: Call) -> Answer:
    """GET /devices/{id}/group/{groupId}/is-member. `success` is false for another group (assumed)."""
    return Answer({"success": call.state.groups.get(call.ids[1]).id in call.device().groups})


def add_members(call: Call) -> Answer:
    """POST /device-groups/{id}/devices/-, whose answer has no envelope."""
    group = _static(call.state.groups, call.ids[0])
    return Answer(each_device(call, call.body("devices").texts("devices"), lambda device: _join(device, group)))


def remove_members(call: Call) -> Answer:
    """DELETE /device-groups/{id}/devices/-, with a body those named there, without one all; its answer has no envelope."""
    if not call.raw_body:
        return _remove(call, [one.id for one in call.state.members(call.ids[0], hierarchy=False)])
    return _remove(call, call.body("devices").texts("devices"))


def remove_member(call: Call) -> Answer:
    """DELETE /device-groups/{id}/devices/{deviceId}; its answer is counted too."""
    return _remove(call, [call.ids[1]])


def _remove(call: Call, device_ids: list[str]) -> Answer:
    group = _static(call.state.groups, call.ids[0])
    return Answer(each_device(call, device_ids, lambda device: _leave(device, group)))


def _static(groups: GroupTree, group_id: str) -> Group:
    group = groups.get(group_id)
    if group.type != "static_group":
        raise bad_request(f"{group.name!r} is no static group")
    return group


def _join(device: Device, group: Group) -> None:
    if group.id not in device.groups:
        device.groups.append(group.id)


def _leave(device: Device, group: Group) -> None:
    if device.groups == [group.id]:
        raise _last_group()
    device.groups = [one for one in device.groups if one != group.id]


def _last_group() -> ApiError:
    return bad_request("a device is in at least one static group")
