from collections.abc import Iterator

import pytest

from asset_sync_tests.mirror.register import Register, served


@pytest.fixture
def register(request: pytest.FixtureRequest, empty_database_url: str) -> Iterator[Register]:
    """A register and an empty mirror; `indirect` parameters are those of `served`."""
    with served(empty_database_url, **getattr(request, "param", {})) as made:
        yield made
