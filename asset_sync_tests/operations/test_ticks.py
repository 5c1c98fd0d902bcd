"""When a schedule comes round next, beside the calendar."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from asset_sync.operations.ticks import next_tick, period


def schedule(cron: str, zone: str = "UTC") -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(name="s", job_name="j", cron_schedule=cron, execution_timezone=zone)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "then"),
    [
        ("0 * * * *", "UTC", datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("30 5 * * *", "Europe/Berlin", datetime(2026, 7, 1, 3, 30, 1, tzinfo=UTC), datetime(2026, 7, 2, 3, 30, tzinfo=UTC)),
        # Clocks go back in the night to 25 October.
        ("30 5 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 4, 30, tzinfo=UTC)),
        ("0 0 29 2 *", "UTC", datetime(2026, 3, 1, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        ("*/5 * * * 1", "UTC", datetime(2026, 11, 27, 12, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
    ],
)
def test_the_next_tick_is_the_calendars(cron: str, zone: str, now: datetime, then: datetime) -> None:
    assert next_tick(schedule(cron, zone), now) == then


def test_a_period_is_the_time_between_two_ticks() -> None:
    assert period(schedule("0 6 * * *"), datetime(2026, 1, 31, tzinfo=UTC)) == timedelta(days=1)
