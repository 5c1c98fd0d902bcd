"""What to tell a channel now, from what it knows and what is the case: each cause once, again after a while, its end once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from asset_sync.alerts.hours import DigestTime, QuietHours
from asset_sync.alerts.model import Cause, Known

News = Literal["new", "again", "over", "was"]
"""was: what came and went before it could be told."""

_RETRY: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(hours=1)
_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """When something is told: `again` is after how long a cause that goes on is told again, `quiet` when nothing is told.

    A failure of one of the `urgent` syncs is told, and its end, although it is quiet.
    """

    again: timedelta
    zone: ZoneInfo
    quiet: QuietHours | None = None
    urgent: frozenset[str] = frozenset()
    digest: DigestTime | None = None

    def is_quiet(self, now: datetime) -> bool:
        """Tell whether it is quiet now."""
        return self.quiet is not None and self.quiet.holds(now, self.zone)


def seen(known: Iterable[Known], causes: Iterable[Cause], now: datetime) -> list[Known]:
    """Return what a channel knows once it has seen what is the case now: what is new, and what is over.

    What was over and is back before anybody was told so, was never over.
    """
    before = {each.cause.key: _not_ahead(each, now) for each in known}
    there = {cause.key: cause for cause in causes}
    still = [_still(before.get(key), cause, now) for key, cause in there.items()]
    over = [each if each.over_at else replace(each, over_at=now) for key, each in before.items() if key not in there]
    return [*still, *over]


def _not_ahead(known: Known, now: datetime) -> Known:
    """Return what a channel knows, with no moment that is yet to come: the clock was ahead when it was written down."""
    return replace(known, seen_at=min(known.seen_at, now), told_at=min(known.told_at, now) if known.told_at else None)


def _still(known: Known | None, cause: Cause, now: datetime) -> Known:
    return Known(cause, now) if known is None else replace(known, cause=cause, over_at=None)


def due(known: Iterable[Known], rules: Rules, now: datetime) -> list[Known]:
    """Return those that are to be told now."""
    quiet = rules.is_quiet(now)
    return [each for each in known if news(each, rules, now) and (not quiet or _is_urgent(each.cause, rules))]


def news(known: Known, rules: Rules, now: datetime) -> News | None:
    """Return what there is to tell of a cause, quiet or not; None where it has been told."""
    if known.over_at is not None:
        return "was" if known.told_at is None else "over"
    if known.told_at is None:
        return "new"
    return "again" if known.told_at + rules.again <= now else None


def _is_urgent(cause: Cause, rules: Rules) -> bool:
    # Without a database every sync fails.
    return (cause.sort == "failure" and cause.sync in rules.urgent) or (cause.sort == "database" and bool(rules.urgent))


def told(known: Iterable[Known], told: Sequence[Known], now: datetime) -> list[Known]:
    """Return what a channel knows once it was told some of it: what is over, and was told so, is forgotten."""
    keys = {each.cause.key for each in told}
    return [
        replace(each, told_at=now) if each.cause.key in keys else each
        for each in known
        if each.cause.key not in keys or each.over_at is None
    ]


def retry_after(failures: int) -> timedelta:
    """Return how long a channel is left alone after so many failures: a minute, twice as long each time, at most an hour."""
    return min(_RETRY * (1 << min(failures - 1, _DOUBLINGS)), _LONGEST)


def is_left_alone(retry_at: datetime | None, now: datetime) -> bool:
    """Tell whether a channel that failed is not to be tried yet; one that would be for longer was told so by a wrong clock."""
    return retry_at is not None and now < retry_at <= now + _LONGEST


def digest_due(last: datetime | None, rules: Rules, now: datetime) -> datetime | None:
    """Return the moment up to which a digest is to be told now, where the `last` one was up to that; None where none is due.

    A channel that has had none yet gets the next one. What was missed comes as one digest.
    """
    if rules.digest is None or last is None or rules.is_quiet(now):
        return None
    moment = rules.digest.last(now, rules.zone)
    return moment if moment > last else None
