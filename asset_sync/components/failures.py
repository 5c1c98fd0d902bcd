"""How errors reach a person: one line in the UI and on the command line, without a traceback through the machinery."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from asset_sync.reconcile.errors import AssetSyncError, SourceUnavailable, TargetUnavailable


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn an error that is meant for a person into Dagster's `Failure`; only what may pass by itself is tried again."""
    try:
        yield
    except AssetSyncError as error:
        passing = isinstance(error, SourceUnavailable | TargetUnavailable)
        raise dg.Failure(description=str(error), allow_retries=passing) from error
