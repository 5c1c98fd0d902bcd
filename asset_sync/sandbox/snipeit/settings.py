"""The administrator's settings that change what the API answers, and the formats that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

DateFormat = Literal["Y-m-d", "D M d, Y", "M j, Y", "d M, Y", "m/d/Y", "n/d/y", "d/m/Y", "d.m.Y", "Y.m.d"]
DigitSeparator = Literal["1,234.56", "1.234,56"]
Version = Literal["8.1.4", "8.4.1"]
Json = dict[str, object]

_PATTERNS: Mapping[DateFormat, str] = {
    "Y-m-d": "%Y-%m-%d",
    "D M d, Y": "%a %b %d, %Y",
    "M j, Y": "%b {day}, %Y",
    "d M, Y": "%d %b, %Y",
    "m/d/Y": "%m/%d/%Y",
    "n/d/y": "{month}/%d/%y",
    "d/m/Y": "%d/%m/%Y",
    "d.m.Y": "%d.%m.%Y",
    "Y.m.d": "%Y.%m.%d",
}
_SWAPPED = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Settings:
    """Snipe-IT's defaults, unless told otherwise.

    `timezone` is APP_TIMEZONE, in which moments are written without saying so. `date_format` is that of `formatted` and
    of custom DATE fields. `scope_locations` holds locations to a token's company. Until `set_up`, every address leads to
    the setup page. With `version` 8.4.1, assets have the keys that newer code adds to them, one of them called `status`.
    """

    version: Version = "8.1.4"
    timezone: str = "UTC"
    date_format: DateFormat = "Y-m-d"
    digit_separator: DigitSeparator = "1,234.56"
    show_archived_in_list: bool = False
    scope_locations: bool = False
    set_up: bool = True


class Formats:
    """Dates and money as the API writes them."""

    def __init__(self, settings: Settings) -> None:
        self._zone = None if settings.timezone == "UTC" else ZoneInfo(settings.timezone)
        self._pattern = _PATTERNS[settings.date_format]
        self._comma = settings.digit_separator == "1.234,56"

    def local(self, moment: datetime) -> datetime:
        """The moment by the server's clock on the wall."""
        return moment.astimezone(self._zone) if self._zone else moment.astimezone(UTC)

    def moment(self, value: datetime | None) -> Json | None:
        """`{"datetime": "2026-01-05 06:00:00", "formatted": "2026-01-05 06:00 AM"}`, without a zone."""
        if value is None:
            return None
        shown = self.local(value) if self._zone else value
        text = shown.isoformat(" ")[:19]
        return {
            "datetime": text,
            "formatted": f"{self.plain(shown)} {_hour(shown.hour)}:{shown.minute:02d} {_half(shown.hour)}",
        }

    def day(self, value: date | None) -> Json | None:
        """`{"date": "2026-01-05", "formatted": "2026-01-05"}`."""
        if value is None:
            return None
        return {"date": value.isoformat()[:10], "formatted": self.plain(value)}

    def plain(self, value: date) -> str:
        """A date in the display format alone."""
        if self._pattern == "%Y-%m-%d":
            return value.isoformat()[:10]
        return value.strftime(self._pattern.format(day=value.day, month=value.month))

    def money(self, value: Decimal | None) -> str | None:
        """`1,299.00` or `1.299,00`."""
        if value is None:
            return None
        text = f"{value:,.2f}"
        return text.translate(_SWAPPED) if self._comma else text


def _hour(hour: int) -> str:
    return f"{(hour + 11) % 12 + 1:02d}"


def _half(hour: int) -> str:
    return "AM" if hour < 12 else "PM"
