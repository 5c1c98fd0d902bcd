"""`asset-sync backup` and `restore` on real databases: all comes back, or nothing changes."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from asset_sync import dumps, ledger, mirror, tracking
from asset_sync.cli.main import main
from asset_sync.components.processes import this_process
from asset_sync.ledger import Leases
from asset_sync.ledger import migrations as of_ledger
from asset_sync.ledger.leases import Holder
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.tracking.lifecycle import REASONS
from asset_sync_tests.ledger.revisions import insert, migrate_to

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-c", "from asset_sync.cli.main import main; main()"]
SCHEMAS = ("asset_sync", "wug", "snipeit")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def ask(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def refused(*args: str) -> str:
    """Return the one line that says why."""
    result = ask(*args)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    (line,) = result.stderr.splitlines()
    return line


def link(engine: Engine, key: str) -> None:
    names = {
        "sync": "pdq_to_netbox",
        "kind": "asset",
        "source_key": key,
        "target_id": key,
        "claimed": "created",
        "told_by": "x",
    }
    insert(engine, "link", **names, base='{"name": "ö\\t\\\\."}', first_seen=AT)


def rows(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    there = inspect(engine)
    names = [f"{schema}.{table}" for schema in SCHEMAS for table in there.get_table_names(schema=schema)]
    with engine.connect() as connection:
        return {name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in names}


def shape(engine: Engine) -> list[tuple[Any, ...]]:
    """Return columns, constraints, indexes, views and functions."""
    query = """
        SELECT 'column', concat_ws('.', table_schema, table_name, column_name),
            data_type || is_nullable || coalesce(column_default, '')
          FROM information_schema.columns WHERE table_schema = ANY(:schemas)
        UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(c.oid) FROM pg_constraint AS c
          JOIN pg_namespace AS n ON n.oid = c.connamespace WHERE nspname = ANY(:schemas)
        UNION ALL SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = ANY(:schemas)
        UNION ALL SELECT 'view', schemaname || '.' || viewname, definition FROM pg_views WHERE schemaname = ANY(:schemas)
        UNION ALL SELECT 'sequence', schemaname || '.' || sequencename, last_value::text FROM pg_sequences
          WHERE schemaname = ANY(:schemas)
        UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(prosrc) FROM pg_proc AS p
          JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE nspname = ANY(:schemas)"""
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text(query), {"schemas": list(SCHEMAS)}))


@pytest.fixture
def filled(engine: Engine, database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The database that DATABASE_URL names, with rows in all three schemas."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    tracking.migrate(engine)
    mirror.migrate(engine)
    for key in ("a", "b"):
        link(engine, key)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO snipeit.companies (id, name) VALUES (7, 'Müller & Söhne')"))
        connection.execute(
            text(
                "INSERT INTO wug.wug_ip_exports (connection, netbox_device_id, address, device_name, reason, status,"
                " created_at, pending_at, attempts) VALUES ('main', '1', '10.0.0.1', 'sw-1', :reason, :status, :at, :at, 0)"
            ),
            {"reason": REASONS[0], "status": tracking.STATUSES[0], "at": AT},
        )
    return engine


@pytest.fixture
def other(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Another database, with nothing in it, that OTHER_URL names."""
    monkeypatch.setenv("OTHER_URL", empty_database_url)
    engine = create_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def saved(filled: Engine, tmp_path: Path) -> Path:
    """A backup of it."""
    assert ask("backup", str(tmp_path / "saved.dump")).exit_code == 0
    return tmp_path / "saved.dump"


def test_a_backup_comes_back_table_by_table_in_another_database(filled: Engine, other: Engine, tmp_path: Path) -> None:
    file = tmp_path / "saved.dump"
    told = ask("backup", str(file))
    assert told.exit_code == 0, told.output
    assert f"asset_sync ({_head()})" in told.stdout
    assert "Dagster's history" in told.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if "dump" in each.name] == ["saved.dump"]
    restored = ask("restore", str(file), "--to", "OTHER_URL")
    assert restored.exit_code == 0, restored.output
    assert "asset-sync rebase SYNC" in restored.stdout
    assert rows(other) == rows(filled)
    assert len(rows(other)["asset_sync.link"]) == 2
    assert shape(other) == shape(filled)


