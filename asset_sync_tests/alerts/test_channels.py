"""Messages go by apprise over real HTTP; what does not go is told without the URL."""

import json
import logging
from urllib.parse import urlsplit

import pytest
from apprise.plugins.custom_json import NotifyJSON

from asset_sync.alerts import channels
from asset_sync.alerts.channels import send
from asset_sync.alerts.model import Channel
from asset_sync.alerts.wording import Message
from asset_sync_tests.systems.scripted import Reply, scripted

MAIL = Channel("mail", "ASSET_SYNC_ALERTS_TEST")
WORDS = Message("asset_sync: a failed", "a failed: PDQ lists <no> devices\nplan p1")
SECRET = "s3cr3t-path"


def apprise_url(url: str) -> str:
    return f"json://pat:hunter2@{urlsplit(url).netloc}/{SECRET}"


def test_a_message_arrives_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply()) as script:
        monkeypatch.setenv(MAIL.variable, apprise_url(script.url))
        assert send(MAIL, WORDS) is None
        (seen,) = script.seen
    told = json.loads(seen.body)
    assert (told["title"], told["message"]) == (WORDS.title, WORDS.body)
    assert seen.url.endswith(f"/{SECRET}")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "ASSET_SYNC_ALERTS_TEST is not set"),
        (f"nosuch://pat:hunter2@host/{SECRET}", "ASSET_SYNC_ALERTS_TEST has no URL that apprise knows"),
        (f"json://pat:hunter2@127.0.0.1:9/{SECRET}", "it cannot be reached"),
        (f"{SECRET}", "ASSET_SYNC_ALERTS_TEST has no URL that apprise knows"),
    ],
)
def test_why_a_message_does_not_go(
    url: str | None, why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(MAIL.variable, raising=False)
    if url is not None:
        monkeypatch.setenv(MAIL.variable, url)
    with caplog.at_level(logging.DEBUG):
        said = send(MAIL, WORDS)
    assert said is not None
    assert said.startswith(why)
    assert not [secret for secret in (SECRET, "hunter2", "127.0.0.1") if secret in said + caplog.text]


def test_a_refusal_is_told_by_its_status_and_no_log_has_the_url(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with scripted(Reply(status=403, body={"error": SECRET})) as script, caplog.at_level(logging.DEBUG):
        monkeypatch.setenv(MAIL.variable, apprise_url(script.url))
        assert send(MAIL, WORDS) == "it answered 403"
        # What others log meanwhile, and this thread afterwards, is logged.
        logging.getLogger("urllib3.connectionpool").debug("somebody else's")
    assert "somebody else's" in caplog.text
    assert not [secret for secret in (SECRET, "hunter2", urlsplit(script.url).netloc) if secret in caplog.text]


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_what_a_server_leads_elsewhere_was_not_taken(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a POST that is followed a GET is left, which any page answers; and the message would go to who knows whom.
    with scripted(Reply()) as elsewhere, scripted(Reply(status=status, headers={"Location": elsewhere.url})) as script:
        monkeypatch.setenv(MAIL.variable, apprise_url(script.url))
        assert send(MAIL, WORDS) == f"it answered {status}"
        assert elsewhere.seen == []
        monkeypatch.setenv(MAIL.variable, f"{apprise_url(script.url)}?redirect=yes")
        assert send(MAIL, WORDS) is None
        assert len(elsewhere.seen) == 1


def test_nobody_waits_for_a_server_whose_answer_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_LONGEST_S", 0.5)
    with scripted(Reply(body=b" " * 100, drip=0.2)) as script:
        monkeypatch.setenv(MAIL.variable, apprise_url(script.url))
        assert send(MAIL, WORDS) == "it did not take the message within 0.5 s"


def test_a_channel_of_short_messages_gets_a_long_one_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifyJSON, "body_maxlen", 50)
    monkeypatch.setattr(NotifyJSON, "request_rate_per_sec", 0)
    words = Message("asset_sync: 3 alerts", "\n".join(f"{number:02} is what failed" for number in range(9)))
    with scripted(Reply()) as script:
        monkeypatch.setenv(MAIL.variable, apprise_url(script.url))
        assert send(MAIL, words) is None
        parts = [json.loads(each.body)["message"] for each in script.seen]
        assert len(parts) > 1
        assert max(map(len, parts)) <= 50
        assert [line for part in parts for line in part.splitlines() if line] == words.body.splitlines()
        script.seen.clear()
        assert send(MAIL, Message(words.title, words.body * 9)) is None
        (seen,) = script.seen
        assert json.loads(seen.body)["message"].startswith("00 is what failed")
        script.seen.clear()
        monkeypatch.setenv(MAIL.variable, f"{apprise_url(script.url)}?overflow=truncate")
        assert send(MAIL, words) is None
        assert len(script.seen) == 1
