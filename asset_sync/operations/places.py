"""Where things can be looked at: an object in its system, a run in Dagster."""

from typing import Final

from asset_sync import settings
from asset_sync.components.declared.component import SyncComponent
from asset_sync.operations.definitions import component_of
from asset_sync.reconcile.errors import ConfigurationError

DAGSTER_URL: Final = "ASSET_SYNC_DAGSTER_URL"


def object_page(sync: str, link_set: str, kind: str, target_id: str) -> str | None:
    """Return the address of an object's page in the target of a sync; None where that is not known."""
    try:
        component = component_of(sync)
    except ConfigurationError:
        # The ledger still tells of a sync whose YAML is gone.
        return None
    if not isinstance(component, SyncComponent):
        return None
    return component.page_of(connection_of(sync, link_set), kind, target_id)


def connection_of(sync: str, link_set: str) -> str | None:
    """Return the connection whose links a set is; None where the sync has one set for all."""
    return link_set.removeprefix(f"{sync}/") if link_set.startswith(f"{sync}/") else None


def run_page(run_id: str) -> str | None:
    """Return the address of a run's page in Dagster; None where ASSET_SYNC_DAGSTER_URL does not say where that is."""
    address = settings.optional(DAGSTER_URL)
    return f"{address.rstrip('/')}/runs/{run_id}" if address else None
