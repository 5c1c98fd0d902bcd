"""The part of the demo in which a Hedgehog fabric comes into NetBox: all of it, again without a change, and a day later."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from asset_sync.operations.runs import RunReport, Watch, run_sync
from asset_sync.sandbox.world import World

FABRICS: Final = "hedgehog_to_netbox"


def run_fabric(world: World, watching: Callable[[str], Watch]) -> Iterator[tuple[str, RunReport]]:
    """Yield the run of each pass by its name."""
    passes: dict[str, Callable[[], Any]] = {"first": lambda: None, "again": lambda: None, "changed": world.fabric.next}
    for name, before in passes.items():
        before()
        yield name, run_sync(FABRICS, watch=watching(f"{FABRICS}, {name}"))
