"""A real PostgreSQL for the tests: one server a test session, a fresh database a test that asks for one."""

import gc
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import Engine, create_engine, make_url, text

from asset_sync.memory import collect_seldom

_IN_MEMORY = Path("/dev/shm")
_ENOUGH = 2 << 30
_GIVEN = "ASSET_SYNC_TEST_DATABASE_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Have a session, its workers and all that they start do nothing for naught.

    The garbage collector looks seldom: there is memory enough, and it took a fifth of the time. Temporary files are where they
    take the least time: Dagster's storage opens, commits and closes a file for every event. And where Python is told to leave
    no bytecode behind, the session keeps its own: half of what a command took to start was compiling the same libraries anew.
    """
    collect_seldom()
    os.environ.setdefault("TMPDIR", str(_fast_folder()))
    tempfile.tempdir = None
    if sys.dont_write_bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        folder = tempfile.mkdtemp(prefix="asset_sync_bytecode_")
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder
        sys.dont_write_bytecode = False
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: a sixth of the time of tests goes by in waiting for processes and servers."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was imported, which stays anyway."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL whose user may create databases: `ASSET_SYNC_TEST_DATABASE_URL`, else an embedded server.

    The workers of one session share the embedded server; the last one to end stops it and removes its data.
    """
    given = os.environ.get(_GIVEN)
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        return
    # Imported here, so that a broken module fails the tests that need it and no others.
    from asset_sync import database

    session = _session_folder(tmp_path_factory)
    # Not below pytest's own folder, which pytest closes to others whenever another session starts: the server that root
    # starts runs as another user.
    folder = Path(tempfile.gettempdir()) / f"asset_sync_tests_{uuid.uuid5(uuid.NAMESPACE_OID, str(session)).hex[:12]}"
    lock = FileLock(session / "postgres.lock")
    with lock:
        server = database.embedded(folder / "postgres")
        # Nobody needs this data after a power cut.
        _execute(server.url(), "ALTER SYSTEM SET fsync = off")
        _execute(server.url(), "SELECT pg_reload_conf()")
    yield server.url()
    with lock:
        _server(server.url()).dispose()
        server.stop()
        if not (folder / "postgres" / "postmaster.pid").exists():
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ledger_template(server_url: str) -> Iterator[str]:
    """The name of a database with the ledger's tables, all empty, to be copied: that takes a fraction of migrating."""
    from asset_sync.ledger import migrate

    with _database(server_url) as name:
        engine = create_engine(_url(server_url, name))
        migrate(engine)
        engine.dispose()
        yield name


@pytest.fixture(scope="session")
def dagster_home_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Dagster has made its tables, all empty, to be copied: that takes a fraction of making them."""
    import dagster as dg

    from asset_sync.operations.definitions import make_dagster_home

    folder = tmp_path_factory.mktemp("dagster") / "home"
    make_dagster_home(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DAGSTER_HOME", str(folder))
        dg.DagsterInstance.get().dispose()
    return folder


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """The URL of a database with nothing in it, dropped after the test."""
    with _database(server_url) as name:
        yield _url(server_url, name)


@pytest.fixture
def database_url(server_url: str, ledger_template: str) -> Iterator[str]:
    """The URL of a database with the ledger's tables, all empty; dropped after the test."""
    # Where nothing has to be on a disk, files are copied in half the time that their pages take through the log.
    strategy = "" if _GIVEN in os.environ else "STRATEGY file_copy"
    with _database(server_url, f"TEMPLATE {ledger_template} {strategy}") as name:
        yield _url(server_url, name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@contextmanager
def _database(server_url: str, how: str = "") -> Iterator[str]:
    """Create a database; yield its name, and drop it afterwards."""
    name = f"asset_sync_test_{uuid.uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} {how}")
    yield name
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _url(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _fast_folder() -> Path:
    """Return where files are made and dropped in the least time: in memory, where there is enough and programs may be run."""
    usable = (
        _IN_MEMORY.is_dir()
        and os.access(_IN_MEMORY, os.W_OK)
        and shutil.disk_usage(_IN_MEMORY).free > _ENOUGH
        and not os.statvfs(_IN_MEMORY).f_flag & os.ST_NOEXEC
    )
    return _IN_MEMORY if usable else Path(tempfile.gettempdir())


def _session_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the session share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _execute(server_url: str, statement: str) -> None:
    with _server(server_url).connect() as connection:
        connection.execute(text(statement))


@cache
def _server(url: str) -> Engine:
    """Return an engine that keeps its connection: each test makes a database and drops it."""
    return create_engine(url, isolation_level="AUTOCOMMIT")
