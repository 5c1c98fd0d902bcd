"""The tags of runs: those that Dagster itself gives, for which it has no public names, and those that syncs give."""

from typing import Final

PARTITION: Final = "dagster/partition"
"""On the runs of a partition: its key."""
SENSOR: Final = "dagster/sensor_name"
"""On the runs that a sensor asked for: the sensor."""
PARENT: Final = "dagster/parent_run_id"
"""On the runs that repeat another one: that one's id."""
USER: Final = "user"
"""On the runs that a person launched, where Dagster knows its users: the person's e-mail. A retry has it from its parent."""

SYNC: Final = "asset_sync/sync"
"""On the runs of a sync's job: the sync."""
CONNECTIONS: Final = "asset_sync/connections"
"""On the runs of a sync whose partitions are connections."""
REQUEST: Final = "asset_sync/request"
"""On the runs that the sensor of connections asked for: the request, which has the connection until the run begins."""
ASKED: Final = "asset_sync/asked"
"""On the runs that somebody asked for: the id that the asking had, which is the run's where no daemon took it."""
