"""When a schedule comes round next."""

from datetime import UTC, datetime, timedelta

import dagster as dg


def next_tick(schedule: dg.ScheduleDefinition, now: datetime) -> datetime:
    """Return when a schedule that is switched on comes round next, in UTC."""
    return _window(schedule, now).start.astimezone(UTC)


def period(schedule: dg.ScheduleDefinition, now: datetime) -> timedelta:
    """Return the time from the next tick of a schedule to the one after that."""
    window = _window(schedule, now)
    return window.end - window.start


def _window(schedule: dg.ScheduleDefinition, now: datetime) -> dg.TimeWindow:
    # Dagster has no public way from a cron expression to a time, but partitions of time are cut by one.
    ticks = dg.TimeWindowPartitionsDefinition(
        start=now - timedelta(days=1),
        fmt="%Y-%m-%dT%H:%M",
        cron_schedule=str(schedule.cron_schedule),
        timezone=schedule.execution_timezone or "UTC",
    )
    window = ticks.get_next_partition_window(now, respect_bounds=False)
    if window is None:
        raise AssertionError("without bounds there is always a next one")
    return window
