"""A client of a scripted server, with a secret that must be told nowhere."""

from typing import Any, Final

from asset_sync.systems.http import Client
from asset_sync_tests.systems.scripted import Script

SECRET: Final = "very-secret-token"


def client(script: Script, **options: Any) -> Client:
    """Return a client that waits for nothing for long."""
    settings: dict[str, Any] = {"longest_wait": 0.01, "timeout": (2, 5)} | options
    return Client(script.url, name="System", headers={"Authorization": f"Bearer {SECRET}"}, **settings)
