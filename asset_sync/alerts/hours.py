"""Times of day in a time zone: quiet hours, and when the digest is due. Days on which clocks are set count each time once."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

Every = Literal["day", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAYS: Final = get_args(Every)[1:]
_DAY: Final = timedelta(days=1)
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day until another, of the next day where that is earlier."""

    begin: time
    end: time

    def holds(self, now: datetime, zone: ZoneInfo) -> bool:
        """Tell whether it is quiet now."""
        today = now.astimezone(zone).date()
        return any(self._moment(day, zone) <= now < self._over(day, zone) for day in (today - _DAY, today))

    def has(self, at: time) -> bool:
        """Tell whether a time of day is in the quiet hours."""
        return self.begin <= at < self.end if self.begin < self.end else at >= self.begin or at < self.end

    def _moment(self, day: date, zone: ZoneInfo) -> datetime:
        return _moment(day, self.begin, zone)

    def _over(self, day: date, zone: ZoneInfo) -> datetime:
        return _moment(day if self.begin < self.end else day + _DAY, self.end, zone)


@dataclass(frozen=True, slots=True)
class DigestTime:
    """When the digest is due: every day, or one day of the week, at a time of day."""

    every: Every
    at: time

    def last(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the last moment, until now, at which it was due."""
        today = now.astimezone(zone).date()
        # Where clocks are set, the day before yesterday may be the last one of a day; a week has each weekday once.
        days = (today - back * _DAY for back in range(_WEEK + 1))
        moments = (_moment(day, self.at, zone) for day in days if self._is_on(day))
        return next(moment for moment in moments if moment <= now)

    def _is_on(self, day: date) -> bool:
        return self.every in ("day", _WEEKDAYS[day.weekday()])


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when it is that time on that day: of a time that comes twice the first, of one that is left out as much later."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(ZoneInfo("UTC"))
