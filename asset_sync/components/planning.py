"""Planning: what a sync matches and plans from, put together in one place for the plan and for the look after its apply."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import dagster as dg

from asset_sync.components.remembered import Remembered
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile.identity import Deleted, deleted_records, gone_objects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Snapshot, make_plan
from asset_sync.reconcile.planning.making_way import parted_fields
from asset_sync.reconcile.planning.rebasing import later_objects
from asset_sync.reconcile.references import Waiting, match_all
from asset_sync.reconcile.refusals import both, split_refused
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Tables


def seen(sync: Sync, desired: Tables, inventory: Tables, remembered: Remembered) -> tuple[Kinds, Snapshot]:
    """Return the kinds by which a sync plans, and what it plans from: both sides as they were read, and what was remembered."""
    wanted, refused = split_refused(desired)
    wanted, not_taken = sync.conform(sync.kinds, wanted, inventory)
    links, elsewhere, resolutions = remembered
    snapshot = Snapshot(wanted, inventory, links, both(refused, not_taken), resolutions, elsewhere)
    return sync.constrained(sync.kinds, inventory), snapshot


def decided_now(context: dg.AssetExecutionContext, sync: Sync) -> Resolutions:
    """Return the decisions that count now for a sync (`Sync.of`): people's, and those that its target's records make."""
    ledger: Ledger = context.resources.ledger
    return Resolutions([*sync.decided(context), *ledger.resolutions(sync.link_set, sync.mapped)])


class Planning:
    """One look of a sync at both sides: what they say, what is remembered, and the matches and the plan that come of it.

    `sync` is the sync as the run sees it (`Sync.of`). `decided` are the decisions that it goes by; None: those that count now.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        sync: Sync,
        desired: Tables,
        inventory: Tables,
        decided: Resolutions | None = None,
    ) -> None:
        ledger: Ledger = context.resources.ledger
        self._context = context
        self._sync = sync
        resolutions = decided_now(context, sync) if decided is None else decided
        links, elsewhere = sync.known_links(ledger), sync.elsewhere(ledger)
        if also := parted_fields(sync.kinds, sync.policy, links, resolutions):
            links = sync.known_links(ledger, also)
        self._kinds, self.snapshot = seen(sync, desired, inventory, Remembered(links, elsewhere, resolutions))

    def match(self) -> Tables:
        """Return which record is which object, a table a kind; see `asset_sync.reconcile.references.match_all`."""
        sync, seen = self._sync, self.snapshot
        evidence = sync.evidence(self._context, seen.desired, seen.observed)
        return match_all(
            self._kinds,
            seen.desired,
            evidence.observed,
            seen.links,
            {**evidence.waiting, **self._unregistered(evidence.waiting)},
            deleted=self._deleted(evidence.observed),
            resolutions=seen.resolutions,
        )

    def _unregistered(self, waiting: Waiting) -> Waiting:
        """Return the records of kinds of which none is made here, but for those that a person decided to make."""
        found = {}
        for kind, why in self._sync.existing.items():
            made = {resolution.source_key for resolution in self.snapshot.resolutions.of(kind, "create")}
            keys = self.snapshot.desired[kind]["source_key"]
            found[kind] = {**dict.fromkeys(keys[~keys.isin(made)], why), **waiting.get(kind, {})}
        return found

    def _deleted(self, observed: Tables) -> Deleted:
        """Return the records whose objects somebody deleted; the target is asked by whom of those alone that are gone."""
        sync, seen = self._sync, self.snapshot
        if sync.deletions is None or sync.recreate:
            return {}
        gone = gone_objects(sync.kinds, seen.desired, observed, seen.links, seen.resolutions)
        return deleted_records(gone, sync.deletions(sync.target_resource(self._context), sync.kinds, gone)) if gone else {}

    def plan(
        self,
        matches: Tables,
        *,
        now: datetime,
        complete: bool,
        mode: Mode = "normal",
        after: str | None = None,
        source_rows: Mapping[str, int] | None = None,
    ) -> Plan:
        """Return the plan that those matches give; see `asset_sync.reconcile.planning.make_plan`."""
        sync = self._sync
        return make_plan(
            sync.name,
            self._kinds,
            sync.policy,
            self._with_own_writes() if mode == "rebase" else self.snapshot,
            matches,
            now=now,
            mode=mode,
            complete=complete,
            after=after,
            source_rows=source_rows,
            link_set=sync.link_set,
        )

    def _with_own_writes(self) -> Snapshot:
        """Return the snapshot with what we ourselves wrote to objects that are of a later version than the links know."""
        sync, seen = self._sync, self.snapshot
        later = later_objects(sync.kinds, seen.links, seen.observed)
        if sync.own_writes is None or not later:
            return seen
        return replace(seen, own_writes=sync.own_writes(sync.target_resource(self._context), sync.kinds, later))
