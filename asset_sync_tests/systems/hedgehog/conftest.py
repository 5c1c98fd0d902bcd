"""A running cluster with a fabric in it, and clients for it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape
from asset_sync.systems.hedgehog import HedgehogClient
from asset_sync.systems.hedgehog.connection import by_token
from asset_sync_tests.sandbox.kubernetes_desk import READER, Desk

AGENTS = Path(__file__).parent / "agents"


class Lab(Desk):
    """A desk whose bookmarks come after 50 ms, with a fabric in its cluster."""

    def __init__(self, days: FabricDays, **options: Any) -> None:
        super().__init__(days.cluster, bookmark_lead=2.95, **options)
        self.days = days

    def connect(self, token: str = READER, **options: Any) -> HedgehogClient:
        return HedgehogClient(by_token(self.url, token, None), name="lab", timeout=(2, 2), **options)

    def asked(self) -> Counter[str]:
        """What was asked since the last time."""
        found = Counter(self.cluster.requests)
        self.cluster.requests.clear()
        return found


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(FabricDays(Shape(), Cluster(kept_seconds=3600))) as lab:
        yield lab


def real_agents() -> list[tuple[str, dict[str, Any]]]:
    """The real objects, by their files' names."""
    # Python's own loader needs a second for these files.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [(path.stem, yaml.load(path.read_text(), loader)) for path in sorted(AGENTS.glob("*.yaml"))]
