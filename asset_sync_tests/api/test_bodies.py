"""A body says each thing once, however it is written: whoever reads it afterwards may be less strict."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from asset_sync.operations.hooks import SECRET
from asset_sync_tests.api.serving import serving

TOKEN = "the-services-token"
HOOK = "the-secret-of-the-hook"
LONG = "9" * 5_000
"""More digits than Python makes a number of."""
DEEP = "[" * 990 + "]" * 990
"""Deeper than Python's reader goes, and not than that of the hooks."""


@pytest.fixture
def service(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv(SECRET, HOOK)
    with serving(TOKEN) as server:
        yield server.url


def post(url: str, body: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    signature = hmac.new(HOOK.encode(), body.encode(), "sha512").hexdigest()
    answer = httpx.post(url, content=body, headers={**headers, "X-Hook-Signature": signature})
    return answer.status_code, answer.json()["detail"]


@pytest.mark.parametrize("besides", [f'"n": {LONG}', f'"n": -{LONG}', f'"n": {LONG}.5e3', '"n": NaN', f'"n": {DEEP}', '"n": 1'])
@pytest.mark.parametrize("path", ["/sync/pdq_to_netbox", "/hooks/netbox", "/hosts"])
def test_a_key_that_is_there_twice_is_refused_whatever_stands_besides(service: str, path: str, besides: str) -> None:
    now = json.dumps(datetime.now(UTC).isoformat())
    twice = f'{{{besides}, "mode": "dry_run", "mode": "normal", "event": "created", "data": {{}}, "timestamp": {now}}}'
    status, told = post(service + path, twice)
    assert status in (400, 422)
    assert any(words in told for words in ("it is there 2 times", "more than 4,300 digits", "nests too deep")), told


@pytest.mark.parametrize(("body", "why"), [(f'{{"mode": {LONG}}}', "digits"), (f'{{"mode": {DEEP}}}', "deep")])
@pytest.mark.parametrize("path", ["/sync/pdq_to_netbox", "/hooks/netbox", "/hosts"])
def test_what_nobody_reads_is_refused_in_words(service: str, path: str, body: str, why: str) -> None:
    status, told = post(service + path, body)
    assert status in (400, 422)
    assert why in told
