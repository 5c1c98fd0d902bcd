"""What the YAML files of a fabric say, beside what its cluster has."""

from collections.abc import Sequence
from pathlib import Path

from asset_sync.components import SyncComponent
from asset_sync.operations.definitions import component_of
from asset_sync.operations.fabrics import SYSTEM, chosen, syncs_with
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.hedgehog import HedgehogFabric, read
from asset_sync.systems.hedgehog.comparing import Difference, differences
from asset_sync.systems.hedgehog.directory import read_directory


def compare(folder: Path, fabric: str | None = None) -> tuple[str, Sequence[Difference]]:
    """Return the name of the fabric and in what its cluster is not what the folder says; nothing is written, or kept.

    Raises `ConfigurationError` where the fabric must be named, is not known or cannot be reached, and `SourceError` where the
    folder or the cluster cannot be read whole.
    """
    name, resource = reached(fabric)
    desired = read_directory(folder, resource.namespace)
    with resource.client() as client:
        return name, differences(desired, read(client))


def reached(fabric: str | None) -> tuple[str, HedgehogFabric]:
    """Return the name of a fabric, or of the only one, and what reaches it; raises `ConfigurationError` as `compare` does."""
    found = chosen(syncs_with(SYSTEM), fabric)
    component = component_of(found.sync)
    resources = component.resources_of(found.name) if isinstance(component, SyncComponent) else []
    if not resources or not isinstance(resources[0], HedgehogFabric):
        raise ConfigurationError(f"{found.name} of {found.sync} is no fabric")
    return found.name, resources[0]
