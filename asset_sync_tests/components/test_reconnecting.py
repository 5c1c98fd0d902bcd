"""Links and decisions that no run goes by any more: of connections, and of whole syncs whose YAML is gone."""

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from asset_sync.cli.main import main
from asset_sync.ledger import Ledger
from asset_sync_tests.ledger.conftest import at, make, row


def asked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_what_a_sync_had_that_is_no_more_can_be_forgotten(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    """Else it would keep objects in service for ever that other syncs miss."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    engine = create_engine(database_url)
    ledger = Ledger(engine)
    tried = make(row("claim", "a", "1"), row("claim", "b", "2"), sync="tried_once")
    ledger.save(tried, "r1", at(0))
    ledger.note_sighting(tried, "r1", at(0))

    assert asked("reconnect", "tried_once", "--forget") == (0, "Forgotten: tried_once (2 links, 0 decisions).\n")
    assert ledger.left_links("tried_once", ()) == []
    status, told = asked("reconnect", "tried_once", "--forget")
    assert status == 1
    assert "there is no sync 'tried_once'; there are " in told
    status, told = asked("reconnect", "pdq_to_netbox", "--forget")
    assert (status, "pdq_to_netbox has no links that are left over; there are none" in told) == (1, True)
    engine.dispose()