def test_data_is_replaced_by_name_alone(filled: Engine, saved: Path) -> None:
    before = rows(filled)
    link(filled, "later")
    now = rows(filled)
    name = str(filled.url.database)
    assert f"--over {name}" in refused("restore", str(saved))
    assert "and not elsewhere" in refused("restore", str(saved), "--over", "elsewhere")
    assert rows(filled) == now
    assert ask("restore", str(saved), "--over", name).exit_code == 0
    assert rows(filled) == before


@pytest.mark.parametrize("share", [0.3, 0.98])
def test_a_cut_file_changes_nothing(filled: Engine, saved: Path, share: float) -> None:
    for number in range(300):
        link(filled, f"more-{number}")
    saved.unlink()
    ask("backup", str(saved))
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    before = rows(filled)
    line = refused("restore", str(saved), "--over", str(filled.url.database))
    assert "damaged" in line
    assert rows(filled) == before


def test_what_is_no_backup_is_told_in_a_line(filled: Engine, tmp_path: Path) -> None:
    before = rows(filled)
    (tmp_path / "notes.txt").write_text("no dump")
    assert "is no backup" in refused("restore", str(tmp_path / "notes.txt"), "--over", str(filled.url.database))
    assert "there is no file" in refused("restore", str(tmp_path / "nowhere.dump"))
    assert "there is no file" in refused("restore", str(tmp_path))
    assert rows(filled) == before


def test_a_file_that_is_there_is_left_alone(filled: Engine, saved: Path) -> None:
    content = saved.read_bytes()
    assert "is there already" in refused("backup", str(saved))
    assert saved.read_bytes() == content
    assert "No such file or directory" in refused("backup", str(saved.parent / "missing" / "x.dump"))


def test_of_two_at_once_one_has_the_file_and_what_a_killed_one_left_is_in_nobodys_way(tmp_path: Path) -> None:
    file = tmp_path / "x.dump"
    left = tmp_path / f"x.dump.{os.getpid()}.part"
    left.touch()
    with dumps._new(file) as one:
        one.write_bytes(b"one")
        with dumps._new(file) as other:
            other.write_bytes(b"other")
        with pytest.raises(AssetSyncError, match="is there already"):
            dumps._name(one, file, AssetSyncError("is there already"))
        file.unlink()
    assert file.read_bytes() == b"one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {*tmp_path.iterdir()} == {file, left}


def test_a_dump_of_others_is_refused(filled: Engine, other: Engine, tmp_path: Path) -> None:
    file = tmp_path / "other.dump"
    with other.begin() as connection:
        connection.execute(text("CREATE SCHEMA others; CREATE TABLE others.things (id int)"))
    dumps.dump(other, ["others"], file)
    assert "the schema others" in refused("restore", str(file), "--over", str(filled.url.database))


