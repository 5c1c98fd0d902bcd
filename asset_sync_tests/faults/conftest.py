"""The pipeline that is broken here, and a settling that tests can wait for."""

from functools import partial

import pytest

from asset_sync.components import applying
from asset_sync.reconcile.apply import Settling, apply
from asset_sync_tests.components.conftest import pipeline

__all__ = ["pipeline", "quick_settling"]


@pytest.fixture
def quick_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write of unknown fate is waited for for a second, in place of a minute."""
    monkeypatch.setattr(applying, "apply", partial(apply, settling=Settling(total=1.0, every=0.2)))
