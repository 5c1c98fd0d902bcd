"""The tags that Dagster itself gives to runs, for which it has no public names."""

from typing import Final

PARTITION: Final = "dagster/partition"
"""On the runs of a partition: its key."""
SENSOR: Final = "dagster/sensor_name"
"""On the runs that a sensor asked for: the sensor."""
PARENT: Final = "dagster/parent_run_id"
"""On the runs that repeat another one: that one's id."""
USER: Final = "user"
"""On the runs that a person launched, where Dagster knows its users: the person's e-mail. A retry has it from its parent."""
