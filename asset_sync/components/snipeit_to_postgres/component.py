"""Snipe-IT → PostgreSQL as a component: one asset a table, loaded by one step that lets readers see all of them at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import dagster as dg
from pydantic import Field

from asset_sync import database
from asset_sync.components import config, run_tags
from asset_sync.components.bounds import Bounds
from asset_sync.components.declared.ends import End
from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.pausing import paused, refuse_paused
from asset_sync.components.progress import progress_of
from asset_sync.components.timezones import machine_timezone
from asset_sync.components.waits import throttle_wait
from asset_sync.mirror import LoadReport, Options, TableReport, checks, differences, load, migrate
from asset_sync.mirror.failures import database_told
from asset_sync.mirror.guards import told_of
from asset_sync.mirror.masks import HIDING
from asset_sync.mirror.schema import SCHEMA, tables
from asset_sync.systems.checkup import Needs
from asset_sync.systems.snipeit import TABLES, SnipeIt, Table
from asset_sync.systems.snipeit.system import SNIPEIT

COUNTS: Final = "counts_equal"
REFERENCES: Final = "references_resolve"
TAGS: Final = "living_tags_are_unique"
READABLE: Final = "values_are_readable"
OWNER: Final = "token_sees_all"
_YEAR: Final = timedelta(days=366)


class HoursConfig(dg.Model, dg.Resolvable):
    """When the mirror is loaded by itself, once its schedule is switched on; no time zone means the machine's."""

    cron: str = Field(default="0 8,12,16,20 * * *", description="Minute, hour, day, month and weekday.")
    timezone: str = Field(default="", description="Such as Europe/Berlin; none is the machine's.")

    @property
    def zone(self) -> str:
        """The time zone, by its name."""
        return self.timezone or machine_timezone()


class FreshConfig(dg.Model, dg.Resolvable):
    """By each deadline of `cron` a load must have succeeded within so many hours, or the tables count as stale."""

    cron: str = Field(default="0 2,14,20 * * *", description="The deadlines.")
    hours: Annotated[float, Bounds(gt=0, le=config.MOST_HOURS)] = Field(
        default=6, description="Within so many hours before one a load must have succeeded."
    )


class LossConfig(dg.Model, dg.Resolvable):
    """The share of a table's rows, of 1, that may be missing before a load stops."""

    shrink: Annotated[float, Bounds(ge=0, le=1)] = Field(
        default=0.20, description="The share of 1 of a table's rows that may be missing before a load stops."
    )


class LoadConfig(dg.Config):
    """`full`: read every table whole now. `accept_losses`: load although the guards say that too much is missing."""

    full: bool = False
    accept_losses: bool = False


_WORDS: Final = "Snipe-IT → PostgreSQL: loads what changed into the mirror, and compares all rows as often as the YAML says."


