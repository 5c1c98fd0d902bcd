"""A channel that a real receiver stands behind; and the world, the database and the home of the command line's tests."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from asset_sync.components.alerts import Alerts, ChannelConfig
from asset_sync_tests.cli.lab import home, open_folder, world
from asset_sync_tests.systems.scripted import Reply, Script, scripted

__all__ = ["CHAT", "OPS", "SECRET", "Receiver", "alerts", "home", "open_folder", "receiver", "world"]

OPS = ChannelConfig(name="ops", variable="ASSET_SYNC_ALERTS_OPS")
CHAT = ChannelConfig(name="chat", variable="ASSET_SYNC_ALERTS_CHAT")
SECRET = "s3cr3t"


class Receiver:
    """A channel at a real HTTP server."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = f"json://{urlsplit(script.url).netloc}/{SECRET}"

    def heard(self) -> list[dict[str, Any]]:
        """Return the messages that came since this was asked last."""
        seen, self.script.seen = self.script.seen, []
        return [json.loads(each.body) for each in seen]

    def titles(self) -> list[str]:
        """Return their titles."""
        return [each["title"].removeprefix("asset_sync: ") for each in self.heard()]

    def answers(self, status: int) -> None:
        """Answer so from now on."""
        self.script.replies = [Reply(status=status)]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """What stands behind the channel `OPS`."""
    with scripted(Reply()) as script:
        made = Receiver(script)
        monkeypatch.setenv(OPS.variable, made.url)
        yield made


def alerts(**more: Any) -> Alerts:
    """Return alerts by `OPS`, with the links of a site."""
    told = {
        "channels": [OPS],
        "dagster_url": "https://dagster.example",
        "review_url": "https://sync.example/",
        "held_growth": 99,
    }
    return Alerts(**{**told, **more})
