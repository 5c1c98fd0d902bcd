"""What Snipe-IT says is told without the token, whatever status it says it with."""

import pytest

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.snipeit import SnipeItClient
from asset_sync_tests.systems.scripted import Reply, scripted

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiIxIn0.Kd9xyz"


@pytest.mark.parametrize("status", [200, 401, 403, 422])
@pytest.mark.parametrize("said", [f"{TOKEN} is bad", {"token": [f"Bearer {TOKEN[:20]}"]}, "x" * 280 + TOKEN])
def test_a_token_that_is_echoed_is_not_told(status: int, said: object) -> None:
    echo = Reply({"status": "error", "messages": said, "payload": None}, status)
    with scripted(echo) as script, SnipeItClient(script.url, TOKEN) as client, pytest.raises(SourceError) as caught:
        client.page("hardware", {})
    assert not any(TOKEN[at : at + 8] in str(caught.value) for at in range(len(TOKEN) - 7))


def test_a_source_is_only_read() -> None:
    assert not SnipeItClient("https://snipe.example.com", TOKEN).writable