class SnipeitToPostgres(dg.Component, dg.Model, dg.Resolvable):
    """Keeps a mirror of Snipe-IT in PostgreSQL, schema `snipeit`.

    `compare_hours` is how often all rows are read, to find what vanished without trace. `server_timezone` is Snipe-IT's
    APP_TIMEZONE, since its moments say nothing of theirs. A token whose owner is no superuser may see one company alone: a
    check tells that in every run, or, with `stop`, nothing is loaded.
    """

    schedule: HoursConfig = Field(
        default_factory=HoursConfig, description="When the mirror is loaded by itself, once it is switched on."
    )
    compare_hours: Annotated[float, Bounds(gt=0, le=config.MOST_HOURS)] = Field(
        default=24,
        description="How often all rows are read again, to find what vanished without trace.",
    )
    limits: LossConfig = Field(default_factory=LossConfig, description="How much may be missing.")
    freshness: FreshConfig = Field(default_factory=FreshConfig, description="When the tables count as stale.")
    server_timezone: str = Field(default="UTC", description="Snipe-IT's APP_TIMEZONE: its moments come without a zone.")
    without_superuser: Literal["warn", "stop"] = Field(
        default="warn", description="warn: a check tells of a token that may not see all. stop: nothing is loaded then."
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the tables' assets, the job and the schedule; they have the name of the component's folder."""
        self.check(context.path / config.FILE)
        name = context.path.name
        job = dg.define_asset_job(
            name, selection=dg.AssetSelection.assets(*map(_key, TABLES)), tags={run_tags.SYNC: name}, description=_WORDS
        )
        schedule = dg.ScheduleDefinition(
            name=f"{name}_schedule",
            job=job,
            cron_schedule=self.schedule.cron,
            execution_timezone=self.schedule.zone,
            should_execute=lambda _context: paused(name) is None,
            description=f"Loads {name} by itself.",
        )
        return dg.Definitions(assets=[self._tables_asset(name)], jobs=[job], schedules=[schedule])

    def differences(self) -> list[str]:
        """Read all of Snipe-IT again and return, a line a table, what the mirror does not have as it is there.

        Nothing is written. Raises `AssetSyncError` where one of the two cannot be read.
        """
        with SnipeIt().client() as client:
            found = differences(database.engine(), client, self._options(LoadConfig()))
        return [
            f"{name} lacks {rows.inserted} rows, {rows.updated} are old, {rows.deleted} are gone"
            for name, rows in found.items()
        ]

    def ends(self, name: str) -> Iterator[End]:  # noqa: ARG002 - as every component is asked
        """Yield Snipe-IT, of which every list is read."""
        yield End("source", SNIPEIT, "", SnipeIt(), Needs(tables=frozenset(TABLES)))

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        place = config.Place(file, ("attributes",))
        for where, zone in (
            (place.at("schedule").at("timezone"), self.schedule.zone),
            (place.at("server_timezone"), self.server_timezone),
        ):
            config.check_timezone(where, zone)
        config.check_cron(place.at("schedule").at("cron"), self.schedule.cron)
        config.check_cron(place.at("freshness").at("cron"), self.freshness.cron)

    def fresh_since(self, now: datetime) -> datetime | None:
        """Return since when a load must have succeeded, by the last deadline until now; None where a year has none."""
        deadlines = dg.TimeWindowPartitionsDefinition(
            start=now - _YEAR, fmt="%Y-%m-%dT%H:%M:%S", cron_schedule=self.freshness.cron, timezone=self.schedule.zone
        )
        window = deadlines.get_prev_partition_window(now)
        return None if window is None else window.end - timedelta(hours=self.freshness.hours)

    def _options(self, run: LoadConfig) -> Options:
        return Options(
            compare_every=timedelta(hours=self.compare_hours),
            shrink=self.limits.shrink,
            timezone=self.server_timezone,
            full=run.full,
            accept_losses=run.accept_losses,
            superuser_only=self.without_superuser == "stop",
        )

    def _tables_asset(self, name: str) -> dg.AssetsDefinition:
        fresh = dg.FreshnessPolicy.cron(self.freshness.cron, timedelta(hours=self.freshness.hours), self.schedule.zone)

        @dg.multi_asset(
            name=f"{name}__load",
            specs=[_spec(table, fresh) for table in TABLES.values()],
            check_specs=[check for table in TABLES.values() for check in _check_specs(table)],
            can_subset=True,
            pool="snipeit",
            retry_policy=EXTRACT_RETRIES,
        )
        def tables_asset(
            context: dg.AssetExecutionContext, config: LoadConfig, snipeit: SnipeIt
        ) -> Iterator[dg.MaterializeResult[Any]]:
            with told_in_one_line(), database_told(), progress_of(context), snipeit.client() as client:
                refuse_paused(name)
                engine = database.engine()
                migrate(engine)
                names = [key.path[-1] for key in context.selected_asset_keys]
                report = load(engine, client, self._options(config), run_id=context.run.run_id, names=names)
                for table, told in report.tables.items():
                    results = [_checked(check, told, report) for check in _check_specs(TABLES[table])]
                    yield dg.MaterializeResult(
                        asset_key=_key(table), metadata=_metadata(table, told, report), check_results=results
                    )

        return tables_asset


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey([SCHEMA, table])


def _spec(table: Table, fresh: dg.FreshnessPolicy) -> dg.AssetSpec:
    columns = [dg.TableColumn(column.name, type=str(column.type).lower()) for column in tables[table.name].columns]
    return dg.AssetSpec(
        _key(table.name),
        group_name=SCHEMA,
        kinds={"postgres", "snipeit"},
        description=f"Snipe-IT's /{table.path}, mirrored in {SCHEMA}.{table.name}.",
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "dagster/table_name": f"{SCHEMA}.{table.name}"},
        freshness_policy=fresh,
        code_version="2",
    )


def _metadata(name: str, told: TableReport, report: LoadReport) -> dict[str, Any]:
    written = told.written
    return {
        "dagster/row_count": told.has.living or 0,
        "rows/read": written.read,
        "rows/inserted": written.inserted,
        "rows/updated": written.updated,
        "rows/deleted": written.deleted,
        "rows/mended": told.mended,
        "load/start": dg.MetadataValue.timestamp(report.started),
        "load/end": dg.MetadataValue.timestamp(report.ended),
        "load/seconds": report.seconds,
        # The requests are the load's, not a table's: one of the assets tells them, so that sums are right.
        **(_sent(report) if name == next(iter(report.tables)) else {}),
    }


def _sent(report: LoadReport) -> dict[str, float | str]:
    return {"requests": report.requests, **throttle_wait("snipeit", report.waited)}


# Checks.


def _check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    key = _key(table.name)
    specs = [
        dg.AssetCheckSpec(COUNTS, asset=key, description="The mirror has as many rows as Snipe-IT says."),
        dg.AssetCheckSpec(OWNER, asset=key, description="The token is that of a superuser, who sees all rows."),
    ]
    if any(column.references for column in table.columns):
        specs.append(dg.AssetCheckSpec(REFERENCES, asset=key, description="Every id of another row is that of a mirrored row."))
    if table.name in HIDING:
        specs.append(
            dg.AssetCheckSpec(READABLE, asset=key, description="No value that was known is hidden from the token now.")
        )
    if table.name == "hardware":
        specs.append(dg.AssetCheckSpec(TAGS, asset=key, description="No two living assets have the same asset tag."))
    return specs


def _checked(check: dg.AssetCheckSpec, told: TableReport, report: LoadReport) -> dg.AssetCheckResult:
    passed, words = _owner(report) if check.name == OWNER else _VERDICTS[check.name](check.asset_key.path[-1], told)
    # What fails here is Snipe-IT's own disorder, or a row that came while others were read: worth a look, no failure.
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if check.name == COUNTS else dg.AssetCheckSeverity.WARN,
        description=words,
    )


def _owner(report: LoadReport) -> tuple[bool, str]:
    return report.owner.superuser, told_of(report.owner)


def _counts(_name: str, told: TableReport) -> tuple[bool, str]:
    passed, words = _counted(told)
    mended = f"; the comparison mended {told.mended} rows that no load before had found" if told.mended else ""
    return passed, words + mended


def _counted(told: TableReport) -> tuple[bool, str]:
    said, has = told.told, told.has
    if said.both is None and said.total.living is None:
        return True, f"{has.living} living rows; nothing that Snipe-IT told asked for a count"
    counted = said.both if said.both is not None else said.total.living
    return told.adds_up, f"Snipe-IT counts {counted} rows; the mirror has {has.living} living and {has.trashed} deleted ones"


def _references(name: str, _told: TableReport) -> tuple[bool, str]:
    lost = checks.unresolved(database.engine(), name)
    return not lost, "; ".join(
        f"{count} rows with an unknown {column}" for column, count in lost.items()
    ) or "all lead to a row"


def _tags(_name: str, _told: TableReport) -> tuple[bool, str]:
    repeated = checks.repeated_tags(database.engine())
    return (
        not repeated,
        f"more than one living asset has the tag {', '.join(repeated)}" if repeated else "every tag is one asset's",
    )


def _readable(_name: str, told: TableReport) -> tuple[bool, str]:
    hidden = f"{told.hidden} values stand as last seen: give the owner of SNIPEIT_TOKEN the right to see them again"
    return not told.hidden, hidden if told.hidden else "no value that was known is hidden"


_VERDICTS: Final = {COUNTS: _counts, REFERENCES: _references, TAGS: _tags, READABLE: _readable}
