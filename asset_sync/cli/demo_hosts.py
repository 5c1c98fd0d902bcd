"""The part of the demo in which servers tell their own state: all of them, again without a change, and a day later."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from asset_sync.operations.definitions import component_of
from asset_sync.operations.hosts import take_documents
from asset_sync.operations.runs import RunReport, Watch, run_sync
from asset_sync.sandbox.hosts import Fleet
from asset_sync.sandbox.world import World

HOSTS: Final = "hosts_to_netbox"


def run_hosts(world: World, size: int, seed: int, watching: Callable[[str], Watch]) -> Iterator[tuple[str, RunReport]]:
    """Yield the run of each pass by its name; somebody entered the servers into NetBox before the first."""
    fleet, folder = Fleet(size, seed), _folder()
    fleet.register(world.netbox)
    passes: dict[str, Callable[[], Any]] = {"first": lambda: None, "again": lambda: None, "changed": fleet.day}
    for name, before in passes.items():
        before()
        fleet.write(folder)
        take_documents(HOSTS)
        yield name, run_sync(HOSTS, watch=watching(f"{HOSTS}, {name}"))


def _folder() -> Path:
    component: Any = component_of(HOSTS)
    return Path(component.watch().folder.path)
