"""How errors reach a person: one line in the UI and on the command line, without a traceback through the machinery."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import dagster as dg

from asset_sync import database
from asset_sync.reconcile.errors import AssetSyncError, SourceUnavailable, TargetUnavailable
from asset_sync.systems.http import never_reached

EXTRACT_RETRIES: Final = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""Extracts alone are tried again by themselves: they change nothing."""


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn an error that is meant for a person into Dagster's `Failure`; only what may pass by itself is tried again."""
    try:
        yield
    except AssetSyncError as error:
        passing = isinstance(error, SourceUnavailable | TargetUnavailable) and not never_reached(error)
        raise dg.Failure(description=str(error), allow_retries=passing) from error
    except database.ERRORS as error:
        # Without the cause, which Dagster would show with the statement.
        raise dg.Failure(description=database.in_one_line(error), allow_retries=database.may_pass(error)) from None


# Dagster has no public names for the types of a failure and of an error that it remembers.
def reason(failure: Any) -> str:
    """Return in a line why a step failed: what was told to a person, else what the innermost error said."""
    told = failure.user_failure_data.description if failure.user_failure_data is not None else None
    return first_line(told or innermost(failure.error))


def innermost(error: Any) -> str:
    """Return what the innermost error said: those around it are Dagster's, such as of a resource that did not open."""
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message) if error else ""


def said(error: BaseException) -> str:
    """Return what an exception says to a person: a failure its description, any other what its innermost cause says."""
    if isinstance(error, dg.Failure) and error.description:
        return error.description
    if isinstance(error, database.ERRORS):
        return database.in_one_line(error)
    return said(error.__cause__) if error.__cause__ is not None else str(error) or type(error).__name__


def first_line(words: str) -> str:
    """Return the first line that is not blank; nothing where there is none."""
    return next((line.strip() for line in words.splitlines() if line.strip()), "")
