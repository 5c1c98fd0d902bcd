"""Whom to tell of what: the YAML of the alerts, and the sensor that looks and tells."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import ConfigDict, Field

from asset_sync import settings
from asset_sync.alerts.deciding import Rules
from asset_sync.alerts.hours import DigestTime, Every, QuietHours
from asset_sync.alerts.model import Channel, Links
from asset_sync.components import config
from asset_sync.components.bounds import Bounds
from asset_sync.components.failures import told_in_one_line

SENSOR: Final = "alerts"
_NO_LONGER: Final = "ASSET_SYNC_ALERT_URL"
"""The variable by which earlier versions knew the one webhook that there was."""
_DAGSTER_URL: Final = "ASSET_SYNC_DAGSTER_URL"
_REVIEW_URL: Final = "ASSET_SYNC_PUBLIC_URL"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class ChannelConfig(dg.Model, dg.Resolvable):
    """A channel, and the variable of the environment that has its URL, as apprise writes them."""

    name: str = Field(description="What the channel is called.")
    variable: str = Field(description="The variable of the environment that has its URL.")


class QuietConfig(dg.Model, dg.Resolvable):
    """From when until when, of each day, nothing is told but what is urgent."""

    model_config = ConfigDict(populate_by_name=True)

    begin: str = Field(alias="from", description="The time of day at which they begin.")
    until: str = Field(description="The time of day at which they end.")

    def hours(self) -> QuietHours:
        """Return the quiet hours as the deciding takes them."""
        return QuietHours(time.fromisoformat(self.begin), time.fromisoformat(self.until))


class DigestConfig(dg.Model, dg.Resolvable):
    """When a digest is sent: every day or on a day of the week, at a time."""

    every: Every = Field(default="day", description="Every day, or the day of the week.")
    at: str = Field(description="The time of day.")

    def time(self) -> DigestTime:
        """Return the time of the digest as the deciding takes it."""
        return DigestTime(self.every, time.fromisoformat(self.at))


class Alerts(dg.Component, dg.Model, dg.Resolvable):
    """Tells people what they have to know, by the channels that are named; nothing where none is.

    What goes on is told again after `again_hours`. So many more held records than a day ago are told: `held_growth`. In the
    `quiet_hours` failures of the `urgent` syncs alone are told. `dagster_url` and `review_url` are where people look at runs
    and at plans.
    """

    channels: list[ChannelConfig] = Field(default_factory=list, description="Who is told; nobody where none is named.")
    again_hours: Annotated[float, Bounds(gt=0, le=config.MOST_HOURS)] = Field(
        default=24, description="After so many hours it is told again."
    )
    held_growth: Annotated[int, Bounds(ge=1)] = Field(
        default=10, description="So many more held records than a day ago are told."
    )
    timezone: str = Field(default="UTC", description="Whose times of day these are.")
    quiet_hours: QuietConfig | None = Field(default=None, description="When nothing but urgent failures is told.")
    urgent: list[str] = Field(default_factory=list, description="The syncs whose failures are told in quiet hours, too.")
    digest: DigestConfig | None = Field(default=None, description="When people are told what changed, is held and waits.")
    dagster_url: str = Field(default="", description="Where Dagster's UI is, for links to runs.")
    review_url: str = Field(default="", description="Where the service of the review page is, for links to plans.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sensor, which is always on and does nothing without a channel."""
        self.check(context.path / config.FILE)
        return dg.Definitions(sensors=[_sensor(self)])

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        place = config.Place(file, ("attributes",))
        self._check_channels(place.at("channels"))
        config.check_timezone(place.at("timezone"), self.timezone)
        self._check_times(place)
        syncs = sorted(each.parent.name for each in file.parent.parent.glob(f"*/{config.FILE}") if each.parent != file.parent)
        for number, sync in enumerate(self.urgent):
            if sync not in syncs:
                raise place.at("urgent").at(str(number)).error(f"there is no sync {sync!r}; there are {', '.join(syncs)}")

    def _check_channels(self, place: config.Place) -> None:
        names = [each.name for each in self.channels]
        for number, each in enumerate(self.channels):
            at = place.at(str(number))
            if not _NAME.fullmatch(each.name):
                raise at.at("name").error("it is no name: write small letters, digits, - and _")
            if each.name in names[:number]:
                raise at.at("name").error(f"{each.name!r} is the name of a channel above, too")
            if not _VARIABLE.fullmatch(each.variable):
                # It may be the URL itself, which is not to be shown.
                told = "it is no name of a variable: write one such as ASSET_SYNC_ALERTS_MAIL, and set that to the URL"
                raise at.at("variable").error(told)

    def _check_times(self, place: config.Place) -> None:
        quiet, digest = self.quiet_hours, self.digest
        times = [(("digest", "at"), digest.at)] if digest else []
        if quiet:
            times += [(("quiet_hours", "from"), quiet.begin), (("quiet_hours", "until"), quiet.until)]
        for (one, other), told in times:
            if not _TIME.fullmatch(told):
                raise place.at(one).at(other).error(f'{told!r} is no time of day: write one such as "07:30"')
        if quiet and quiet.begin == quiet.until:
            raise place.at("quiet_hours").error("from and until are the same: leave quiet_hours out, or write another time")
        if quiet and digest and quiet.hours().has(digest.time().at):
            raise place.at("digest").at("at").error(f"{digest.at} is in the quiet hours: write a time out of them")

    def rules(self) -> Rules:
        """Return when something is told."""
        return Rules(
            again=timedelta(hours=self.again_hours),
            zone=ZoneInfo(self.timezone),
            quiet=self.quiet_hours.hours() if self.quiet_hours else None,
            urgent=frozenset(self.urgent),
            digest=self.digest.time() if self.digest else None,
        )

    def links(self) -> Links:
        """Return where people look: as the YAML says, else the environment."""
        return Links(
            dagster=self.dagster_url or settings.optional(_DAGSTER_URL) or "",
            review=self.review_url or settings.optional(_REVIEW_URL) or "",
        )

    def named(self) -> Sequence[Channel]:
        """Return the channels."""
        return [Channel(each.name, each.variable) for each in self.channels]

    def nobody(self) -> str:
        """Return in words that no channel is named, and what to do."""
        told = "no channel is named: see asset_sync/defs/alerts/defs.yaml"
        asked = settings.optional(_NO_LONGER) is not None
        return f"{told}; {_NO_LONGER} is asked no more: name a channel with its variable there" if asked else told


def _sensor(alerts: Alerts) -> dg.SensorDefinition:
    @dg.sensor(
        name=SENSOR,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Looks for what people have to know and tells it by the channels of the YAML, once each.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not alerts.channels:
            return dg.SkipReason(alerts.nobody())
        # It loads the definitions, of which this is a part.
        from asset_sync.operations import telling  # noqa: PLC0415

        now = datetime.now(UTC)
        try:
            with told_in_one_line():
                told = telling.send(alerts, context.instance, now)
        except dg.Failure as failure:
            return _outage(alerts, context, failure.description or "it cannot be asked", now)
        if context.cursor:
            return _outage(alerts, context, None, now)
        return dg.SkipReason("; ".join(report.told for report in told))

    return sensor


def _outage(alerts: Alerts, context: dg.SensorEvaluationContext, why: str | None, now: datetime) -> dg.SkipReason:
    """Tell that the ledger cannot be asked, or can be again; what was told is kept in the sensor's cursor meanwhile."""
    from asset_sync.operations import telling  # noqa: PLC0415

    cursor, told = telling.tell_outage(alerts, context.cursor, why, now)
    context.update_cursor(cursor)
    return dg.SkipReason("; ".join(filter(None, (why, *(report.told for report in told)))))
