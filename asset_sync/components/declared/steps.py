"""The steps that the systems of a sync bring (`asset_sync.systems.steps`), as a run of it has them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd

from asset_sync.components import run_tags
from asset_sync.components.connections import name_of
from asset_sync.components.declared.choosing import about
from asset_sync.components.declared.ends import Side
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import APPLIED
from asset_sync.systems.steps import CountingTarget, Done, Evidence, Run, Shaped, Sifted
from asset_sync.systems.system import System

Context = dg.AssetExecutionContext


@dataclass(frozen=True)
class OwnSteps:
    """Calls each step with what it is told of its run.

    `sync` declares the sync, `of_run` returns a system as a run has it, and `resource` what reaches it.
    """

    sync: Callable[[], Sync]
    of_run: Callable[[Context, Side], System]
    resource: Callable[[Context, Side], Any]

    def sift(self, context: Context, rows: pd.DataFrame, inventory: Tables, *, side: Side) -> Sifted:
        """Judge the rows of the main table, as the system of a side does."""
        of = self.of_run(context, side)
        sieve = of.sieve if side == "source" else of.side.sieve
        if sieve is None:
            raise TypeError(f"{of.title} judges no rows")
        return sieve.sift(self.run(context, side), rows, inventory)

    def shape(self, context: Context, rows: pd.DataFrame, kinds: Kinds, desired: Tables, inventory: Tables) -> Shaped:
        """Return the desired tables as the target has such things."""
        shape = self.of_run(context, "target").side.shape
        return shape(self.run(context, "target"), rows, kinds, desired, inventory) if shape else Shaped(desired)

    def evidence(self, context: Context, desired: Tables, inventory: Tables) -> Evidence:
        """Say by what the sync matches."""
        side = self.of_run(context, "target").side
        if side.seen is not None:
            return side.seen(self.run(context, "target"), desired, inventory)
        return Evidence(inventory, side.waiting(self.sync().kinds, desired, inventory))

    def decided(self, context: Context) -> Sequence[Resolution]:
        """Say of which fields the target's value is nobody's choice."""
        decided = self.of_run(context, "target").side.decided
        return decided(self.run(context, "target")) if decided else ()

    def open(self, context: Context, sync: Sync, plan: Plan) -> CountingTarget:
        """Open what a plan is applied to."""
        opened = self.of_run(context, "target").side.open
        if opened is not None:
            return opened(self.run(context, "target"), plan)
        target: CountingTarget = sync.target_resource(context).target(sync.kinds, writable=True)
        return target

    def applied(self, context: Context, done: Done) -> Mapping[str, Any]:
        """Tell the target of what was applied, by the objects of the source's main table that it belongs to."""
        applied, source = self.of_run(context, "target").side.applied, self.of_run(context, "source")
        if applied is None:
            return {}
        record_of, sync = source.record_of or str, self.sync()
        links = sync.of(context).known_links(context.resources.ledger)
        objects: dict[str, list[tuple[Kind, str]]] = defaultdict(list)
        for name in sync.main_kinds:
            for record, target_id in zip(links[name]["source_key"], links[name]["target_id"], strict=True):
                objects[record].append((sync.kinds[name], target_id))
        of_object: dict[tuple[Kind, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in p.records(done.plan.writes):
            outcome = done.outcomes[row["seq"]]
            if outcome.outcome == APPLIED:
                stored = {name: each for name, each in p.decode(row["changes"]).items() if name not in outcome.unstored}
                for each in objects.get(record_of(row["source_key"] or ""), ()):
                    of_object[each].append({**row, "changes": p.encode(stored)})
        return applied(self.run(context, "target"), replace(done, of_object=of_object))

    def run(self, context: Context, side: Side) -> Run:
        """Return what a step of the system of a side is told."""
        sync = self.sync()
        connection = name_of(context) if sync.apart else ""

        def links_of(other: str, kinds: Kinds) -> Tables:
            ledger: Ledger = context.resources.ledger
            return ledger.links(f"{other}/{connection}" if connection else other, kinds, {})

        def addresses() -> pd.DataFrame:
            read = self.of_run(context, "target").side.addresses
            return read(self.resource(context, "target")).table if read else pd.DataFrame({"address": []}, dtype="str")

        return Run(
            connection,
            datetime.now(UTC),
            by_hand=run_tags.SENSOR not in context.run.tags,
            whole=not about(context, sync),
            resource=lambda: self.resource(context, side),
            links=lambda: sync.of(context).known_links(context.resources.ledger),
            links_of=links_of,
            addresses=addresses,
        )
