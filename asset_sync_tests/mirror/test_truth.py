"""Every cell of the mirror is what is true in Snipe-IT, whatever people did there."""

import uuid
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, text

from asset_sync.sandbox.snipeit import Settings
from asset_sync_tests.mirror.register import Register, served

MANY, FEW = 20, 6


def days(number: int) -> st.SearchStrategy[list[tuple[int, bool, bool]]]:
    """So many days: a seed each, whether the mirror is loaded after it, and whether whole."""
    return st.lists(st.tuples(st.integers(0, 10**6), st.booleans(), st.booleans()), min_size=number, max_size=number)


THOROUGH = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.mark.slow
@THOROUGH
@given(seed=st.integers(0, 10**6), size=st.integers(20, 90), passed=days(MANY))
def test_every_cell_is_true_after_many_days_of_change(
    server_url: str, seed: int, size: int, passed: Sequence[tuple[int, bool, bool]]
) -> None:
    check_every_cell(server_url, seed, size, passed)


@pytest.mark.slow
@settings(THOROUGH, max_examples=2)
@given(seed=st.integers(0, 10**6), size=st.integers(20, 40), passed=days(FEW))
def test_every_cell_is_true_after_days_of_change(
    server_url: str, seed: int, size: int, passed: Sequence[tuple[int, bool, bool]]
) -> None:
    check_every_cell(server_url, seed, size, passed)


def check_every_cell(server_url: str, seed: int, size: int, passed: Sequence[tuple[int, bool, bool]]) -> None:
    """Let days pass; after some of them the mirror is loaded, whole or by what changed."""
    name = f"asset_sync_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        with served(make_url(server_url).set(database=name).render_as_string(hide_password=False), size, seed) as register:
            register.load()
            assert register.differences() == []
            for day, loaded, full in passed:
                register.state.day(day)
                if loaded:
                    register.load(full=full)
                    assert register.differences() == []
            register.load()
            assert register.differences() == []
            _check_versions(register)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def _check_versions(register: Register) -> None:
    """Versions of a row follow one another without a gap, and the last one is the row."""
    for table in ("hardware", "users"):
        gaps = register.ask(
            f"""
            SELECT id FROM (
                SELECT id, valid_to, lead(valid_from) OVER (PARTITION BY id ORDER BY valid_from) AS next
                FROM snipeit.{table}_versions
            ) AS versions WHERE next IS DISTINCT FROM valid_to
            """
        )
        assert gaps == []


@pytest.mark.parametrize(
    "register",
    [{"settings": Settings(timezone="America/New_York", digit_separator="1.234,56")}, {"settings": Settings("8.4.1")}],
    indirect=True,
)
def test_every_cell_is_true_whatever_the_settings(register: Register) -> None:
    register.load()
    for day in range(3):
        register.state.day(day)
        register.load()
        assert register.differences() == []


@pytest.mark.parametrize("register", [{"settings": Settings(show_archived_in_list=True)}], indirect=True)
def test_archived_assets_that_are_listed_among_the_others_count_once(register: Register) -> None:
    register.load()
    report = register.load()
    assert register.differences() == []
    assert report.requests <= 20
    assert all(table.adds_up for table in report.tables.values())
