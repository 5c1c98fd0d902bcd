"""What an answer says beside what was asked for: the server's time, and how much may be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """The headers of an answer, by their names in lower case, and when it came by this machine's clock."""

    headers: Mapping[str, str]
    at: datetime

    @classmethod
    def now(cls, headers: Mapping[str, str]) -> "Heard":
        """Return an answer that came now."""
        return cls({name.lower(): value for name, value in headers.items()}, datetime.now(UTC))

    @property
    def sent_at(self) -> datetime | None:
        """When the server answered, by its own clock, which it tells in whole seconds; None where it did not say."""
        try:
            told = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None
        return told if told.tzinfo else told.replace(tzinfo=UTC)

    @property
    def ahead(self) -> timedelta | None:
        """How far the server's clock is ahead of this machine's, to a second; None where the server did not say."""
        return None if self.sent_at is None else self.sent_at - self.at.replace(microsecond=0)
