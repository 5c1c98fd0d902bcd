"""The pipeline that the tests of the export sync run."""

import pytest

from asset_sync_tests.components.pdq_exports.desk import Exports
from asset_sync_tests.pipeline import Pipeline


@pytest.fixture
def exports(pipeline: Pipeline) -> Exports:
    """A desk at which nothing was dropped yet."""
    return Exports(pipeline)
