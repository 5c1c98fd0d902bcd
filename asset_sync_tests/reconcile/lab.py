"""A lab: source rows, a target and a ledger in memory, and whole syncs of them, day after day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, Settling, apply, known_objects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Grace, Policy, Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.resolutions import NONE, Resolutions, first_seen
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import Outcome
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.memory import DAY, MemoryLedger, MemoryTarget
from asset_sync_tests.reconcile.worlds import KINDS, NOW, POLICY, Row, desired

AT_ONCE = Settling(total=0.0, every=0.0)
GRACE = Grace(runs=2, time=DAY)


@dataclass
class Lab:
    """`source` has the source's rows by kind; `run` is a whole sync, after which a day has passed.

    What is made in the target is made half a day before the day's sync, by its own clock.
    """

    kinds: Kinds = field(default_factory=lambda: KINDS)
    policy: Policy = field(default_factory=lambda: Policy(POLICY.owners, GRACE))
    source: dict[str, list[Row]] = field(default_factory=dict)
    resolutions: Resolutions = NONE
    at: datetime = NOW
    last: str | None = None
    name: str = "test"
    own_writes: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.target = MemoryTarget(self.kinds, size=100)
        self.ledger = MemoryLedger(self.kinds, owners=self.policy.owners)
        self.known: Known = {}

    def snapshot(self) -> Snapshot:
        """Return what a run sees now."""
        wanted = {name: desired(kind, *self.source.get(name, [])) for name, kind in self.kinds.items()}
        links = self.ledger.links()
        return Snapshot(wanted, self.target.tables(), links, resolutions=self.resolutions, own_writes=self.own_writes)

    def plan(self, mode: Mode = "normal") -> Plan:
        """Return the plan that a run makes now."""
        now = self.snapshot()
        self.known = known_objects(now.observed, now.links)
        matches = match_all(self.kinds, now.desired, now.observed, now.links, resolutions=now.resolutions)
        plan = make_plan(self.name, self.kinds, self.policy, now, matches, now=self.at, mode=mode, after=self.last)
        seen = {(each.kind, each.source_key): each for each in first_seen(self.resolutions, plan)}
        self.resolutions = Resolutions(seen.get((r.kind, r.source_key), r) if r.verb == "link" else r for r in self.resolutions)
        return plan

    def apply(self, plan: Plan, done: Mapping[int, Outcome] | None = None) -> dict[int, Outcome]:
        """Carry a plan out, going on from what was done of it, and remember what was done."""
        outcomes = apply(
            plan,
            self.kinds,
            self.target,
            done=done or {},
            known=self.known,
            intend=lambda _: None,
            record=lambda _: None,
            settling=AT_ONCE,
        )
        self.ledger.follow(plan, outcomes)
        self.last = plan.id
        return outcomes

    def run(self, mode: Mode = "normal") -> Plan:
        """Plan and apply."""
        plan = self.plan(mode)
        self.ledger.note_sighting(plan, self.at)
        outcomes = self.apply(plan)
        assert [each for each in outcomes.values() if each.outcome != "applied"] == []
        self.pass_day()
        return plan

    def pass_day(self) -> None:
        """Let a day pass, here and in the target."""
        self.at += DAY
        self.target.now += DAY

    def undo(self, plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Take a plan back."""
        return self.apply(inverse(plan, self.kinds, outcomes, after=self.last))

    def objects(self, kind: str = "asset", *names: str) -> dict[str, dict[str, Any]]:
        """Return the target's objects of a kind by id, with what is filled of those fields (of all, where none is named)."""
        own = {"id", "key", "version", "created", "locked"}
        return {
            target_id: {n: v for n, v in row.items() if v is not None and (n in names if names else n not in own)}
            for target_id, row in self.target.objects.get(kind, {}).items()
        }


def ops(plan: Plan) -> list[tuple[str, str | None, dict[str, Any], str | None]]:
    """Return the operations as op, source key, (old, new) by field, and hold."""
    return [
        (
            row["op"],
            row["source_key"],
            {name: (change.get("old"), change["new"]) for name, change in p.decode(row["changes"]).items()},
            row["hold"],
        )
        for row in p.records(plan.operations)
    ]


def held(plan: Plan) -> dict[str | None, str]:
    """Return why rows are held, by source key."""
    return {row["source_key"]: row["hold"] for row in p.records(plan.held)}