def test_a_newer_one_is_refused_and_an_older_one_brought_up_to_date(
    other: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", other.url.render_as_string(hide_password=False))
    migrate_to(other, "0004")
    old, new = tmp_path / "old.dump", tmp_path / "new.dump"
    assert "asset_sync (0004)" in ask("backup", str(old)).stdout
    with other.begin() as connection:
        connection.execute(text("UPDATE asset_sync.alembic_version SET version_num = '9999'"))
    assert ask("backup", str(new)).exit_code == 0
    assert "of version 9999" in refused("restore", str(new), "--over", str(other.url.database))
    assert ask("restore", str(old)).exit_code == 0
    assert rows(other)["asset_sync.alembic_version"] == [(_head(),)]
    ledger.migrate(other)


def _head() -> str:
    return str(ScriptDirectory(str(Path(str(of_ledger.__file__)).parent)).get_current_head())


def test_no_run_may_be_under_way(filled: Engine, saved: Path, tmp_path: Path) -> None:
    me = this_process()
    Leases(filled).beat("run-of-another", Holder(me.machine, me.process, "long ago"))
    assert ask("backup", str(tmp_path / "dead.dump")).exit_code == 0
    Leases(filled).beat("run-under-way", me)
    before = rows(filled)
    for command in (("backup", str(tmp_path / "x.dump")), ("restore", str(saved), "--over", str(filled.url.database))):
        assert f"run run-under-way (process {os.getpid()} on " in refused(*command)
    assert rows(filled) == before
    assert not (tmp_path / "x.dump").exists()


def test_a_view_of_others_is_not_dropped(filled: Engine, saved: Path) -> None:
    with filled.begin() as connection:
        connection.execute(text("CREATE VIEW public.report AS SELECT name FROM snipeit.companies"))
    assert "public.report" in refused("restore", str(saved), "--over", str(filled.url.database))
    with filled.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM public.report")) == 1


def test_the_password_is_on_no_command_line(filled: Engine, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = subprocess.Popen.__init__

    def watching(self: Any, command: Any, *args: Any, **more: Any) -> None:
        seen.append(" ".join(map(str, command)))
        real(self, command, *args, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", watching)
    url = make_url(os.environ["DATABASE_URL"]).set(password="hunter2hunter2").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    assert ask("backup", str(saved.parent / "again.dump")).exit_code == 0
    assert ask("restore", str(saved), "--over", str(filled.url.database)).exit_code == 0
    assert any("psql" in command for command in seen)
    assert "hunter2" not in "".join(seen)


def test_a_url_is_no_name_of_a_variable(saved: Path) -> None:
    result = ask("restore", str(saved), "--to", "postgresql://pat:hunter2@db/x")
    assert (result.exit_code, "hunter2" in result.output) == (2, False)
    assert "NOWHERE_URL (a PostgreSQL database) is not set" in refused("restore", str(saved), "--to", "NOWHERE_URL")


def test_without_the_programs_it_says_what_is_needed(filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no pg_dump: install PostgreSQL's client programs" in refused("backup", str(tmp_path / "x.dump"))
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    program.chmod(0o755)
    assert "or later is needed, because the server is PostgreSQL" in refused("backup", str(tmp_path / "x.dump"))


@pytest.fixture
def started(filled: Engine, home: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts commands as processes."""
    running: list[subprocess.Popen[str]] = []

    def start(*args: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*PROGRAM, *args], env=os.environ, cwd=home.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_killed_in_the_middle_the_old_data_stands(
    filled: Engine, saved: Path, started: Callable[..., "subprocess.Popen[str]"]
) -> None:
    link(filled, "later")
    before = rows(filled)
    with filled.connect() as reader:
        # Whoever reads a table keeps it from being dropped: that of the ledger is gone by then, that of the mirror is not.
        reader.execute(text("SELECT * FROM snipeit.companies"))
        process = started("restore", str(saved), "--over", str(filled.url.database))
        _wait_until_blocked(filled)
        process.send_signal(signal.SIGKILL)
        process.wait()
    _wait_until_alone(filled)
    assert rows(filled) == before


def _wait_until_blocked(engine: Engine) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    _wait_until(engine, waiting, 1)


def _wait_until_alone(engine: Engine) -> None:
    _wait_until(
        engine, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'psql'", 0
    )


def _wait_until(engine: Engine, query: str, number: int) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.scalar(text(query)) == number:
                return
        time.sleep(0.05)
    raise AssertionError(query)


@pytest.mark.slow
def test_the_embedded_database_goes_to_a_server(
    other: Engine, home: Path, open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Processes, as people start them: the first stops its server at its end, the next one finds what was kept.
    environment = {**os.environ, "ASSET_SYNC_HOME": str(open_folder / "home")}

    def do(*args: str) -> str:
        ran = subprocess.run([*PROGRAM, *args], env=environment, cwd=open_folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    do("plans")
    do("backup", str(open_folder / "embedded.dump"))
    do("restore", str(open_folder / "embedded.dump"), "--to", "OTHER_URL")
    link(other, "on the server")
    environment["DATABASE_URL"] = os.environ["OTHER_URL"]
    do("backup", str(open_folder / "server.dump"), "--json")
    del environment["DATABASE_URL"]
    assert "into the database postgres" in do("restore", str(open_folder / "server.dump"))
    ran = subprocess.run(
        [*PROGRAM, "restore", "server.dump"], env=environment, cwd=open_folder, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "asset_sync.link" in ran.stderr) == (1, True)
