"""How PostgreSQL's errors reach a person: one line with what to do, whoever raised it, the driver or what is above it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from asset_sync import database
from asset_sync.reconcile.errors import TargetError, TargetUnavailable

_WHOLE: Final = "the mirror shows no half of a load"


@contextmanager
def database_told() -> Iterator[None]:
    """Turn an error of the database into a `TargetError`, or a `TargetUnavailable` where it may pass by itself."""
    try:
        yield
    except database.ERRORS as error:
        kind = TargetUnavailable if database.may_pass(error) else TargetError
        raise kind(database.in_one_line(error, _WHOLE)) from error
