"""A lab whose ledger is the real one: whole syncs of source rows into a target in memory, day after day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.operations.definitions import declared
from asset_sync.reconcile.kinds import Kinds, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.planning.making_way import parted_fields
from asset_sync.reconcile.resolutions import Resolution, Verb
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.reconcile.lab import GRACE, Lab
from asset_sync_tests.reconcile.memory import DAY
from asset_sync_tests.reconcile.worlds import ASSET, MAKER, MODEL, OWNERS

MACHINES: Kinds = in_order([MAKER, MODEL, ASSET])
"""What most decisions are about: each kind more costs every run of every day."""
Owners = Mapping[str, Mapping[str, Ownership]]
CLEARING: Owners = {**OWNERS, "asset": {**OWNERS["asset"], "room": Ownership("shared", clears=True)}}
"""The source may empty a room."""


class LedgerLab(Lab):
    """What the runs remember is what a sync asks the ledger for, as the staircase does.

    `link_set` names links that are of a connection, or shared with another sync.
    """

    def __init__(
        self, engine: Engine, name: str = "test", kinds: Kinds = MACHINES, owners: Owners = CLEARING, link_set: str = ""
    ) -> None:
        super().__init__(kinds, policy=Policy(owners, GRACE), name=name)
        self.real = Ledger(engine)
        self.sync = replace(declared("pdq_to_netbox"), name=name, link_set=link_set or name, kinds=kinds, policy=self.policy)
        self.real.note_destinations(self.sync.destinations)
        self.runs = 0

    def beside(self, name: str, link_set: str) -> "LedgerLab":
        """Return the lab of another sync, or connection, into the same target."""
        other = LedgerLab(self.real._engine, name, self.kinds, self.policy.owners, link_set)
        other.target, other.known = self.target, self.known
        return other

    def decide(self, verb: Verb, key: str, **more: Any) -> int:
        """Let a person decide about a record of an asset; return the decision's number."""
        at = self.at.replace(tzinfo=UTC)
        return self.real.resolve(self.sync.link_set, Resolution("asset", key, verb, "anna", at, **more))

    def snapshot(self) -> Snapshot:
        """Return what a run sees now."""
        resolutions = self.real.resolutions(self.sync.link_set)
        also = parted_fields(self.kinds, self.policy, self.sync.known_links(self.real), resolutions)
        return replace(
            super().snapshot(),
            links=self.sync.known_links(self.real, also),
            resolutions=resolutions,
            elsewhere=self.sync.elsewhere(self.real),
        )

    def plan(self, mode: Mode = "normal") -> Plan:
        """Return the plan that a run makes now."""
        self.real.forget_over(self.sync.link_set, self.at)
        self.last = self.real.last_applied(self.sync.link_set)
        return replace(super().plan(mode), link_set=self.sync.link_set)

    def apply(self, plan: Plan, done: Mapping[int, Outcome] | None = None) -> dict[int, Outcome]:
        """Carry a plan out as a run does, and remember what was done; a day passes."""
        self.runs += 1
        run_id = f"run {self.runs} of {self.sync.name}"
        self.real.save(plan, run_id, self.at)
        self.real.save_guards(plan.id, [])
        assert self.real.waits(plan.id) is None
        self.real.start(plan.id, run_id, self.at)
        self.real.note_sighting(plan, run_id, self.at)
        outcomes = super().apply(plan, done)
        self.real.record(plan, list(outcomes.values()), run_id, self.at)
        self.real.finish(plan.id, self.at)
        self.last = self.real.last_applied(self.sync.link_set)
        self.at += DAY
        return outcomes

    def run(self, mode: Mode = "normal") -> Plan:
        """Plan and apply."""
        plan = self.plan(mode)
        assert {each.outcome for each in self.apply(plan).values()} <= {"applied"}
        return plan
