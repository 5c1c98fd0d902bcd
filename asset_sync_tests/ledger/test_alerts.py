"""What channels were told is kept by one sender at a time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, text

from asset_sync.alerts import Cause, Known
from asset_sync.ledger.alerts import Alerts, ChannelState
from asset_sync_tests.ledger.conftest import START

A = Known(Cause("failure", "a/main", "PDQ is away", "p1", "r1"), START)
B = Known(Cause("waits", "b", "2 create", "p2"), START, START + timedelta(hours=1), START + timedelta(hours=2))
STATE = ChannelState([A, B], 3, START + timedelta(minutes=5), START)


def keep(engine: Engine, state: ChannelState, channel: str = "mail") -> None:
    with Alerts(engine).claimed(channel) as claim:
        assert claim is not None
        claim.keep(state)


def test_what_is_kept_is_there_for_the_next_one_and_no_other_channel(engine: Engine) -> None:
    keep(engine, STATE)
    with Alerts(engine).claimed("mail") as claim:
        assert claim is not None
        assert claim.state == STATE
    assert Alerts(engine).state("chat") == ChannelState()
    keep(engine, replace(STATE, known=[B], failures=0, retry_at=None))
    assert Alerts(engine).state("mail") == ChannelState([B], 0, None, START)
    keep(engine, ChannelState(digest_at=START))
    assert Alerts(engine).state("mail").known == []


def test_of_many_senders_at_once_one_has_the_channel(engine: Engine) -> None:
    ready, done = Barrier(8), Barrier(8)

    def claim(number: int) -> bool:
        ready.wait()
        with Alerts(engine).claimed("mail") as claim:
            done.wait()
            return claim is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_a_channel_is_free_again_also_after_an_error(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), Alerts(engine).claimed("mail"):
        raise ZeroDivisionError
    keep(engine, STATE)
    with Alerts(engine).claimed("mail") as first, Alerts(engine).claimed("mail") as second:
        assert first is not None
        assert second is None


def test_the_claim_of_a_sender_that_was_killed_lapses_and_it_keeps_nothing_then(engine: Engine) -> None:
    alerts = Alerts(engine)
    with alerts.claimed("mail") as slow:
        assert slow is not None
        with engine.begin() as connection:
            connection.execute(text("UPDATE asset_sync.alert_channel SET claimed_until = now() - interval '1 second'"))
        with alerts.claimed("mail") as other:
            assert other is not None
            slow.keep(STATE)
            other.keep(ChannelState([B], digest_at=START))
    assert alerts.state("mail") == ChannelState([B], digest_at=START)
