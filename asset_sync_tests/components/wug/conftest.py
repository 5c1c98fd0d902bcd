"""A network in NetBox, and servers of WhatsUp Gold that monitor it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asset_sync_tests.components.wug.lab import Lab, running


@pytest.fixture
def lab(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[Lab]:
    """A network of 24 devices, one WhatsUp Gold; `indirect` parameters are those of `running`."""
    with running(monkeypatch, database_url, tmp_path, **getattr(request, "param", {})) as made:
        yield made
