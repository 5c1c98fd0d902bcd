"""Dagster's daemon: whether one is there that starts what is due, and what was asked for."""

from typing import Final

from asset_sync.operations.definitions import instance

_SENSORS: Final = "SENSOR"


def daemon_lives() -> bool:
    """Tell whether a daemon looks at the sensors of this Dagster instance, as its heartbeat of the last minutes says."""
    with instance() as dagster:
        return bool(dagster.get_daemon_statuses([_SENSORS])[_SENSORS].healthy)
