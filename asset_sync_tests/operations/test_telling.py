"""Telling, over real HTTP and a real PostgreSQL: once whoever looks, later where a channel is down, in peace by night."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import dagster as dg
import pytest

from asset_sync import database
from asset_sync.alerts import Cause
from asset_sync.components.alerts import Alerts, DigestConfig, QuietConfig
from asset_sync.operations import telling
from asset_sync.operations.telling import ChannelReport, send
from asset_sync_tests.components.test_failures import GONE
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.operations.conftest import CHAT, OPS, SECRET, Receiver, alerts

NOON = datetime(2026, 10, 24, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FAILED = Cause("failure", "pdq_to_netbox", "PDQ lists no devices", "plan1", "run1")
WAITS = Cause("waits", "wug_to_netbox/main", "2 create to be written, 0 held", "plan2")
URGENT = Cause("failure", "snipeit_to_postgres", "Snipe-IT is away")


class Site:
    """What is the case, told to the channels as `send` does it."""

    def __init__(self, dagster: dg.DagsterInstance) -> None:
        self.dagster = dagster
        self.causes: Sequence[Cause] = ()

    def tick(self, now: datetime, *causes: Cause, asked: Alerts | None = None) -> list[ChannelReport]:
        self.causes = causes
        return send(asked or alerts(), self.dagster, now)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Site]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    with dg.DagsterInstance.ephemeral() as dagster:
        made = Site(dagster)
        monkeypatch.setattr(telling, "open_causes", lambda *_, **__: list(made.causes))
        yield made
    database.engine().dispose()


def test_several_causes_come_in_one_message_with_their_links(site: Site, receiver: Receiver) -> None:
    (report,) = site.tick(NOON, FAILED, WAITS)
    assert report.told == "ops: told 2"
    (told,) = receiver.heard()
    assert told["title"] == "asset_sync: 2 alerts"
    assert told["message"].split("\n") == [
        "pdq_to_netbox failed: PDQ lists no devices",
        "since 2026-10-24 10:00 UTC; plan plan1; run run1",
        "https://sync.example/review/plans/plan1",
        "https://dagster.example/runs/run1",
        "",
        "a plan of wug_to_netbox/main waits for approval: 2 create to be written, 0 held",
        "since 2026-10-24 10:00 UTC; plan plan2",
        "https://sync.example/review/plans/plan2",
    ]
    (report,) = site.tick(NOON + MINUTE, WAITS)
    assert receiver.titles() == ["pdq_to_netbox runs again"]
    (report,) = site.tick(NOON + 2 * MINUTE, WAITS)
    assert report.told == "ops: nothing to tell"
    site.tick(NOON + DAY, WAITS)
    assert receiver.titles() == ["a plan of wug_to_netbox/main still waits for approval"]


def test_two_senders_at_once_tell_once(site: Site, receiver: Receiver) -> None:
    site.causes = [FAILED]
    for number in range(5):
        now, ready = NOON + number * 2 * DAY, Barrier(2)

        def tick(_: int, now: datetime = now, ready: Barrier = ready) -> list[ChannelReport]:
            ready.wait()
            return send(alerts(), site.dagster, now)

        with ThreadPoolExecutor(2) as pool:
            reports = [report for found in pool.map(tick, range(2)) for report in found]
        assert sum(report.causes for report in reports) == 1
        assert len(receiver.heard()) == 1


def test_a_receiver_that_is_down_is_told_later_and_stops_no_other(
    site: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(CHAT.variable, f"json://pat:{SECRET}@127.0.0.1:9/{SECRET}")
    both = alerts(channels=[CHAT, OPS])
    with caplog.at_level(logging.DEBUG):
        reports = site.tick(NOON, FAILED, asked=both)
    assert [(each.problem is None, each.causes) for each in reports] == [(False, 0), (True, 1)]
    assert reports[0].told.startswith("chat: it cannot be reached")
    assert "the channel chat of the alerts: it cannot be reached" in caplog.text
    assert SECRET not in caplog.text + reports[0].told
    assert len(receiver.heard()) == 1
    # It is left alone for a minute, then for two.
    monkeypatch.setenv(CHAT.variable, receiver.url)
    site.tick(NOON + MINUTE / 2, FAILED, asked=both)
    assert receiver.heard() == []
    receiver.answers(503)
    assert site.tick(NOON + MINUTE, FAILED, asked=both)[0].told.startswith("chat: it answered 503; next try after")
    receiver.heard()
    receiver.answers(200)
    site.tick(NOON + 2.5 * MINUTE, FAILED, asked=both)
    assert receiver.heard() == []
    site.tick(NOON + 3 * MINUTE, FAILED, asked=both)
    assert receiver.titles() == ["pdq_to_netbox failed"]
    site.tick(NOON + 4 * MINUTE, FAILED, asked=both)
    assert receiver.heard() == []


def test_quiet_hours_over_midnight_and_the_change_of_clocks(site: Site, receiver: Receiver) -> None:
    # In the night to 25 October Berlin's clocks go back: from 20:00 to 6:00 UTC it is from 22:00 until 7:00 there.
    asked = alerts(
        timezone="Europe/Berlin",
        quiet_hours=QuietConfig.model_validate({"from": "22:00", "until": "07:00"}),
        urgent=["snipeit_to_postgres"],
    )
    evening = datetime(2026, 10, 24, 20, tzinfo=UTC)
    site.tick(evening - MINUTE, WAITS, asked=asked)
    assert receiver.titles() == ["a plan of wug_to_netbox/main waits for approval"]
    site.tick(evening, FAILED, asked=asked)
    site.tick(evening + 3 * HOUR, FAILED, URGENT, asked=asked)
    assert receiver.titles() == ["snipeit_to_postgres failed"]
    site.tick(evening + 5 * HOUR, URGENT, asked=asked)
    site.tick(evening + 10 * HOUR - MINUTE, URGENT, asked=asked)
    assert receiver.heard() == []
    site.tick(evening + 10 * HOUR, URGENT, asked=asked)
    (told,) = receiver.heard()
    assert told["title"] == "asset_sync: 2 alerts"
    assert "pdq_to_netbox failed, and that is over: PDQ lists no devices" in told["message"]
    assert "since 2026-10-24 22:00 CEST; over since 2026-10-25 02:00 CET; plan plan1; run run1" in told["message"]
    assert "no plan of wug_to_netbox/main waits any more" in told["message"]


def test_the_digest_tells_what_changed_once_at_its_time(site: Site, receiver: Receiver) -> None:
    lab = LedgerLab(database.engine())
    lab.at = NOON + HOUR
    lab.source = {"asset": [{"source_key": each, "key": each, "name": each, "status": "active"} for each in ("a", "b")]}
    lab.run()
    asked = alerts(digest=DigestConfig(at="08:00"))
    site.tick(NOON, asked=asked)
    site.tick(NOON + 21 * HOUR, asked=asked)
    assert receiver.heard() == []
    due = NOON + 22 * HOUR
    receiver.answers(500)
    site.tick(due, FAILED, WAITS, asked=asked)
    receiver.heard()
    receiver.answers(200)
    site.tick(due + HOUR, FAILED, WAITS, asked=asked)
    alert, digest = receiver.heard()
    assert alert["title"] == "asset_sync: 2 alerts"
    assert digest["title"] == "asset_sync: 2026-10-24 10:00 to 2026-10-25 08:00 UTC"
    assert digest["message"].startswith("Changed:\ntest: 2 asset created\n\n")
    assert "Held:\nnothing" in digest["message"]
    assert "Waits for a person:\nwug_to_netbox/main: 2 create to be written, 0 held (plan plan2)" in digest["message"]
    assert "Stale:\nnothing" in digest["message"]
    site.tick(due + 2 * HOUR, FAILED, WAITS, asked=asked)
    assert receiver.heard() == []
    site.tick(due + DAY, asked=asked)
    assert receiver.heard()[-1]["message"].startswith("Changed:\nnothing\n")


def test_a_digest_of_very_much_is_no_endless_one(site: Site, receiver: Receiver) -> None:
    asked = alerts(digest=DigestConfig(at="08:00"))
    site.tick(NOON, asked=asked)
    stale = [Cause("stale", f"wug_to_netbox/{number:03}", "the last success was long ago") for number in range(500)]
    site.tick(NOON + DAY, *stale, asked=asked)
    digest = receiver.heard()[-1]["message"].partition("Stale:\n")[2].splitlines()
    assert digest[:2] == [
        "wug_to_netbox/000: the last success was long ago",
        "wug_to_netbox/001: the last success was long ago",
    ]
    assert digest[20] == "and 480 more"


def test_a_clock_that_was_ahead_for_a_time_keeps_nothing_from_being_told(site: Site, receiver: Receiver) -> None:
    asked, ahead = alerts(digest=DigestConfig(at="08:00")), NOON + 400 * DAY
    site.tick(NOON, asked=asked)
    receiver.answers(500)
    site.tick(ahead, FAILED, asked=asked)
    receiver.answers(200)
    receiver.heard()
    site.tick(NOON + HOUR, FAILED, asked=asked)
    assert receiver.titles() == ["pdq_to_netbox failed"]
    site.tick(ahead, FAILED, asked=asked)
    receiver.heard()
    site.tick(NOON + 2 * HOUR, FAILED, asked=asked)
    site.tick(NOON + 22 * HOUR, FAILED, asked=asked)
    assert receiver.titles() == ["2026-10-24 12:00 to 2026-10-25 08:00 UTC"]


def test_a_ledger_that_is_away_is_told_once_and_that_it_is_back(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", GONE)
    kept, _ = telling.tell_outage(alerts(), None, "connection failed", NOON)
    (told,) = receiver.heard()
    assert told["message"].startswith("the ledger cannot be asked: connection failed")
    kept, _ = telling.tell_outage(alerts(), kept, "connection failed", NOON + MINUTE)
    assert receiver.heard() == []
    kept, _ = telling.tell_outage(alerts(), kept, None, NOON + 2 * MINUTE)
    assert receiver.titles() == ["the ledger can be asked again"]
    assert kept == ""
