"""A database that is gone is told to a person in one line."""

import dagster as dg
import pytest
import sqlalchemy

from asset_sync import database
from asset_sync.components.failures import told_in_one_line

GONE = "postgresql://pat:hunter2@127.0.0.1:9/db"
TOLD = "the database does not answer as it should: connection failed"
DO = "check DATABASE_URL and the server, then run again"


@dg.op
def asks() -> None:
    with told_in_one_line(), database.engine().connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 's3cret' FROM nowhere"))


@dg.job
def asking() -> None:
    asks()


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", GONE)


@pytest.mark.usefixtures("gone")
def test_a_step_tells_it_and_may_be_tried_again() -> None:
    with pytest.raises(dg.Failure) as caught:
        asks()
    assert str(caught.value.description).startswith(TOLD)
    assert str(caught.value.description).endswith(DO)
    assert caught.value.allow_retries


def test_what_does_not_pass_is_not_tried_again_and_nothing_shows_the_statement(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    result = asking.execute_in_process(raise_on_error=False)
    (failed,) = [event.step_failure_data for event in result.get_step_failure_events()]
    assert failed.user_failure_data is not None
    assert 'relation "nowhere" does not exist' in str(failed.user_failure_data.description)
    assert "s3cret" not in str([event.event_specific_data for event in result.all_events])
    database.engine().dispose()
