"""Devices, groups, roles and scans as the API shows them."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from asset_sync.sandbox.wug.call import Json, iso
from asset_sync.sandbox.wug.records import Device, Group, Monitor, Role, RoleKind, State
from asset_sync.sandbox.wug.roles import DISCOVERED_BRAND
from asset_sync.sandbox.wug.scans import Scan
from asset_sync.sandbox.wug.state import WugState

DEVICE_VIEWS = ("id", "basic", "card", "overview")
GROUP_TYPES = ("static_group", "dynamic_group", "layer2")
NOT_SET = "Not set"
"""What stands for a brand or an operating system that a device has not."""
STATES: tuple[State, ...] = ("Unknown", "Up", "Down", "Maintenance")
ROLE_KINDS: tuple[RoleKind, ...] = ("role", "brand", "os", "subRole")


def overview(state: WugState, device: Device, view: str) -> Json:
    """A device in a view: `id`, `basic` adds what it is, `overview` its states, `card` its monitors that are down."""
    row: Json = {"id": device.id}
    if view == "id":
        return row
    row |= {
        "name": device.name,
        "hostName": device.host_name,
        "networkAddress": device.address,
        "role": device.role,
        "brand": device.brand or NOT_SET,
        "os": device.os or NOT_SET,
        "notes": device.note,
    }
    if view == "basic":
        return row
    best, worst = state.states(device)
    down = [one for one in device.monitors if one.down or device.state == "Down"]
    row |= {
        "description": device.description,
        "bestState": best,
        "worstState": worst,
        "totalActiveMonitors": len(device.monitors),
        "totalActiveMonitorsDown": len(down),
    }
    if view == "card":
        row["downActiveMonitors"] = [_monitor(one) for one in down]
    return row


def _monitor(monitor: Monitor) -> Json:
    return {
        "id": monitor.id,
        "state": "Down",
        "reason": "Timeout",
        "lastChangeUtc": iso(monitor.changed),
        "monitorTypeId": monitor.type_id,
        "monitorTypeName": monitor.name,
        "comment": "",
        "enabled": True,
    }


def group_rows(state: WugState, groups: list[Group], view: str) -> list[Json]:
    """Groups in a view: `id`, `summary`, or `detail` with counts and the worst state of the devices in them."""
    if view == "id":
        return [{"id": group.id} for group in groups]
    rows = [_group(group) for group in groups]
    if view == "detail":
        direct = _direct_members(state)
        for row, group in zip(rows, groups, strict=True):
            row["details"] = _details(state, group, direct)
    return rows


def _direct_members(state: WugState) -> dict[str, list[Device]]:
    """The devices of each group that has any, by the group's id."""
    direct: dict[str, list[Device]] = defaultdict(list)
    for device in state.devices.values():
        for group_id in device.groups:
            direct[group_id].append(device)
    return direct


def _group(group: Group) -> Json:
    return {"id": group.id, "parentGroupId": group.parent, "name": group.name, "description": group.description}


def _details(state: WugState, group: Group, direct: dict[str, list[Device]]) -> Json:
    ids = [group.id, *(one.id for one in state.groups.below(group.id))]
    below = {device.id: device for group_id in ids for device in direct.get(group_id, ())}
    worst = {state.states(device)[1] for device in below.values()}
    return {
        "groupType": group.type,
        "monitorState": next((one for one in ("Down", "Maintenance", "Up") if one in worst), "Unknown"),
        "childrenCount": len(state.groups.children(group.id)),
        "deviceChildrenCount": len(direct.get(group.id, ())),
        "deviceDescendantCount": len(below),
    }


def group_status(state: WugState, group_id: str, devices: Sequence[Device]) -> Json:
    """How many of a group's devices are in each state; the best state of a device counts."""
    counts = Counter(state.states(device)[0] for device in devices)
    return {
        "id": group_id,
        "lastStateChangeUtc": iso(max((device.changed for device in devices), default=state.now())),
        "totalDevices": len(devices),
        "stateSummaries": [{"state": name, "deviceCount": counts[name]} for name in STATES],
    }


def definition(group: Group) -> Json:
    """A group's definition. Here its type has the names that creating one uses."""
    kind = group.type.removesuffix("_group")
    return {**_group(group), "groupType": kind, "dynamicDefinition": None, "layer2Definition": None}


def group_parents(state: WugState, group_id: str) -> list[str]:
    """The names of the groups above a group, from "My Network" on."""
    return [one.name for one in state.groups.lineage(group_id)[:-1]]


def role(entry: Role, view: str) -> Json:
    """A role of the library in a view: id, simple, basic or summary. What each of them holds is assumed."""
    if view == "id":
        return {"id": entry.id}
    row: Json = {"id": entry.id, "name": entry.name, "description": "", "kind": _shown_kind(entry.kind)}
    if view == "simple":
        return row
    source = "userDefined" if entry.user_defined else "system"
    return row | {
        "internalName": entry.name,
        "isNetworkDevice": entry.is_network_device,
        "source": source,
        "isEnabled": True,
    }


def assignments(state: WugState, device: Device, kinds: tuple[str, ...]) -> list[Json]:
    """The roles of a device, of these kinds."""
    held: list[tuple[RoleKind, str]] = [("role", device.role), ("brand", device.brand), ("os", device.os)]
    held += [("subRole", name) for name in device.sub_roles]
    return [_assignment(state, device, kind, name) for kind, name in held if name and kind in kinds]


def _assignment(state: WugState, device: Device, kind: RoleKind, name: str) -> Json:
    known = state.roles.find(kind, name)
    entry = known or state.roles.find("brand", DISCOVERED_BRAND)
    return {
        "id": entry.id if entry else "",
        "name": entry.name if entry else name,
        "description": "",
        "kind": _shown_kind(kind),
        "isNetworkDevice": bool(entry and entry.is_network_device),
        "addedByUser": False,
        "lastSeenUtc": iso(device.changed),
        "alternateName": "" if known else name,
    }


def _shown_kind(kind: RoleKind) -> str:
    """Filters ask for `brand`, rows say `brandModel`."""
    return "brandModel" if kind == "brand" else kind


def scan(one: Scan) -> Json:
    """A scan's status. `progress` from 0 to 100, and the words of `phase`, are assumed."""
    return {
        "id": one.id,
        "name": one.name,
        "description": "",
        "isExport": False,
        "progress": one.progress,
        "scanUtc": iso(one.utc),
        "devicesFound": len(one.found),
        "devicesComplete": len(one.found),
        "addressResponsive": len(one.found),
        "addressAttempts": one.looked,
        "addressTotal": len(one.targets),
        "model": one.model,
        "type": "runOnce",
        "phase": "Cancelled" if one.cancelled else "Complete" if one.complete else "Scanning addresses",
        "phaseProgress": one.progress,
    }
