"""Tables of a WhatsUp Gold: observed ones of its groups and devices, and its devices as a source for other systems."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import DTYPES, OBSERVED_COLUMNS, Tables
from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.kinds import DEVICE, GROUP, NETBOX_ID, OFF, ON, attribute_name, narrowed
from asset_sync.systems.wug.records import Device, Group, canonical, group_path, is_below, spelt

DISCOVERED: Final = (
    "id",
    "name",
    "host_name",
    "address",
    "role",
    "brand",
    "os",
    "note",
    "state",
    "group",
    "group_name",
    "netbox_id",
    "other_addresses",
)
"""The columns of `discovered`, all of them text."""


def observe(client: WugClient, kinds: Kinds, *, root: str, fields: Mapping[str, Iterable[str]] | None = None) -> Tables:
    """Return the observed table of each kind (see `asset_sync.reconcile.tables`): all groups and devices that are there.

    `root` is the path of the group that is the sync's own. `fields` names the mapped fields by kind; what recognising and
    retiring need is there with them, and by default all that the kinds have. `version` is missing, as WhatsUp Gold has none.
    Raises `TargetError` where a listing is not whole.
    """
    chosen = {name: kind if fields is None else narrowed(kind, fields.get(name, ())) for name, kind in kinds.items()}
    tables: Tables = {}
    if GROUP.name in chosen:
        tables[GROUP.name] = group_table(chosen[GROUP.name], client.groups(), root)
    if kind := chosen.get(DEVICE.name):
        asked = any(field.name == "maintenance" for field in kind.fields)
        tables[DEVICE.name] = device_table(kind, client.devices(), client.in_maintenance() if asked else frozenset(), root)
    return tables


def discovered(client: WugClient, *, root: str) -> pd.DataFrame:
    """Return a row for each device, all columns text, missing where empty.

    `state` is Up, Down, Maintenance or Unknown. `group` is the path of the first group that is not `root` or below it, and
    `group_name` the last part of it. Raises `TargetError` where a listing is not whole.
    """
    devices, states = client.devices(), client.states()
    rows = [_discovered(device, states.get(device.id), root) for device in devices]
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype="str") for name in DISCOVERED})


def known_roles(client: WugClient) -> pd.DataFrame:
    """Return the roles, brands and operating systems that a device can be given: `kind` (role, brand, os) and `name`."""
    return pd.DataFrame(client.roles(), columns=["kind", "name"], dtype="str")


def group_table(kind: Kind, groups: Sequence[Group], root: str) -> pd.DataFrame:
    """Return the observed table of groups, with the root as the sync spells it.

    Those that are neither below it, nor above it, are locked.
    """
    values = [{"path": spelt(group_path(group.path), root), "description": group.description} for group in groups]
    locks = [None if _is_ours(str(row["path"]), root) else f"is not below {root}" for row in values]
    own: dict[str, Sequence[Any]] = {
        "id": [group.id for group in groups],
        "key": [row["path"] for row in values],
        "locked": locks,
    }
    return _table(kind, own, values)


def device_table(kind: Kind, devices: Sequence[Device], maintenance: frozenset[str], root: str) -> pd.DataFrame:
    """Return the observed table of devices; `maintenance` has the ids of those that are in it.

    The group of the retired is as the sync spells it.
    """
    names = [field.name for field in kind.fields]
    values = [{name: device_value(name, device, maintenance, root) for name in names} for device in devices]
    if kind.retirement and kind.retirement.field == "group":
        retired = str(kind.retirement.value)
        values = [{**row, "group": row["group"] and spelt(row["group"], retired)} for row in values]
    own: dict[str, Sequence[Any]] = {
        "id": [device.id for device in devices],
        "key": [device.name or device.address or f"#{device.id}" for device in devices],
        "locked": [None] * len(devices),
    }
    return _table(kind, own, values)


def device_value(field: str, device: Device, maintenance: frozenset[str], root: str) -> str | None:
    """Return the value of a device's field, None where it is empty; a name that is only the address is nobody's choice."""
    attribute = attribute_name(field)
    if attribute is not None:
        return device.attributes.get(attribute)
    if field == "group":
        return next((spelt(path, root) for path in map(group_path, device.groups) if is_below(path, root)), None)
    if field == "maintenance":
        return ON if device.id in maintenance else OFF
    if field == "other_addresses":
        return " ".join(device.other_addresses) or None
    value = getattr(device, field)
    if value is None or (field == "name" and canonical(value) == device.address):
        return None
    return str(value)


def same_value(field: str, value: Any) -> str | None:
    """Return a field's value as observed tables have it: an address in canonical form."""
    return None if value is None else canonical(str(value)) if field == "address" else str(value)


def _discovered(device: Device, state: str | None, root: str) -> dict[str, str | None]:
    if state is None:
        raise TargetError(f"WhatsUp Gold: device {device.id!r} was listed once and is gone since; run again later")
    path = next((path for path in device.groups if not is_below(group_path(path), root)), None)
    own = {name: device_value(name, device, frozenset(), root) for name in DISCOVERED[:8]}
    return own | {
        "state": state,
        "group": group_path(path) if path else None,
        "group_name": path[-1] if path else None,
        "netbox_id": device.attributes.get(NETBOX_ID),
        "other_addresses": device_value("other_addresses", device, frozenset(), root),
    }


def _is_ours(path: str, root: str) -> bool:
    return is_below(path, root) or is_below(root, path)


def _table(kind: Kind, own: Mapping[str, Sequence[Any]], values: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    columns: dict[str, Sequence[Any]] = {**own, "version": [None] * len(values), "created": [None] * len(values)}
    columns |= {field.name: [row[field.name] for row in values] for field in kind.fields}
    types = dict.fromkeys(OBSERVED_COLUMNS, "str") | {field.name: DTYPES[field.type] for field in kind.fields}
    return pd.DataFrame({name: pd.Series(columns[name], dtype=types[name]) for name in types})
