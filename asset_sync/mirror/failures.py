"""How PostgreSQL's errors reach a person: one line with what to do, whoever raised it, the driver or what is above it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from asset_sync.reconcile.errors import TargetError, TargetUnavailable

_WHOLE: Final = "the mirror shows no half of a load"


@contextmanager
def database_told() -> Iterator[None]:
    """Turn an error of the database into a `TargetError`, or a `TargetUnavailable` where it may pass by itself."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error) as error:
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            told = f"{_WHOLE}; check DATABASE_URL and the server, then run again"
            raise TargetUnavailable(f"PostgreSQL: {_said(cause)}; {told}") from error
        raise TargetError(f"PostgreSQL: {_said(cause)}; {_WHOLE}") from error


def _said(cause: BaseException) -> str:
    """Return the driver's words without the statement and its values."""
    said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else type(cause).__name__
    return said or next(iter(str(cause).splitlines()), type(cause).__name__)
