"""What asset_sync itself stands on: its database, Dagster's storage and daemon, and the disk."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import dagster as dg
from sqlalchemy import Engine, func, select, text

from asset_sync import database, settings
from asset_sync.components.failures import first_line
from asset_sync.ledger import migrations as ledger
from asset_sync.mirror import migrations as mirror
from asset_sync.operations.definitions import ensure_dagster_home, instance
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.checkup import Finding
from asset_sync.systems.http.checking import CLOCK_MOST
from asset_sync.tracking import migrations as tracking

NAME: Final = "asset_sync"
"""What it is called where systems are named beside it."""
SPACE_LEAST: Final = 200 << 20
"""Bytes that have to be free: a run keeps its snapshots."""
SPACE_FEW: Final = 2 << 30
_TABLES: Final[dict[str, Callable[[Engine], database.TablesState]]] = {
    "ledger": ledger.state,
    "tracking": tracking.state,
    "mirror": mirror.state,
}


def findings() -> Iterator[Finding]:
    """Yield what is found; nothing is written, and no database is made."""
    yield from _database()
    yield from _dagster()
    yield _disk(settings.home())
    yield from _bytecode()


def _database() -> Iterator[Finding]:
    try:
        told = database.where()
        if not database.is_there():
            yield Finding("database", "ok", f"{told}, which is made when it is needed")
            yield Finding("migrations", "skipped", "there is no database yet")
            return
        engine = database.engine()
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            ahead = connection.execute(select(func.clock_timestamp())).scalar_one() - datetime.now(UTC)
        yield Finding("database", "ok", f"{told}; PostgreSQL {version}")
        if abs(ahead) > CLOCK_MOST:
            words = f"the database's clock is {round(ahead.total_seconds())} s from ours"
            yield Finding("clock", "warn", words, "set both by NTP: leases and intervals go by the database's")
        yield _migrations(engine)
    except ConfigurationError as error:
        yield Finding("database", "fail", str(error))
        yield Finding("migrations", "skipped", "not looked at: the database is not there")
    except database.ERRORS as error:
        yield Finding("database", "fail", f"{told}: {database.in_one_line(error)}")
        yield Finding("migrations", "skipped", "not looked at: the database does not answer")


def _migrations(engine: Engine) -> Finding:
    states = {name: state(engine) for name, state in _TABLES.items()}
    ahead, behind = ([name for name, state in states.items() if state == which] for which in ("ahead", "behind"))
    if ahead:
        told = f"the tables of {', '.join(ahead)} are of a newer asset_sync"
        return Finding("migrations", "fail", told, "run that version, or restore a backup from before it")
    if behind:
        told = f"the tables of {', '.join(behind)} are of an older version"
        return Finding("migrations", "warn", told, "back up; the next command that needs them brings them up to date")
    missing = [name for name, state in states.items() if state == "missing"]
    more = f"; those of {', '.join(missing)} are made when they are needed" if missing else ""
    return Finding("migrations", "ok", f"up to date{more}")


def _dagster() -> Iterator[Finding]:
    ensure_dagster_home()
    home = Path(os.environ["DAGSTER_HOME"])
    if not os.access(home, os.W_OK):
        yield Finding("dagster", "fail", f"DAGSTER_HOME {home} cannot be written to", "give this user the right to")
        return
    try:
        with instance() as dagster:
            dagster.get_runs_count()
            daemons = dagster.get_daemon_statuses()
    # Storages are pluggable: each raises errors of its own.
    except Exception as error:  # noqa: BLE001
        told = first_line(str(error)) or type(error).__name__
        yield Finding("dagster", "fail", f"its storage, by {home / 'dagster.yaml'}, does not answer: {told}")
        return
    yield Finding("dagster", "ok", f"home {home}, writable; its storage answers")
    silent = sorted(name for name, status in daemons.items() if status.required and not status.healthy)
    if silent:
        told = f"not alive: {', '.join(silent)}"
        to_do = "nothing starts by itself until one runs: dagster-daemon run, dagster dev, or asset-sync dev"
        yield Finding("daemon", "warn", told, to_do)
    else:
        yield Finding("daemon", "ok", f"alive: {', '.join(sorted(daemons))}")


def _bytecode() -> Iterator[Finding]:
    """What a run imports was just imported: where nothing was kept of it, it is compiled anew by every run."""
    compiled = [module.__spec__ for module in (dg, settings)]
    if not all(spec and spec.cached and Path(spec.cached).exists() for spec in compiled):
        told = "Python keeps no bytecode here: half of what a run takes of the CPU is to compile the same modules again"
        to_do = "unset PYTHONDONTWRITEBYTECODE; where this user may not write there: python -m compileall .venv asset_sync"
        yield Finding("bytecode", "warn", told, to_do)


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    told = f"{home}: {free / (1 << 30):.1f} GiB are free"
    if not os.access(there, os.W_OK):
        return Finding("home", "fail", f"{home} cannot be written to", "give this user the right to, or set ASSET_SYNC_HOME")
    if free < SPACE_LEAST:
        return Finding("home", "fail", told, "free some space: a run that cannot keep what it read stops")
    return Finding("home", "warn" if free < SPACE_FEW else "ok", told, "free some space" if free < SPACE_FEW else "")
