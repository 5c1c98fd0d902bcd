"""The tags that Dagster itself gives to runs, for which it has no public names."""

from typing import Final

PARTITION: Final = "dagster/partition"
"""On the runs of a partition: its key."""
SENSOR: Final = "dagster/sensor_name"
"""On the runs that a sensor asked for: the sensor."""
