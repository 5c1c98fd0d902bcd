"""The lab: carries the days of a history out, with what goes wrong, and tells the oracle what was seen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from asset_sync.reconcile import guards
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, apply, recovered
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import APPLIED, Outcome, Write, Written
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.histories.evidence import Moment, ids_of
from asset_sync_tests.reconcile.histories.hands import Hands
from asset_sync_tests.reconcile.histories.kinds import OWNERS, POLICY, kinds_of
from asset_sync_tests.reconcile.histories.oracle import Oracle
from asset_sync_tests.reconcile.histories.people import Desk
from asset_sync_tests.reconcile.histories.record import HistoryFault, Run, Wanted
from asset_sync_tests.reconcile.histories.script import SOURCE_VERBS, Day, Event, History
from asset_sync_tests.reconcile.histories.source import Company, rows
from asset_sync_tests.reconcile.lab import AT_ONCE, Lab
from asset_sync_tests.reconcile.memory import DAY, Killed, LinkRows, MemoryLedger, MemoryTarget
from asset_sync_tests.reconcile.store import Backup

_BATCH = 5


@dataclass
class WatchedTarget(MemoryTarget):
    """A target that notes for which key each object was made."""

    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def _create(self, kind: Kind, writes: Sequence[Write]) -> dict[int, Written]:
        stored = super()._create(kind, writes)
        keys = {write.seq: write.key for write in writes}
        self.made |= {(kind.name, written.target_id): keys[seq] for seq, written in stored.items()}
        return stored


@dataclass(frozen=True)
class Saved:
    """A backup of the target, with what is known of whose hand is in it, and one of the ledger of the same day."""

    target: Backup
    hands: Hands
    links: LinkRows
    decided: dict[str, Resolution]


class HistoryLab(Lab):
    """The companies of a history, the target and the ledger that they share, and the oracle that watches."""

    target: WatchedTarget

    def __init__(self, history: History) -> None:
        super().__init__(kinds_of(history.flavour), POLICY)
        self.target = WatchedTarget(self.kinds, size=_BATCH)
        self.ledger = MemoryLedger(self.kinds, owners=OWNERS)
        self.companies = [Company(number) for number in range(history.companies)]
        self.oracle = Oracle(self.kinds, OWNERS)
        self.done: Run | None = None
        self.begun: Run | None = None
        """The last run that wrote, until the next one looks."""
        self.seen: Counter[str] = Counter()
        """What really happened, so that nobody takes a history for one of people and faults in which nothing came of them."""
        self.saved: list[Saved] = []
        self.decided: dict[str, Resolution] = {}
        """What an undo decided, by the key of its record: what it put back into service stays so."""

    def live(self, day: Day) -> None:
        """Let a day pass: events, a disaster perhaps, and a run with its faults."""
        self.happen(day, meanwhile=False)
        if day.disaster is not None:
            self.seen[day.disaster] += 1
            _DISASTERS[day.disaster](self, day)
        self.saved.append(Saved(self.target.backup(), self.oracle.hands.copy(), self.ledger.backup(), dict(self.decided)))
        self.sync(day)

    def moment(self) -> Moment:
        """Return the target's objects as they are now."""
        return Moment(self.target.objects)

    # Events.

    def happen(self, day: Day, *, meanwhile: bool) -> None:
        """Let what happens before a run, or between its plan and its apply, happen in each company."""
        for company, events in zip(self.companies, day.events, strict=True):
            for event in events:
                if event.meanwhile == meanwhile:
                    self._do(company, event)
        self.source = rows(self.companies)

    def _do(self, company: Company, event: Event) -> None:
        if event.is_of_source:
            was = deepcopy(company)
            SOURCE_VERBS[event.verb](company, *event.numbers)
            self.seen[event.verb] += company != was
            return
        before = self.moment()
        desk = Desk(self.target, company, lambda kind: ids_of(self.kinds, self.target.objects, company.number, kind))
        desk.do(event.verb, *event.numbers)
        after = self.moment()
        self.seen[event.verb] += before.rows != after.rows
        self.oracle.hands.people_did(before, after)

    # Runs.

    def sync(self, day: Day) -> Run | None:
        """Plan and apply; None where a guard stops the run, and the target is taken as it stands instead."""
        run = self.planned()
        if self._is_rolled_back(run.plan):
            self.rebase()
            if self._is_rolled_back(self.plan()):
                raise HistoryFault("the guard against a rolled back target stops every run, also after the rebase it asks for")
            return None
        self.happen(day, meanwhile=True)
        self.ledger.note_sighting(run.plan, self.at)
        self._lapse(run.plan)
        run.whole = self._carry_out(run, day)
        self.ledger.follow(run.plan, run.outcomes)
        self._judge(run)
        return run

    def planned(self, mode: Mode = "normal") -> Run:
        """Return a run that has a plan, and nothing else yet."""
        self._recover(self.target.tables())
        links = self.ledger.backup()
        return Run(self.plan(mode), self.at, _by_key(self.source), links, self.moment(), links)

    def _recover(self, observed: Tables) -> None:
        """What an apply had sent that nobody goes on with is remembered where the target has it."""
        if self.begun is not None:
            run, self.begun = self.begun, None
            sent, known = run.intended - run.outcomes.keys(), self._known(run)
            found = recovered(run.plan, self.kinds, observed, done=run.outcomes, known=known, intended=sent)
            self.ledger.follow(run.plan, found, run.outcomes)

    def rebase(self) -> None:
        """Take the target as it stands for what was applied last, as a person decides."""
        self.seen["rebase"] += 1
        run = self.planned("rebase")
        self.ledger.note_sighting(run.plan, self.at)
        run.links_after = self.ledger.backup()
        self.oracle.judge_rebase(run)

    def _is_rolled_back(self, plan: Plan) -> bool:
        return not guards.rolled_back(plan, self.kinds, self.snapshot()).passed

    def _carry_out(self, run: Run, day: Day) -> bool:
        """Apply a plan, again where it is killed or broken off, unless it is abandoned; return whether all went well."""
        first = self.target.requests
        faults = dict(enumerate(day.faults, first))

        def fault(number: int) -> str:
            self.seen[faults.get(number, "fine")] += 1
            return faults.get(number, "fine")

        self.target.faults = fault
        self.target.made.clear()
        for _ in range(len(day.faults) + 1):
            if self._attempt(run) or day.abandoned:
                break
        self.last, self.begun = run.plan.id, run
        whole = not any(fault != "fine" for number, fault in faults.items() if number < self.target.requests)
        self.target.faults = lambda _: "fine"
        return whole

    def _attempt(self, run: Run) -> bool:
        before = self.moment()
        try:
            self._apply(run)
        except (TargetError, Killed):
            return False
        finally:
            run.attempts.append((before, self.moment()))
        return True

    def _apply(self, run: Run) -> None:
        def record(ended: Sequence[Outcome]) -> None:
            run.outcomes.update({outcome.seq: outcome for outcome in ended})

        apply(
            run.plan,
            self.kinds,
            self.target,
            done=dict(run.outcomes),
            known=self._known(run),
            intended=run.intended - run.outcomes.keys(),
            intend=run.intended.update,
            record=record,
            workers=1,
            settling=AT_ONCE,
        )

    def _known(self, run: Run) -> Known:
        """Return what the plan saw and what is linked."""
        known: dict[str, dict[str, str | None]] = {name: {} for name in self.kinds}
        for (kind, _), link in self.ledger.rows.items():
            known[kind][link["target_id"]] = link.get("created")
        for thing in run.planned.rows:
            known[thing.kind][thing.id] = thing.created
        return known

    def _judge(self, run: Run) -> None:
        self.seen.update(row["op"] + (" held" if row["hold"] else "") for row in p.records(run.plan.operations))
        self.seen.update(f"outcome {outcome.outcome}" for outcome in run.outcomes.values())
        run.links_after = self.ledger.backup()
        run.made = {(kind, i): self._source_key(run, kind, key) for (kind, i), key in self.target.made.items()}
        self.oracle.judge(run)
        self.done = run
        self.at += DAY

    def _source_key(self, run: Run, kind: str, key: str) -> str:
        return run.keys(kind)[key]

    # Disasters.

    def undo_last(self, _day: Day) -> None:
        """Take back what the last run did; not where an apply was left off, of which nobody has looked what is stored."""
        if self.done is None or (self.begun is not None and self.begun.intended - self.begun.outcomes.keys()):
            return
        plan = inverse(self.done.plan, self.kinds, self.done.outcomes, after=self.last)
        if plan.writes.empty:
            return
        links = self.ledger.backup()
        run = Run(plan, self.at, {}, links, self.moment(), links)
        self._carry_out(run, Day(()))
        self.ledger.follow(plan, run.outcomes)
        self._decide(plan, run.outcomes)
        self.oracle.judge_undo(run)
        self.done = None

    def _decide(self, plan: Plan, outcomes: Mapping[int, Outcome]) -> None:
        """An undo is a decision, which the ledger keeps: what it put back stays, what it retires is no more kept."""
        done = [row for row in p.records(plan.writes) if row["seq"] in outcomes and outcomes[row["seq"]].outcome == APPLIED]
        for row in done:
            key = str(row["source_key"])
            if row["op"] == p.RESTORE:
                self.decided[key] = Resolution("asset", key, "keep_target", "undo", self.at, field="status")
            elif row["op"] == p.RETIRE:
                self.decided.pop(key, None)
        self.resolutions = Resolutions(self.decided.values())

    def _lapse(self, plan: Plan) -> None:
        for row in p.records(plan.operations):
            if row["op"] == p.SEEN:
                self.decided.pop(row["source_key"], None)
        self.resolutions = Resolutions(self.decided.values())

    def restore_target(self, day: Day) -> None:
        """The target comes back from a backup of some days ago, and people go on working in it."""
        if self.saved:
            saved, lost = self.saved[-1 - len(day.faults) % len(self.saved)], self.moment()
            self.target.restore(saved.target)
            self.oracle.hands, restored = saved.hands.copy(), self.moment()
            self.done = None
            self.happen(_of_people(day), meanwhile=False)
            self.oracle.hands.came_back(lost, restored, self.moment())

    def lose_ledger(self, day: Day) -> None:
        """The ledger is lost; somebody may take the target as it stands for what was applied last."""
        self.ledger.lose()
        self.begun = None
        self.decided.clear()
        self.oracle.hands.undone.clear()
        self.oracle.hands.doubt(self.moment())
        self.oracle.absent.clear()
        self.done = None
        if day.rebased:
            self.rebase()

    def restore_ledger(self, day: Day) -> None:
        """The ledger comes back from a backup of some days ago."""
        if self.saved:
            saved = self.saved[-1 - len(day.faults) % len(self.saved)]
            self.ledger.restore(saved.links)
            self.begun = None
            self.decided = dict(saved.decided)
            self.oracle.hands.undone.clear()
            self.oracle.hands.doubt(self.moment())
            self.oracle.trusts_ledger = False
            self.done = None


_DISASTERS: Mapping[str, Any] = {
    "undo": HistoryLab.undo_last,
    "restore_target": HistoryLab.restore_target,
    "lose_ledger": HistoryLab.lose_ledger,
    "restore_ledger": HistoryLab.restore_ledger,
}


def _of_people(day: Day) -> Day:
    """Return what people do once more: with other objects there, it falls out otherwise."""
    return Day(tuple(tuple(event for event in events if not event.is_of_source) for events in day.events))


def _by_key(source: Mapping[str, Sequence[Mapping[str, Any]]]) -> Wanted:
    return {kind: {str(row["source_key"]): deepcopy(row) for row in found} for kind, found in source.items()}
