"""Quiet hours and the digest's time, over midnight and over the days on which clocks are set."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.alerts.hours import DigestTime, QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7))
LONG_NIGHT, SHORT_NIGHT = date(2026, 10, 25), date(2026, 3, 29)
"""The days on which clocks in Berlin go back from 3:00 to 2:00, and forward from 2:00 to 3:00."""


def utc(*at: int) -> datetime:
    return datetime(*at, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        (utc(2026, 7, 1, 19, 59, 59), False),
        (utc(2026, 7, 1, 20, 0), True),
        (utc(2026, 7, 1, 22, 30), True),
        (utc(2026, 7, 2, 4, 59, 59), True),
        (utc(2026, 7, 2, 5, 0), False),
        (utc(2026, 7, 2, 12, 0), False),
        # In winter the same hours of Berlin are an hour later.
        (utc(2026, 12, 1, 20, 59), False),
        (utc(2026, 12, 1, 21, 0), True),
        (utc(2026, 12, 2, 5, 59), True),
        (utc(2026, 12, 2, 6, 0), False),
    ],
)
def test_quiet_over_midnight(now: datetime, quiet: bool) -> None:
    assert NIGHT.holds(now, BERLIN) is quiet


def quiet_minutes(hours: QuietHours, night: date) -> list[datetime]:
    noon = datetime.combine(night - timedelta(days=1), time(12), tzinfo=UTC)
    minutes = (noon + timedelta(minutes=each) for each in range(24 * 60))
    return [minute for minute in minutes if hours.holds(minute, BERLIN)]


@pytest.mark.parametrize(("night", "hours"), [(LONG_NIGHT, 10), (SHORT_NIGHT, 8), (date(2026, 7, 1), 9)])
def test_the_night_on_which_clocks_are_set_is_as_long_as_it_is(night: date, hours: int) -> None:
    assert len(quiet_minutes(NIGHT, night)) == hours * 60


def test_quiet_that_ends_in_the_hour_that_comes_twice_ends_once() -> None:
    minutes = quiet_minutes(QuietHours(time(22), time(2, 30)), LONG_NIGHT)
    assert minutes[0] == utc(2026, 10, 24, 20, 0)
    assert minutes[-1] == utc(2026, 10, 25, 0, 29)
    assert len(minutes) == (minutes[-1] - minutes[0]) / timedelta(minutes=1) + 1


@given(begin=st.times(), end=st.times(), now=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)))
def test_quiet_and_its_complement_share_no_moment_where_no_clock_is_set(begin: time, end: time, now: datetime) -> None:
    if begin != end:
        utc_zone, moment = ZoneInfo("UTC"), now.replace(tzinfo=UTC)
        quiet = QuietHours(begin, end)
        assert quiet.holds(moment, utc_zone) is not QuietHours(end, begin).holds(moment, utc_zone)
        assert quiet.holds(moment, utc_zone) is quiet.has(moment.time())


@given(
    at=st.times(),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    steps=st.lists(st.integers(1, 600), min_size=1, max_size=60),
)
def test_a_daily_digest_is_due_once_a_day_however_often_one_looks(at: time, start: datetime, steps: list[int]) -> None:
    digest, now = DigestTime("day", at), start.replace(tzinfo=UTC)
    moments = [digest.last(now, BERLIN)]
    for minutes in steps:
        now += timedelta(minutes=minutes)
        moments.append(digest.last(now, BERLIN))
        assert moments[-1] <= now < moments[-1] + timedelta(hours=25)
    assert moments == sorted(moments)
    days = {moment.astimezone(BERLIN).date() for moment in set(moments)}
    assert len(days) == len(set(moments))
    # Looked at at least every ten hours, no day is left out.
    assert len(days) == (max(days) - min(days)).days + 1


def test_a_digest_in_an_hour_that_comes_twice_or_not_at_all_comes_once() -> None:
    digest = DigestTime("day", time(2, 30))
    assert digest.last(utc(2026, 10, 25, 12), BERLIN) == utc(2026, 10, 25, 0, 30)
    assert digest.last(utc(2026, 3, 29, 12), BERLIN) == utc(2026, 3, 29, 1, 30)


def test_a_weekly_digest_is_due_on_its_day() -> None:
    digest = DigestTime("monday", time(8))
    assert digest.last(utc(2026, 11, 27, 12), BERLIN) == utc(2026, 11, 23, 7)
    assert digest.last(utc(2026, 11, 23, 6, 59), BERLIN) == utc(2026, 11, 16, 7)
