"""What was written to targets since a moment, and what people decided: counted, or one by one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from asset_sync.components.resources import open_records
from asset_sync.ledger.written import Asked, Counted, Page
from asset_sync.operations.plans import check_known
from asset_sync.reconcile.errors import ConfigurationError

_AGO: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written since a moment: `counted` by sync, kind, field and operation; `page` one by one, where asked for."""

    since: datetime
    counted: Sequence[Counted]
    page: Page | None


def changes(
    since: datetime,
    *,
    sync: str | None = None,
    kind: str | None = None,
    field: str | None = None,
    most: int | None = None,
    offset: int = 0,
) -> Changes:
    """Return what was written and decided since a moment with a time zone.

    Where `most` is given, so many are told one by one: the latest, but for `offset` that are later still.

    `sync` may name a connection: netbox_to_wug/main. Raises ConfigurationError for a sync, kind or field that there is not, and
    of which nothing is known from then.
    """
    asked = Asked(since, sync, kind, field, most or 0, offset)
    records = open_records()
    counted = records.counted(asked)
    if not counted:
        check_known(kind, field, sync)
    return Changes(since, counted, records.written(asked) if most else None)


def moment(told: str, now: datetime) -> datetime:
    """Return the moment that a person means: a date, a date and time, or so long before `now` (30m, 12h, 3d, 2w).

    What has no time zone is local time, summer or winter time as it was then. Raises ConfigurationError for what is none of
    these.
    """
    ago = _AGO.fullmatch(told.strip())
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        # Near the year 1 or 9999 there is no such time in every zone.
        return datetime.fromisoformat(told.strip()).astimezone(UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        pass
    raise ConfigurationError(
        f"{told!r} is no moment: write a date (2026-01-31), a date and time (2026-01-31T08:00), or 12h, 3d, 2w"
    )


def local_now() -> datetime:
    """Return the time now, in the zone of this machine."""
    return datetime.now(UTC).astimezone()
