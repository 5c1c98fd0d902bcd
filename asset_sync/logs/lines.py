"""A line of the log: what it says, and how it is written."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

import orjson

from asset_sync.logs.masking import masked
from asset_sync.reconcile.visible import visible

Event = Literal["run_started", "run_ended", "step_started", "step_ended"]

_LONGEST: Final = 4_000
"""Characters of a message; a server's page of HTML is no news."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is said at a moment. `seconds`, `counts` and `errors` are those of a run or a step that ended."""

    at: datetime
    level: int
    said: str
    logger: str = ""
    run_id: str = ""
    sync: str = ""
    partition: str = ""
    step: str = ""
    event: Event | None = None
    seconds: float | None = None
    succeeded: bool | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[str] = ()


def in_json(line: Line) -> str:
    """Return a line as one JSON object, without what it has not."""
    told = {
        "time": line.at.isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(line.level),
        "message": _short(line.said),
        "logger": line.logger,
        "run_id": line.run_id,
        "sync": line.sync,
        "partition": line.partition,
        "step": line.step,
        "event": line.event,
        "seconds": line.seconds,
        "succeeded": line.succeeded,
        "counts": dict(line.counts),
        "errors": list(line.errors),
    }
    return orjson.dumps(masked({name: value for name, value in told.items() if value not in ("", None, {}, [])})).decode()


def in_text(line: Line) -> str:
    """Return a line as people read it; what has several lines is parted by bars."""
    partition = f"/{line.partition}" if line.partition else ""
    who = " ".join(filter(None, (f"{line.sync}{partition}" or line.logger, line.run_id[:8], line.step)))
    figures = [f"{line.seconds} s"] if line.seconds is not None else []
    figures += [f"{name} {count}" for name, count in line.counts.items()]
    told = "; ".join(filter(None, (_short(line.said), ", ".join(figures), *line.errors)))
    said = " | ".join(filter(None, map(str.strip, told.splitlines())))
    level = logging.getLevelName(line.level)
    # Last of all, because masking may undo escapes.
    return visible(str(masked(f"{line.at.isoformat(timespec='milliseconds')} {level} {who}: {said}")))


FORMATS: Final[Mapping[str, Callable[[Line], str]]] = {"text": in_text, "json": in_json}
"""How a line is written, by the name that ASSET_SYNC_LOG_FORMAT gives it."""


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
