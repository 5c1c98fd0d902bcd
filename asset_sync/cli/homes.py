"""Folders of their own for what is tried out, so that neither the user's ledger nor Dagster's history is touched."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from asset_sync import settings
from asset_sync.operations.definitions import make_dagster_home
from asset_sync.reconcile.errors import ConfigurationError


@contextmanager
def fresh_home(name: str) -> Iterator[Path]:
    """A new, empty home below the usual one; everything in this process, and Dagster, keeps its data there from now on.

    The database is the embedded one of that home, whatever DATABASE_URL says. Raises `ConfigurationError` where another
    process uses the home.
    """
    home = settings.home() / name
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{home}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigurationError(f"{home} is in use by another asset-sync {name}: stop that one first") from None
    with lock:
        shutil.rmtree(home, ignore_errors=True)
        make_dagster_home(home)
        os.environ.pop("DATABASE_URL", None)
        os.environ.update(ASSET_SYNC_HOME=str(home), DAGSTER_HOME=str(home))
        yield home
