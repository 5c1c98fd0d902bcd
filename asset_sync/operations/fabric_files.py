"""What the YAML files of a fabric say, beside what its cluster has."""

from collections.abc import Sequence
from pathlib import Path

from asset_sync.components import SyncComponent
from asset_sync.operations.definitions import component_of
from asset_sync.operations.fabrics import chosen, syncs_with
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.hedgehog import HedgehogFabric, read
from asset_sync.systems.hedgehog.comparing import Difference, differences
from asset_sync.systems.hedgehog.directory import read_directory


def compare(folder: Path, fabric: str | None = None) -> tuple[str, Sequence[Difference]]:
    """Return the name of the fabric and in what its cluster is not what the folder says; nothing is written, or kept.

    Raises `ConfigurationError` where the fabric must be named, is not known or cannot be reached, and `SourceError` where the
    folder or the cluster cannot be read whole.
    """
    found = chosen(syncs_with("hedgehog"), fabric)
    reached = _reached(found.sync, found.name)
    desired = read_directory(folder, reached.namespace)
    with reached.client() as client:
        return found.name, differences(desired, read(client))


def _reached(sync: str, name: str) -> HedgehogFabric:
    component = component_of(sync)
    resources = component.resources_of(name) if isinstance(component, SyncComponent) else []
    if not resources or not isinstance(resources[0], HedgehogFabric):
        raise ConfigurationError(f"{name} of {sync} is no fabric")
    return resources[0]
