"""What a person writes into a sync's YAML, the parts that all syncs share, and how it is refused with file and line."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg
import yaml
from pydantic import Field

from asset_sync.components.bounds import Bounds
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.guards import Limits
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Grace

FILE: Final = "defs.yaml"
"""The name of a sync's YAML, in the folder that gives the sync its name."""


MOST_HOURS: Final = 24 * 3_660
"""Ten years: whoever writes more hours than that has mistaken something."""


MOST_RUNS: Final = 100_000
"""Ten years of runs, one an hour."""


class GraceConfig(dg.Model, dg.Resolvable):
    """An object missing from the source is retired after so many runs and so many hours, both of them; or never."""

    runs: Annotated[int, Bounds(ge=1, le=MOST_RUNS)] = Field(default=3, description="In so many complete runs it was missing.")
    hours: Annotated[float, Bounds(ge=0, le=MOST_HOURS)] = Field(default=24, description="For so many hours it was missing.")
    retire: bool = Field(default=True, description="false retires nothing.")

    def grace(self) -> Grace:
        """Return the grace as the core takes it."""
        return Grace(self.runs, timedelta(hours=self.hours), self.retire)


class LimitsConfig(dg.Model, dg.Resolvable):
    """What a plan may do without approval: shares of 1, and a count."""

    source_shrink: Annotated[float, Bounds(ge=0, le=1)] = Field(
        default=0.20, description="The share of 1 that the source may have lost since the last run."
    )
    target_shrink: Annotated[float, Bounds(ge=0, le=1)] = Field(
        default=0.20, description="The share of 1 that the target may have lost."
    )
    retire_share: Annotated[float, Bounds(ge=0, le=1)] = Field(
        default=0.05, description="The share of 1 of all objects that may be retired at once."
    )
    retire_count: Annotated[int, Bounds(ge=0)] = Field(default=100, description="How many objects may be retired at once.")

    def limits(self) -> Limits:
        """Return the limits as the core takes them."""
        return Limits(self.source_shrink, self.target_shrink, self.retire_share, self.retire_count)


class PrefixLengthConfig(dg.Model, dg.Resolvable):
    """How long the prefixes are that NetBox is given, where the source tells addresses without their networks."""

    ipv4: Annotated[int, Bounds(ge=1, le=32)] = Field(default=24, description="Of IPv4.")
    ipv6: Annotated[int, Bounds(ge=1, le=128)] = Field(default=64, description="Of IPv6.")


class ScheduleConfig(dg.Model, dg.Resolvable):
    """When the sync runs by itself, once its schedule is switched on: a cron expression and a time zone."""

    cron: str = Field(default="0 * * * *", description="Minute, hour, day, month and weekday.")
    timezone: str = Field(default="UTC", description="Such as Europe/Berlin.")


def check_timezone(place: "Place", zone: str) -> None:
    """Raise `ConfigurationError`, with file and line, for what is no time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # "Europe" is a folder of them.
        raise place.error(f"there is no time zone {zone!r}; write one such as Europe/Berlin") from None


def check_schedule(place: "Place", schedule: ScheduleConfig) -> None:
    """Raise `ConfigurationError`, with file and line, for what is no cron expression or no time zone."""
    check_timezone(place.at("timezone"), schedule.timezone)
    check_cron(place.at("cron"), schedule.cron)


def check_cron(place: "Place", cron: str) -> None:
    """Raise `ConfigurationError`, with file and line, for what is no cron expression."""
    try:
        dg.ScheduleDefinition(name="checked", job_name="checked", cron_schedule=cron)
    except dg.DagsterInvalidDefinitionError:
        told = f'{cron!r} is no cron expression; write minute, hour, day, month and weekday, such as "0 * * * *"'
        raise place.error(told) from None


def check_owners(place: "Place", named: Sequence[str]) -> None:
    """Raise `ConfigurationError`, with file and line, for what Dagster takes for no owner of assets."""
    for number, owner in enumerate(named):
        try:
            dg.AssetSpec("checked", owners=[owner])
        except dg.DagsterError:
            raise place.at(str(number)).error(f"{owner!r} is no owner: write an e-mail address, or team:name") from None


def owners(mapping: Mapping[str, Mapping[str, FieldMapping]]) -> Mapping[str, Mapping[str, Ownership]]:
    """Return who owns the mapped fields."""
    return {kind: {name: field.ownership for name, field in fields.items()} for kind, fields in mapping.items()}


class Place:
    """A place in a YAML file, by its keys."""

    def __init__(self, file: Path, keys: Sequence[str]) -> None:
        self.file = file
        self.keys = tuple(keys)

    def at(self, key: str) -> "Place":
        """Return the place of a key below this one."""
        return Place(self.file, (*self.keys, key))

    def error(self, message: str) -> ConfigurationError:
        """Return an error that names the file, the line and the keys."""
        shown = self.keys[1:] if self.keys[0] == "attributes" and len(self.keys) > 1 else self.keys
        return ConfigurationError(f"{self.file}:{self._line()}: {'.'.join(shown)}: {message}")

    def _line(self) -> int:
        node = yaml.compose(self.file.read_text(encoding="utf-8"))
        line = 1
        for key in self.keys:
            found = _below(node, key)
            if found is None:
                break
            at, node = found
            line = at.start_mark.line + 1
        return line


def _below(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return what stands below a key, or at a position of a list, and where that begins; None where there is nothing."""
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)], node.value[int(key)]
    return None
