"""The pipeline that the components' tests run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asset_sync_tests.pipeline import Pipeline, running


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, empty_database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline of 40 machines that has not run yet."""
    with running(monkeypatch, empty_database_url, tmp_path) as made:
        yield made
