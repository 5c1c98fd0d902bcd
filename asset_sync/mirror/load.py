"""A load of the mirror: what is read, what is guarded, what is switched, and the row that tells of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from asset_sync.mirror import guards
from asset_sync.mirror.failures import database_told
from asset_sync.mirror.gathering import Counts, Gathered, Gatherer, Known, merged_counts
from asset_sync.mirror.masks import keep_known, unmask
from asset_sync.mirror.missing import find_missing
from asset_sync.mirror.schema import SCHEMA, sync_runs, sync_state
from asset_sync.mirror.staging import Stage
from asset_sync.mirror.switching import Written, prepare, switch
from asset_sync.reconcile.errors import AssetSyncError, SourceUnavailable
from asset_sync.systems.snipeit import TABLES, Owner, SnipeItClient

_TOLERANCE: Final = timedelta(minutes=10)
"""A daily load starts some seconds earlier or later than the day before."""

_NOBODY: Final = Owner("", superuser=False)

_LOCK_WAIT: Final = "10s"


@dataclass(frozen=True, slots=True)
class Options:
    """How a load goes.

    Every `compare_every` the tables are read whole, or now where it is `full`. A table may lose a share of `shrink` of its
    rows, or any where losses are accepted. `timezone` is the server's (APP_TIMEZONE): moments come without one. Where
    `superuser_only`, a token of anybody else stops the load, unless losses are accepted.
    """

    compare_every: timedelta = timedelta(days=1)
    shrink: float = 0.20
    timezone: str = "UTC"
    full: bool = False
    accept_losses: bool = False
    superuser_only: bool = False


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a load did to one table, what Snipe-IT counts of it, and what the mirror has now (rows that are not purged).

    `hidden` is how many values the mirror keeps from before, because the token may no longer see them. `mended` is how many
    rows were old and had been missed by the loads before: only the comparison of all rows found them.
    """

    written: Written
    compared_at: datetime
    told: Gathered
    has: Counts
    hidden: int
    mended: int

    @property
    def adds_up(self) -> bool:
        """Whether the mirror has as many rows as Snipe-IT told, where it told."""
        living, trashed = self.has.living or 0, self.has.trashed or 0
        told = self.told
        return (
            (told.both is None or living + trashed == told.both)
            and (told.total.living is None or living in (told.total.living, told.among))
            and (told.total.trashed is None or trashed == told.total.trashed)
        )


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did; `waited` is for how many seconds its requests were held back."""

    started: datetime
    ended: datetime
    requests: int
    tables: Mapping[str, TableReport]
    owner: Owner
    waited: float = 0.0

    @property
    def mended(self) -> int:
        """How many rows only the comparison found to be old."""
        return sum(table.mended for table in self.tables.values())

    @property
    def written(self) -> Written:
        """The sums of all tables."""
        return sum((table.written for table in self.tables.values()), Written())

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds()


def load(
    engine: Engine,
    client: SnipeItClient,
    options: Options,
    *,
    run_id: str = "",
    names: Collection[str] = tuple(TABLES),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> LoadReport:
    """Bring the named tables of the mirror up to date, all at once or not at all.

    Raises `AssetSyncError` where that is not possible; then readers still see what they saw before.
    """
    started, before = now(), client.tally.read
    try:
        with database_told(), _session(engine, options.timezone) as connection:
            owner = client.owner()
            if options.superuser_only and not options.accept_losses:
                guards.check_owner(owner)
            under_way = _Load(connection, client, options, started)
            tables = under_way.read(names)
            requests = client.tally
            return under_way.switch(
                lambda: LoadReport(started, now(), requests.read - before, tables, owner, requests.waited), run_id
            )
    except Exception as error:
        told = str(error) if isinstance(error, AssetSyncError) else type(error).__name__
        # Where the database itself is what failed, nobody can write that into it.
        with suppress(SQLAlchemyError), engine.begin() as connection:
            _record(connection, LoadReport(started, now(), client.tally.read - before, {}, _NOBODY), run_id, told)
        raise


def differences(engine: Engine, client: SnipeItClient, options: Options) -> Mapping[str, Written]:
    """Read all of Snipe-IT and return what a load would write now, by table, where it would; nothing is written.

    Raises `AssetSyncError` where Snipe-IT or the mirror cannot be read.
    """
    with database_told(), _session(engine, options.timezone) as connection:
        tables = _Load(connection, client, replace(options, full=True), datetime.now(UTC)).read(TABLES)
    return {name: table.written for name, table in tables.items() if table.written.writes}


@contextmanager
def _session(engine: Engine, timezone: str) -> Iterator[Connection]:
    """A connection of its own, since staging ends with it; it holds a lock that ends with it, too, however the process ends."""
    with engine.connect() as connection:
        try:
            _lock(connection)
            # PostgreSQL reads moments without a zone in that of the session.
            connection.execute(select(func.set_config("TimeZone", timezone, False)))
            connection.commit()
            # Staging is seen by nobody: it needs no transactions. The switch is one.
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
        finally:
            connection.invalidate()


def _lock(connection: Connection) -> None:
    """Be the only load. One that was killed a moment ago may take PostgreSQL that long to notice."""
    connection.execute(select(func.set_config("lock_timeout", _LOCK_WAIT, True)))
    try:
        connection.execute(select(func.pg_advisory_lock(func.hashtext(f"{SCHEMA} load"))))
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise SourceUnavailable("another load of the Snipe-IT mirror is running: run again when it has ended") from None
    connection.commit()


class _Load:
    def __init__(self, connection: Connection, client: SnipeItClient, options: Options, started: datetime) -> None:
        self._connection = connection
        self._options = options
        self._started = started
        self._known = Known()
        self._gatherer = Gatherer(client, self._known, options.timezone)
        self._gathered: dict[str, Gathered] = {}
        with connection.begin():
            self._states = {row.name: row for row in connection.execute(select(sync_state))}

    def read(self, names: Collection[str]) -> dict[str, TableReport]:
        """Read and guard all tables, and leave what is to be written in their stages."""
        for name in TABLES:
            if name in names:
                self._read(name, self._cursor(name))
        if self._shown_fields_changed():
            self._read("hardware", None)
        return {name: self._prepared(name, stage) for name, stage in self._known.stages.items()}

    def _cursor(self, name: str) -> str | None:
        """Return from where on the table is to be read; None for all of it."""
        state = self._states.get(name)
        if state is None or self._options.full or self._is_due(state.compared_at) or self._is_left_behind(name):
            return None
        # In another time zone all moments are others, those of rows that did not change as well.
        return str(state.cursor) if state.timezone == self._options.timezone else None

    def _is_left_behind(self, name: str) -> bool:
        """Tell whether what says that the table changed was loaded without it, so that it would not be said again."""
        loaded = {table: state.loaded_at for table, state in self._states.items()}
        sayers = _SAID_BY.get(name) or _SAID_BY.get(TABLES[name].changes, ())
        return any(sayer in loaded and loaded[sayer] > loaded[name] for sayer in sayers)

    def _is_due(self, compared_at: datetime) -> bool:
        return self._started - compared_at >= self._options.compare_every - _TOLERANCE

    def _read(self, name: str, cursor: str | None) -> None:
        stage = self._known.stages.get(name) or Stage(self._connection, TABLES[name])
        stage.clear()  # it was read before where it has to be read again
        self._gathered[name] = gathered = self._gatherer.gather(stage, cursor, is_new=name not in self._states)
        self._known.stages[name] = stage
        if not self._options.accept_losses:
            guards.check_size(stage, gathered, self._options.shrink)
            guards.check_scope(stage, gathered)
        if gathered.complete and stage.table.changes != "seats":
            find_missing(self._gatherer.reader, stage)
        if name == "activity" and cursor is not None and not gathered.complete:
            self._known.touched = _touched(stage)

    def _shown_fields_changed(self) -> bool:
        """Tell whether assets show other custom fields than before, which moves no `updated_at` of theirs."""
        hardware = self._gathered.get("hardware")
        if hardware is None or hardware.complete:
            return False
        stages = self._known.stages
        return any(stages[table].ask(changed) for table, changed in _SHOWN_BY.items() if table in stages)

    def _prepared(self, name: str, stage: Stage) -> TableReport:
        gathered, state = self._gathered[name], self._states.get(name)
        whole = gathered.complete or state is None
        compared_at = self._started if state is None or whole else state.compared_at
        keep_known(stage)
        hidden = unmask(stage)
        written = prepare(stage)
        mended = self._mended(name, stage, str(state.cursor)) if state is not None and gathered.complete else 0
        return TableReport(written, compared_at, gathered, merged_counts(stage), hidden, mended)

    def _mended(self, name: str, stage: Stage, cursor: str) -> int:
        """Count the staged rows that differ and that no load of what changed would have read."""
        statement = _MENDED.get(stage.table.changes)
        if statement is None or "activity" not in self._known.stages or self._states[name].timezone != self._options.timezone:
            return 0
        since = self._gatherer.reader.beginning(cursor) if cursor else None
        [(count,)] = stage.ask(statement, since=since, word=stage.table.word)
        return int(count)

    def switch(self, reported: Callable[[], LoadReport], run_id: str) -> LoadReport:
        """Let readers see what was read, in one transaction."""
        connection = self._connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            for stage in self._known.stages.values():
                switch(stage)
            report = reported()
            for name, table in report.tables.items():
                _keep(connection, name, table, self._started, self._options.timezone)
            _record(connection, report, run_id, None)
        return report


def _keep(connection: Connection, name: str, table: TableReport, started: datetime, timezone: str) -> None:
    """Remember how far the table is known."""
    times = {"loaded_at": started, "compared_at": table.compared_at}
    state = {**times, "cursor": table.told.cursor, "timezone": timezone}
    connection.execute(upsert(sync_state).values(name=name, **state).on_conflict_do_update(index_elements=["name"], set_=state))


def _record(connection: Connection, report: LoadReport, run_id: str, failure: str | None) -> None:
    """Add the row that tells of the load."""
    connection.execute(
        insert(sync_runs).values(
            run_id=run_id,
            started_at=report.started,
            ended_at=report.ended,
            seconds=report.seconds,
            status="failed" if failure else "succeeded",
            message=failure,
            requests=report.requests,
            tables={name: asdict(table.written) for name, table in report.tables.items()},
            mended=report.mended,
            **asdict(report.written),
        )
    )


_MENDED: Final[Mapping[str, str]] = {
    "updated": "SELECT count(*) FROM {staged} WHERE updated_at < %(since)s::timestamptz",
    "append": "SELECT count(*) FROM {staged} JOIN {target} AS target USING (id)",
    "log": """
        SELECT count(*) FROM {staged} WHERE NOT EXISTS (
            SELECT FROM pg_temp.staged_activity AS entry WHERE entry.item_type = %(word)s
        )
    """,
}
"""What counts, of the rows that differ, those that loads of what changed had missed, by how these find changes."""

_SHOWN_BY: Final = {
    "fieldsets": """
        SELECT FROM {staged} AS staged JOIN {target} AS target USING (id)
        WHERE staged.field_ids IS DISTINCT FROM target.field_ids LIMIT 1
    """,
    # Of two fields of one label an asset shows one: with another label, the other one is there, too.
    "fields": """
        SELECT FROM {staged} AS staged JOIN {target} AS target USING (id)
        JOIN {target} AS twin ON twin.name = target.name AND twin.id <> target.id AND twin.deleted_at IS NULL
        WHERE staged.name IS DISTINCT FROM target.name AND target.deleted_at IS NULL LIMIT 1
    """,
    "models": """
        SELECT FROM {staged} AS staged JOIN {target} AS target USING (id)
        WHERE staged.fieldset_id IS DISTINCT FROM target.fieldset_id LIMIT 1
    """,
}
"""What tells, of known fieldsets, fields and models, that they show other fields than before."""

_SAID_BY: Final[Mapping[str, Collection[str]]] = {
    "hardware": _SHOWN_BY,
    "log": ("activity",),
    "seats": ("activity", "licenses"),
}
"""Whose changes tell that a table, or the tables of one way to change, are to be read again."""


def _touched(stage: Stage) -> Mapping[str, set[int]]:
    touched: dict[str, set[int]] = {}
    new = """
        SELECT DISTINCT item_type, item_id FROM {staged} AS staged
        WHERE NOT EXISTS (SELECT FROM {target} AS target WHERE target.id = staged.id)
    """
    for word, row_id in stage.ask(new):
        touched.setdefault(word, set()).add(row_id)
    return touched
