"""Where things can be looked at: an object or a record in its system, a run in Dagster."""

from collections.abc import Callable, Mapping
from typing import Final

from asset_sync import settings
from asset_sync.components.declared.component import SyncComponent
from asset_sync.operations.definitions import component_of
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.plan import connection_of

DAGSTER_URL: Final = "ASSET_SYNC_DAGSTER_URL"
Pages = Callable[[str, str], str | None]
"""Says by an object's kind and id where a person looks at it; None where that is not known."""


def object_page(sync: str, link_set: str, kind: str, target_id: str) -> str | None:
    """Return the address of an object's page in the target of a sync; None where that is not known."""
    return object_pages(sync, link_set)(kind, target_id)


def object_pages(sync: str, link_set: str) -> Pages:
    """Return what says of each object of the target of a sync what `object_page` does: for many of them."""
    component = _component(sync)
    return component.pages_of(connection_of(sync, link_set)) if component else lambda _kind, _target_id: None


def row_page(sync: str, link_set: str, table: str, row: Mapping[str, str]) -> str | None:
    """Return the address of the page of what a row of a sync's source tells of; None where that is not known."""
    component = _component(sync)
    return component.row_page_of(connection_of(sync, link_set), table, row) if component else None


def _component(sync: str) -> SyncComponent | None:
    try:
        component = component_of(sync)
    except ConfigurationError:
        # The ledger still tells of a sync whose YAML is gone.
        return None
    return component if isinstance(component, SyncComponent) else None


def run_page(run_id: str) -> str | None:
    """Return the address of a run's page in Dagster; None where ASSET_SYNC_DAGSTER_URL does not say where that is."""
    address = settings.optional(DAGSTER_URL)
    return f"{address.rstrip('/')}/runs/{run_id}" if address else None
