"""An API server that is half dead: what it breaks off is never taken for a whole answer, nor waited for without end."""

import re

import pytest

from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.systems.hedgehog import HedgehogClient, client, read
from asset_sync.systems.hedgehog.connection import by_token
from asset_sync_tests.sandbox.kubernetes_desk import READER
from asset_sync_tests.systems.hedgehog.conftest import Lab
from asset_sync_tests.systems.hedgehog.test_client import ROW, SERVER, TOKEN
from asset_sync_tests.systems.scripted import Reply, scripted


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("http_500", "answered 500"),
        ("html_login", "is no ConnectionList"),
        ("cut", "the connection broke"),
        ("expired_token", "the token is not known or has expired"),
        ("expired_continue", "expired 5 times before its last page"),
        ("timeout_before", "no answer in time"),
    ],
)
def test_what_fails_in_the_middle_of_a_list_fails_the_fabric(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, fault: str, told: str
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 4)
    lab.faults.set(fault, path="/connections.*continue")
    reached = HedgehogClient(by_token(lab.url, READER, None), name="lab", timeout=(2, 0.5))
    with reached as fabric, pytest.raises(SourceError, match=re.escape(told)) as failed:
        read(fabric)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("fault", ["http_500", "html_login", "expired_token", "cut"])
def test_what_fails_where_only_changes_are_asked_for_is_not_taken_for_silence(lab: Lab, fault: str) -> None:
    with lab.connect() as fabric:
        before = read(fabric)
        lab.faults.set(fault, path="/servers")
        with pytest.raises(SourceError):
            read(fabric, before)


def test_a_list_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_ANSWER_S", 0.2)
    answer = {"kind": "ServerList", "metadata": {"resourceVersion": "5"}, "items": [ROW]}
    with scripted(Reply(answer, drip=0.05)) as script, of(script.url) as fabric:
        with pytest.raises(SourceUnavailable, match="no whole answer in time"):
            fabric.page(SERVER)
        with pytest.raises(client.Unproven):
            fabric.changes(SERVER, "5")
        with pytest.raises(SourceUnavailable, match="no whole answer in time"):
            fabric.version()


def test_for_how_long_the_server_has_requests_wait_is_counted() -> None:
    answer = {"kind": "ServerList", "metadata": {"resourceVersion": "5"}, "items": [ROW]}
    busy, away = Reply(status=429, headers={"Retry-After": "1"}), Reply(status=502)
    with scripted(busy, away, Reply(answer)) as script, of(script.url) as fabric:
        fabric.page(SERVER)
        assert 1 <= fabric.tally.waited < 1.15, "what is merely away is waited for, too, and not counted"


def of(url: str) -> HedgehogClient:
    return HedgehogClient(by_token(url, TOKEN, None), name="lab", timeout=(2, 2))
