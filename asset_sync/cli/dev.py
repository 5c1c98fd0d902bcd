"""`asset-sync dev`: database, sandbox and Dagster's UI together, ready to click."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from asset_sync import database, settings
from asset_sync.cli.console import Whole
from asset_sync.cli.homes import fresh_home
from asset_sync.cli.ports import check_free
from asset_sync.cli.sandbox import fabric_of, network_of, seed_option, size_option
from asset_sync.cli.signals import until_stopped
from asset_sync.operations.definitions import code_location, ensure_dagster_home, sync_names, variables_of
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.sandbox.world import World

_SYSTEMS: Final = (
    *("PDQ_TOKEN", "NETBOX_URL", "NETBOX_TOKEN", "SNIPEIT_API_URL", "SNIPEIT_TOKEN"),
    *("WUG_MAIN_URL", "HEDGEHOG_MAIN_SERVER"),
)
"""The variables that name real systems."""

_ADDRESSES: Final = {
    "NETBOX_URL": "NetBox",
    "SNIPEIT_API_URL": "Snipe-IT",
    "WUG_MAIN_URL": "WhatsUp Gold",
    "HEDGEHOG_MAIN_SERVER": "Hedgehog",
}
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_START_S: Final = 120.0
_STOP_S: Final = 20.0


@click.command()
@size_option
@seed_option
@click.option("--port", type=Whole(1, 65_535), default=3000, show_default=True, help="Where the UI listens.")
def dev(size: int, seed: int, port: int) -> None:
    """Start the database, the sandbox and Dagster's UI; Ctrl-C stops it all.

    Where NETBOX_URL, PDQ_TOKEN, SNIPEIT_API_URL or another token is set, there is no sandbox: it is the real systems, with
    your own database and history. The sandbox starts anew each time, and so do the database and the history that go with it.
    """
    check_free("127.0.0.1", port)
    # What is wrong with a sync's YAML is told here in a line: Dagster shows it as a code location that does not load.
    sync_names()
    with until_stopped(), ExitStack() as running:
        lines = _real_systems() if any(os.environ.get(name) for name in _SYSTEMS) else _simulated(running, size, seed)
        ensure_dagster_home()
        database.database_url()
        log = settings.home() / "dagster.log"
        click.echo(f"Dagster is starting; its log: {log}", err=True)
        dagster = running.enter_context(_dagster(port, log))
        _wait_until_ready(dagster, port, log)
        for line in (f"UI               http://127.0.0.1:{port}", *lines, "Ctrl-C stops everything."):
            click.echo(line)
        raise AssetSyncError(f"Dagster ended by itself with status {dagster.wait()}; its log: {log}")


def _real_systems() -> list[str]:
    """Tell which systems are real. One sync at least can run; what another one needs, its own runs ask for.

    Raises `ConfigurationError` where none can: nobody uses all systems, but half of one is of no use.
    """
    needed = [variables_of(sync, None) for sync in sync_names()]
    begun = [names for names in needed if any(map(settings.optional, names))]
    if not any(all(map(settings.optional, names)) for names in begun):
        settings.require_all({name: words for names in begun for name, words in names.items()})
    found = {name: settings.optional(name) for name in _ADDRESSES}
    return [f"{_ADDRESSES[name]:<16} {address} ({_kind_of(address)})" for name, address in found.items() if address]


def _kind_of(address: str) -> str:
    """A sandbox listens on this machine alone."""
    return "on this machine" if urlsplit(address).hostname in _LOCAL else "a real one"


def _simulated(running: ExitStack, size: int, seed: int) -> list[str]:
    running.enter_context(fresh_home("dev"))
    world = running.enter_context(World(size, seed, network=network_of(size), fabric=fabric_of(size)))
    os.environ.update(world.environment())
    return [
        f"NetBox simulator {os.environ['NETBOX_URL']}/api/ (token {os.environ['NETBOX_TOKEN']})",
        f"PDQ simulator    {os.environ['PDQ_URL']}",
        f"Snipe-IT         {os.environ['SNIPEIT_API_URL']}/api/v1 (a simulator, mirrored in the schema snipeit)",
        f"WhatsUp Gold     {os.environ['WUG_MAIN_URL']}/api/v1 (a simulator)",
        f"Hedgehog fabric  {os.environ['HEDGEHOG_MAIN_SERVER']} (a simulator of its Kubernetes API)",
        f"Sandbox control  {world.control_url} (the next day: curl -X POST {world.control_url}/day)",
    ]


@contextmanager
def _dagster(port: int, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`dagster dev` in a process group of its own, stopped with all its children at the end."""
    command = [sys.executable, "-m", "dagster", "dev", *code_location(), "-h", "127.0.0.1", "-p", str(port)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - nothing of it comes from outside
            command,
            cwd=settings.project_root(),
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask Dagster to end, which ends its children; whatever of its group is left then is killed."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssetSyncError(f"Dagster did not start (status {process.returncode}); its log: {log}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssetSyncError(f"Dagster's UI did not answer within {_START_S:.0f} s; its log: {log}")
