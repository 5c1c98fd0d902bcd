"""Recovering: before a sync plans anew, what its interrupted apply had sent is remembered as its own doing."""

from datetime import UTC, datetime

import dagster as dg

from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger, PlanHeader
from asset_sync.reconcile.apply import Known, known_objects, recovered
from asset_sync.reconcile.tables import Tables


def recover(context: dg.AssetExecutionContext, sync: Sync, inventory: Tables) -> int:
    """Record what the target holds of what an interrupted apply had sent; return how many writes these are.

    `sync` is the sync as the run sees it (`Sync.of`).
    """
    ledger: Ledger = context.resources.ledger
    unheard_of = ledger.unheard_of(sync.link_set)
    if unheard_of is None:
        return 0
    header, intended = unheard_of
    plan = ledger.plan(header.id)
    try:
        known = known_objects_of(context, sync, header)
    except FileNotFoundError:
        known = None
    found = recovered(plan, sync.kinds, inventory, done=ledger.outcomes(plan.id), known=known, intended=intended)
    ledger.record(plan, list(found.values()), context.run.run_id, datetime.now(UTC))
    return len(found)


def known_objects_of(context: dg.AssetExecutionContext, sync: Sync, header: PlanHeader) -> Known:
    """Return the objects that a plan saw and those that are linked; `FileNotFoundError` where the former are not kept."""
    snapshots: Snapshots = context.resources.snapshots
    observed = snapshots.load(sync.inventory, header.run_id)
    return known_objects({name: observed[name] for name in sync.kinds}, sync.known_links(context.resources.ledger))
