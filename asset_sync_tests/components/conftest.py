"""The pipeline that the components' tests run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asset_sync_tests.pipeline import Pipeline, running


@pytest.fixture
def pipeline(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """A pipeline that has not run yet, of 40 machines; `indirect` parameters are those of `running`."""
    with running(monkeypatch, database_url, tmp_path, **getattr(request, "param", {})) as made:
        yield made
