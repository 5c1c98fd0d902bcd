"""The one object that Dagster loads: the syncs in `defs/`, and what they all share."""

import sys
from pathlib import Path

import dagster as dg

from asset_sync.components.forms import loaded
from asset_sync.components.leasing import abandoned_runs, leased_executor
from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.pdq import PdqConnect
from asset_sync.systems.snipeit import SnipeIt
from asset_sync.systems.wug import WhatsUpGold


@dg.definitions
def defs() -> dg.Definitions:
    """Return every sync with its resources. Nothing here reads the environment: the graph is made of committed files."""
    shared = dg.Definitions(
        resources={
            "ledger": LedgerResource(),
            "snapshots": Snapshots(),
            "pdq_connect": PdqConnect(),
            "netbox": NetBox(),
            "snipeit": SnipeIt(),
            "wug": WhatsUpGold(),
        },
        sensors=[abandoned_runs],
        executor=leased_executor,
    )
    return dg.Definitions.merge(_syncs(Path(__file__).parent), shared)


def _syncs(folder: Path) -> dg.Definitions:
    try:
        return loaded(folder / "defs", lambda: dg.load_from_defs_folder(path_within_project=folder))
    except ConfigurationError as error:
        # Dagster tells, in a log and on a page, where in the code it was raised. The line says where in the YAML it is wrong.
        sys.tracebacklimit = 0
        raise ConfigurationError(str(error)) from None
