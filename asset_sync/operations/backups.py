"""Backups: ledger, mirror and what was sent, as one file, and back into this database or another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, exists, inspect, literal, select, text
from sqlalchemy import table as of_name

from asset_sync import database, dumps, ledger, mirror, tracking
from asset_sync.components.abandoned import carried_out
from asset_sync.ledger import Leases
from asset_sync.ledger import migrations as of_ledger
from asset_sync.ledger.leases import Lease
from asset_sync.ledger.schema import SCHEMA as LEDGER
from asset_sync.mirror import migrations as of_mirror
from asset_sync.mirror.schema import SCHEMA as MIRROR
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError
from asset_sync.tracking import migrations as of_tracking
from asset_sync.tracking.schema import SCHEMA as TRACKING

_MIGRATE: Final[Mapping[str, Callable[[Engine], None]]] = {
    LEDGER: ledger.migrate,
    TRACKING: tracking.migrate,
    MIRROR: mirror.migrate,
}
"""The schemas that are backed up, each with what brings its tables up to date."""
_MIGRATIONS: Final = {
    LEDGER: Path(str(of_ledger.__file__)).parent,
    TRACKING: Path(str(of_tracking.__file__)).parent,
    MIRROR: Path(str(of_mirror.__file__)).parent,
}
_BUILT_ON: Final = text(
    "SELECT DISTINCT format('%I.%I', n.nspname, c.relname) FROM pg_depend AS d"
    " JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class AS c ON c.oid = r.ev_class JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " JOIN pg_class AS ours ON d.refclassid = 'pg_class'::regclass AND ours.oid = d.refobjid"
    " JOIN pg_namespace AS o ON o.oid = ours.relnamespace"
    " WHERE o.nspname = ANY(:schemas) AND n.nspname <> ALL(:schemas)"
)
"""Views of other people on our tables, which would go with them."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: its file, the database it is of or went to, and the version of the tables of each schema in it."""

    file: Path
    database: str
    versions: Mapping[str, str]


def backup(file: Path) -> Backup:
    """Write the schemas of the database into a new file that its owner alone may read.

    Raises `AssetSyncError` where a run is under way, where there is nothing yet, and as `dumps.dump` does.
    """
    engine = database.engine()
    _dead_runs(engine)
    there = [schema for schema in _MIGRATE if schema in inspect(engine).get_schema_names()]
    if not there:
        raise AssetSyncError(f"{_told(engine)} has nothing to back up yet")
    dumps.dump(engine, there, file)
    return Backup(file, _told(engine), dumps.versions_in(file))


def restore(file: Path, *, over: str | None = None, to: str | None = None) -> Backup:
    """Put a backup in the place of what the database has, whole or not at all, and bring its tables up to date.

    `to` is the variable of the environment that holds the URL of another database; `over` names the database whose data may
    be replaced, without which one that has any is left alone. Raises `AssetSyncError` for a file that is no backup, is
    damaged, or of a newer program, and where a run is under way.
    """
    versions = _checked(file)
    engine = database.engine_of(to) if to else database.engine()
    dead = _dead_runs(engine)
    _check_may_replace(engine, over)
    dumps.restore(engine, file, list(_MIGRATE), dead)
    engine.dispose()
    for schema in versions:
        _MIGRATE[schema](engine)
    return Backup(file, _told(engine), versions)


def _checked(file: Path) -> Mapping[str, str]:
    """Return the versions of a file's tables, which this program must know."""
    foreign = sorted(dumps.schemas_in(file) - _MIGRATE.keys())
    if foreign:
        raise AssetSyncError(f"{file} is no backup of asset-sync alone: it has the schema {foreign[0]}, too")
    versions = dumps.versions_in(file)
    if LEDGER not in versions:
        raise AssetSyncError(f"{file} is no backup of asset-sync: it has no ledger")
    for schema, version in versions.items():
        if not database.is_known(_MIGRATIONS[schema], version):
            raise AssetSyncError(
                f"{file} was made by a newer asset-sync, with tables of {schema} of version {version}: restore it with that one"
            )
    return versions


def _dead_runs(engine: Engine) -> list[str]:
    """Return the runs that nobody carries out any more. Raises `AssetSyncError` where one is carried out."""
    if not inspect(engine).has_table("lease", schema=LEDGER):
        return []
    leases = Leases(engine).all()
    living = [_of(lease) for lease in leases if carried_out(lease)]
    if living:
        raise AssetSyncError(f"{', '.join(living)} is under way: wait for its end, or stop it, then do this again")
    return [lease.run_id for lease in leases]


def _of(lease: Lease) -> str:
    return f"run {lease.run_id} (process {lease.holder.process} on {lease.holder.machine.partition('/')[0]})"


def _check_may_replace(engine: Engine, over: str | None) -> None:
    if over is not None and over != engine.url.database:
        raise ConfigurationError(f"the database is {engine.url.database}, and not {over}: nothing was restored")
    filled = _filled(engine)
    if filled and over is None:
        raise AssetSyncError(
            f"{_told(engine)} has data ({', '.join(filled[:3])}{', …' if len(filled) > 3 else ''}): "
            f"back it up, and say --over {engine.url.database} to replace all of it"
        )
    with engine.connect() as connection:
        views = list(connection.scalars(_BUILT_ON, {"schemas": list(_MIGRATE)}))
    if views:
        raise AssetSyncError(
            f"views that others made stand on these tables and would go with them: {', '.join(views)}: drop them first"
        )


def _filled(engine: Engine) -> list[str]:
    """Return the tables that hold rows; leases, and the versions of the tables, are no data."""
    there = inspect(engine)
    named = [(schema, table) for schema in _MIGRATE for table in there.get_table_names(schema=schema)]
    with engine.connect() as connection:
        return [
            f"{schema}.{table}"
            for schema, table in named
            if table not in {"alembic_version", "lease"}
            and connection.scalar(select(exists(select(literal(1)).select_from(of_name(table, schema=schema)))))
        ]


def _told(engine: Engine) -> str:
    url = engine.url
    return f"the database {url.database}" + (f" on {url.host}" if url.host else "")
