"""Meanwhile: a run plans from what it read, so not after another run wrote to the target since.

What the links remember by then is later than the inventory: objects would look as if a backup had brought them back, or as if
somebody had deleted them.
"""

from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile.errors import PlanError

READ_AT: Final = "read_at"
"""The metadata of an inventory that says since when it was read, in seconds of the epoch."""


def refuse_outdated(context: dg.AssetExecutionContext, sync: Sync) -> None:
    """Raise `PlanError` where another run wrote by the links of `sync` (`Sync.of`) since the inventory was read.

    Ask once the links are read.
    """
    ledger: Ledger = context.resources.ledger
    read_at = _read_at(context, sync)
    other = ledger.written_since(sync.link_set, read_at, but=context.run.run_id) if read_at else None
    if other is not None:
        raise PlanError(
            f"{sync.name}: another run wrote to the target (plan {other}) after this one had read it: "
            f"nothing was written by this one; run it again"
        )


def _read_at(context: dg.AssetExecutionContext, sync: Sync) -> datetime | None:
    """Return since when the inventory that this run plans from was read; None where it did not read it itself.

    A person who has a step carried out again, alone, has it plan from what was read before: the guards judge that.
    """
    snapshots: Snapshots = context.resources.snapshots
    partition = context.partition_key if sync.partitions else None
    read_by = snapshots.read_by(sync.inventory, context.run.run_id, partition)
    if read_by != context.run.run_id:
        return None
    asked = dg.AssetRecordsFilter(asset_key=sync.inventory, asset_partitions=[partition] if partition else None)
    for record in context.instance.fetch_materializations(asked, limit=_LOOKED_THROUGH).records:
        materialization = record.asset_materialization
        if record.run_id == read_by and materialization and READ_AT in materialization.metadata:
            return datetime.fromtimestamp(float(str(materialization.metadata[READ_AT].value)), UTC)
    return None


_LOOKED_THROUGH: Final = 20
"""How many inventories back is looked for the one that was read: runs of one sync that read at once are few."""
