"""Snipe-IT → PostgreSQL with 100,000 assets: requests, memory, and the database's part beside a bare COPY of the same rows.

pytest -o addopts="" asset_sync_tests/bench/test_snipeit.py -m bench -s
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy import create_engine

from asset_sync.mirror.load import _session
from asset_sync.mirror.masks import unmask
from asset_sync.mirror.staging import Stage
from asset_sync.mirror.switching import prepare, switch
from asset_sync.systems.snipeit import TABLES, Reader, SnipeItClient
from asset_sync.systems.snipeit.values import Row
from asset_sync_tests.conftest import _execute
from asset_sync_tests.mirror.register import Register, served

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

ASSETS = 100_000
PAGE = 500
MIB = 1 << 20
LOADER = """
import json, sys
from sqlalchemy import create_engine
from asset_sync.mirror import Options, load
from asset_sync.systems.snipeit import SnipeItClient
from asset_sync_tests.bench.contest import _forget_peak, _peak, _status
with SnipeItClient(sys.argv[1], "t") as client:
    engine = create_engine(sys.argv[2])
    load(engine, client, Options(), names=["fields"])
    before = _forget_peak()
    report = load(engine, client, Options(), names=["hardware"])
    print(json.dumps({"bytes": _peak() - before, "requests": report.requests, "seconds": report.seconds}))
"""


@pytest.fixture(scope="module", params=[ASSETS], ids=str)
def big(request: pytest.FixtureRequest, server_url: str) -> Iterator[Register]:
    _execute(server_url, "CREATE DATABASE asset_sync_bench")
    url = str(create_engine(server_url).url.set(database="asset_sync_bench").render_as_string(hide_password=False))
    with served(url, request.param, 3) as register:
        yield register
    _execute(server_url, "DROP DATABASE asset_sync_bench WITH (FORCE)")


def loaded(register: Register) -> dict[str, Any]:
    """Load the assets in a process of its own and return its figures."""
    url = register.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", LOADER, register.url, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_requests_are_the_fewest_and_memory_is_that_of_a_page(big: Register) -> None:
    figures = loaded(big)
    rows = len(big.state.tables["hardware"].rows)
    print(f"\n{rows:,} assets: {figures['requests']} requests of {rows / PAGE:.0f}, {figures['seconds']:.1f} s with the")
    print(f"simulator's part, {figures['bytes'] / MIB:.0f} MiB on top of what is imported")
    assert figures["requests"] <= rows / PAGE * 1.02
    assert figures["bytes"] < 64 * MIB


class _Rows:
    """A sink that keeps the rows as they came."""

    def __init__(self) -> None:
        self.pages: list[list[Row]] = []

    def put(self, rows: list[Row]) -> None:
        self.pages.append(rows)

    def mark(self) -> int:
        return len(self.pages)

    def forget(self, mark: int) -> None:
        del self.pages[mark:]


def test_the_databases_part_is_near_a_bare_copy(big: Register) -> None:
    table, kept = TABLES["hardware"], _Rows()
    with SnipeItClient(big.url, "t") as client:
        for listing in table.lists:
            Reader(client).whole(table, listing, kept)
    bare = [_bare_copy(big, kept.pages) for _ in range(3)]
    ours = [_staged_and_switched(big, kept.pages) for _ in range(3)]
    share = min(bare) / min(ours)
    print(f"\nbare COPY into an indexed table {min(bare):.2f} s, stage and switch {min(ours):.2f} s: {share:.0%} of its rate")
    assert share >= 0.60


def _bare_copy(register: Register, pages: list[list[Row]]) -> float:
    """COPY of the same rows, by the same writer, into an empty table with the same indexes."""
    with _session(register.engine, "UTC") as connection:
        stage = Stage(connection, TABLES["hardware"])
        stage.run("DROP TABLE IF EXISTS bare")
        stage.run("CREATE TABLE bare (LIKE {target} INCLUDING INDEXES)")
        stage.run("ALTER TABLE bare ALTER valid_from DROP NOT NULL")
        stage.run("ALTER TABLE bare ADD sequence bigint")
        stage.staged = sql.Identifier("bare")
        started = time.perf_counter()
        for page in pages:
            stage.put(page)
        elapsed = time.perf_counter() - started
        stage.run("DROP TABLE bare")
        return elapsed


def _staged_and_switched(register: Register, pages: list[list[Row]]) -> float:
    with _session(register.engine, "UTC") as connection:
        stage = Stage(connection, TABLES["hardware"])
        stage.run("TRUNCATE {target}")
        started = time.perf_counter()
        for page in pages:
            stage.put(page)
        unmask(stage)
        written = prepare(stage)
        writing = connection.execution_options(isolation_level="READ COMMITTED")
        with writing.begin():
            switch(stage)
        elapsed = time.perf_counter() - started
        assert written.inserted == sum(map(len, pages))
        return elapsed
