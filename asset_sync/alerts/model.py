"""What is told: causes, and what a channel knows of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Sort = Literal["failure", "guard", "waits", "held", "stale", "drift", "database"]
"""failure: the last run failed. guard: a guard stopped a plan. waits: a plan waits for approval. held: more records are held
than before. stale: no success for longer than the freshness. drift: the target was changed since it was written. database: the
ledger cannot be asked."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason to tell people something, as long as it is so.

    `about` is a sync, with its connection after a slash where it has several; or another job. `why` is the first reason, in a
    line. It is the same cause as long as its sort and what it is about are the same, whatever the reason and the plan.
    """

    sort: Sort
    about: str
    why: str
    plan_id: str | None = None
    run_id: str | None = None

    @property
    def key(self) -> str:
        """What makes it that cause."""
        return f"{self.sort} {self.about}"

    @property
    def sync(self) -> str:
        """The sync that it is about, without its connection."""
        return self.about.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Known:
    """A cause as a channel knows it: since when it was seen, when it was told last, since when it is over. None: not yet."""

    cause: Cause
    seen_at: datetime
    told_at: datetime | None = None
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: its name, and the variable of the environment that has its URL."""

    name: str
    variable: str


@dataclass(frozen=True, slots=True)
class Links:
    """Where people look: the addresses of Dagster's UI and of the review page; empty where nobody said."""

    dagster: str = ""
    review: str = ""

    def of(self, cause: Cause) -> Iterator[str]:
        """Yield the addresses that show a cause: its plan, then its run."""
        if self.review and cause.plan_id:
            yield f"{self.review.rstrip('/')}/review/plans/{cause.plan_id}"
        if self.dagster and cause.run_id:
            yield f"{self.dagster.rstrip('/')}/runs/{cause.run_id}"
