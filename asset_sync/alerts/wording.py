"""The words of alerts: a title, and a paragraph for each cause."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asset_sync.alerts.deciding import News, Rules, news
from asset_sync.alerts.model import Cause, Known, Links, Sort

_MOST: Final = 20
_WORDS: Final[Mapping[Sort, Mapping[News, str]]] = {
    "failure": {"new": "{} failed", "again": "{} still fails", "over": "{} runs again"},
    "guard": {
        "new": "a guard stops {}",
        "again": "a guard still stops {}",
        "over": "no guard stops {} any more",
    },
    "waits": {
        "new": "a plan of {} waits for approval",
        "again": "a plan of {} still waits for approval",
        "over": "no plan of {} waits any more",
    },
    "held": {
        "new": "{} holds more records than before",
        "again": "{} goes on holding more records",
        "over": "what {} holds grows no more",
    },
    "stale": {"new": "{} is stale", "again": "{} is still stale", "over": "{} is fresh again"},
    "drift": {"new": "{} has drifted", "again": "{} still drifts", "over": "{} drifts no more"},
    "database": {"new": "{} cannot be asked", "again": "{} still cannot be asked", "over": "{} can be asked again"},
}


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is told, as plain text."""

    title: str
    body: str


def message(items: Sequence[Known], rules: Rules, links: Links, now: datetime) -> Message:
    """Return what tells all of these in one message."""
    paragraphs = ["\n".join(_paragraph(each, rules, links, now)) for each in items[:_MOST]]
    if len(items) > _MOST:
        paragraphs.append(f"and {len(items) - _MOST} more: asset-sync alerts list")
    title = headline(items[0], rules, now) if len(items) == 1 else f"{len(items)} alerts"
    return Message(f"asset_sync: {title}", "\n\n".join(paragraphs))


def headline(known: Known, rules: Rules, now: datetime) -> str:
    """Return in a few words what there is to tell of a cause."""
    what = news(known, rules, now) or "again"
    words = _WORDS[known.cause.sort]["new" if what == "was" else what].format(known.cause.about)
    return f"{words}, and that is over" if what == "was" else words


def _paragraph(known: Known, rules: Rules, links: Links, now: datetime) -> Iterator[str]:
    cause = known.cause
    over = f"; over since {_moment(known.over_at, rules)}" if known.over_at else ""
    line = headline(known, rules, now)
    yield line if known.over_at and known.told_at else f"{line}: {cause.why}"
    yield f"since {_moment(known.seen_at, rules)}{over}{_ids(cause)}"
    yield from links.of(cause)


def _ids(cause: Cause) -> str:
    ids = (("plan", cause.plan_id), ("run", cause.run_id))
    return "".join(f"; {name} {each}" for name, each in ids if each)


def _moment(at: datetime, rules: Rules) -> str:
    return f"{at.astimezone(rules.zone):%Y-%m-%d %H:%M %Z}"
