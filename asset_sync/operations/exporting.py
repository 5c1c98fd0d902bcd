"""Sending devices of NetBox to WhatsUp Gold now: those of a connection, some of them, or the one that a hook tells of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from asset_sync.components import SyncComponent
from asset_sync.components.declared.choosing import Only
from asset_sync.ledger import Asking
from asset_sync.operations.asking import ask
from asset_sync.operations.connections import connection as standing_of
from asset_sync.operations.connections import exporting
from asset_sync.operations.definitions import component_of
from asset_sync.operations.runs import config_of, new_run_id
from asset_sync.tracking import ChosenExports, Sent, open_tracking

_RECENT: Final = "exclude_recent_exports"
_GATHERED: Final = timedelta(seconds=2)
"""So long after an event the devices of further events are waited for: ten events of one device make one run."""


def export(name: str, device_filters: Only, *, exclude_recent_exports: bool | None = None) -> str:
    """Ask for a run that sends the devices of a connection, or those that the filters choose; return its id.

    `exclude_recent_exports` comes for this run in the place of what the YAML says, unless it is None. Raises
    `ConfigurationError` where there is no such connection, and where it cannot be asked so.
    """
    only = {each: values for each, values in device_filters.items() if values}
    options = {} if exclude_recent_exports is None else {_RECENT: exclude_recent_exports}
    return ask(standing_of(name).sync, partition=name, only=only, target_options=options)


def export_devices(device_ids: Sequence[str], connections: Sequence[str] = ()) -> list[str]:
    """Ask for runs that send devices, named by their ids in NetBox, over connections, or over all that are enabled.

    Returns the ids of the runs, one a connection. Raises `ConfigurationError` as `export` does.
    """
    names = list(connections) or [each.name for _, each in exporting() if each.enabled]
    for name in names:
        standing_of(name)
    return [export(name, {"ids": list(device_ids)}) for name in names]


def asked_by_event(device_id: str) -> list[Asking]:
    """Return what an event of a device asks for: a run of each enabled connection from NetBox, about it and its like."""
    return [_asked_by_event(sync, each.name, device_id) for sync, each in exporting() if each.enabled and _is_of_netbox(sync)]


def _asked_by_event(sync: str, name: str, device_id: str) -> Asking:
    key, config = config_of(sync, "normal", name, {"ids": [device_id]})
    return Asking(new_run_id(), sync, key, config, topic=f"hook {sync}/{name}", after=_GATHERED)


def _is_of_netbox(sync: str) -> bool:
    component = component_of(sync)
    return isinstance(component, SyncComponent) and component.source == "netbox"


def ip_exports(chosen: ChosenExports, offset: int, limit: int) -> tuple[int, Sequence[Sent]]:
    """Return how many exports are chosen, and a page of them, those that changed last first."""
    return open_tracking().exports(chosen, offset, limit)
