"""A world, a database and a home for the functions that the command line and the REST service share."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from asset_sync.operations import definitions
from asset_sync.sandbox.world import World
from asset_sync.sandbox.wug import WugState
from asset_sync_tests.components.wug.lab import EXPORT, MAIN, definitions_of, serving

SYNC = "pdq_to_netbox"
SIZE = 30
SYSTEMS = (
    *("PDQ_URL", "PDQ_TOKEN", "NETBOX_URL", "NETBOX_TOKEN", "SNIPEIT_API_URL", "SNIPEIT_TOKEN"),
    *("WUG_MAIN_URL", "WUG_MAIN_USERNAME", "WUG_MAIN_PASSWORD", "HEDGEHOG_MAIN_SERVER", "HEDGEHOG_MAIN_TOKEN"),
)
BRANCH = "branch"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dagster_home_template: Path) -> Path:
    """An empty home for asset_sync and Dagster, in a folder that is no project; no system is named by the environment."""
    folder = tmp_path / "home"
    shutil.copytree(dagster_home_template, folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSET_SYNC_HOME", str(folder))
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    for name in (*SYSTEMS, "DATABASE_URL", "ASSET_SYNC_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, home: Path, database_url: str) -> Iterator[World]:
    """A small world that the environment names, with an empty ledger."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    with World(SIZE, 7) as world:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        yield world


@pytest.fixture
def monitored(monkeypatch: pytest.MonkeyPatch, home: Path, database_url: str) -> Iterator[World]:
    """A world with a little network gear that the environment names, with an empty ledger."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    with World(20, 7, network=18) as world:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        yield world


@pytest.fixture
def branch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, monitored: World) -> Iterator[WugState]:
    """The server of a second connection, `BRANCH`; the project has one sync alone: to both of them."""
    made = definitions_of(tmp_path / "two", EXPORT, {MAIN: {}, BRANCH: {}}, {}, monkeypatch)
    state = WugState(dict(monitored.wug.hosts))
    with serving(BRANCH, state) as environment, project_of(made, monkeypatch):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield state


@contextmanager
def project_of(made: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the project be of these definitions alone."""
    monkeypatch.setattr("asset_sync.definitions.defs", lambda: made)
    definitions._definitions.cache_clear()
    # What is loaded whole already is not loaded a sync at a time.
    definitions._definitions()
    yield
    definitions._definitions.cache_clear()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for an embedded server; not pytest's own, which pytest closes to the server's user (see the main conftest)."""
    with tempfile.TemporaryDirectory(prefix="asset_sync_tests_", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def assets(world: World) -> dict[int, dict[str, object]]:
    """Return what the assets in NetBox hold, but for the times that every write moves."""
    rows = world.netbox.objects("plugins/inventory/assets")
    return {row["id"]: {name: value for name, value in row.items() if name not in {"created", "last_updated"}} for row in rows}
