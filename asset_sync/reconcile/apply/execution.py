"""Execution: a plan's rows, group by group, each group in batches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from threading import Lock

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.counting import apart_from_moving, by_count
from asset_sync.reconcile.apply.creating import Creator
from asset_sync.reconcile.apply.crew import Crew, in_batches, in_even_batches
from asset_sync.reconcile.apply.groups import check_mapped, check_once, groups
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.apply.preparing import DONE, Preparer
from asset_sync.reconcile.apply.referents import lost_referents
from asset_sync.reconcile.apply.settling import Settling, may_come_late
from asset_sync.reconcile.apply.standing import Known, own_objects, parted
from asset_sync.reconcile.apply.updating import Updater
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome, Target

Intend = Callable[[Sequence[int]], None]


def apply(
    plan: Plan,
    kinds: Kinds,
    target: Target,
    *,
    done: Mapping[int, Outcome],
    known: Known,
    intended: Collection[int] = (),
    intend: Intend,
    record: Callable[[Sequence[Outcome]], None],
    workers: int = 4,
    settling: Settling | None = None,
) -> dict[int, Outcome]:
    """Carry out what the plan writes; return every operation's outcome by its row number in the plan.

    `known` are the objects that the plan saw and those that are linked (see `known_objects`): none of them is taken for one
    that the plan was to make, and nothing is made to refer to one that is another object by now. `intend` is called with the
    row numbers of a batch before it is sent, by one worker at a time; `record` is called from this thread as batches end.
    Both must have kept what they were given when they return: so a killed apply can be started again.

    `done` holds the outcomes of an earlier, interrupted apply of the same plan: what is done is not repeated. `intended` are
    the row numbers whose intent was kept and that had no outcome since: what of them is found done counts as applied, while
    what was never sent and is so all the same is `already`. Raises `PlanError` for a plan that these kinds do not fit, before
    anything is written, and `TargetError` where the target cannot be reached or refuses
    the whole of it; what ended before is recorded.
    """
    rows = p.records(plan.writes)
    check_mapped(plan.id, rows, kinds, "make a new plan")
    check_once(plan.id, rows, kinds)
    outcomes = {seq: outcome for seq, outcome in done.items() if outcome.outcome in DONE}
    own = own_objects(known, rows, outcomes)
    told = (target, f"asset_sync {plan.sync}, plan {plan.id}", settling or Settling())
    creator = Creator(*told, own, intend := _by_turns(intend))
    updater = Updater(*told, intend)
    unsure = {*intended, *(seq for seq, outcome in done.items() if may_come_late(outcome))}
    preparer = Preparer(rows, kinds, outcomes, unsure, lost_referents(rows, kinds, known, outcomes, target.read))
    crew = Crew(workers, outcomes, record, preparer.completed)
    for group in groups(rows):
        kind = kinds[group[0]["kind"]]
        ready, skipped = preparer.prepare(kind, [row for row in group if row["seq"] not in outcomes])
        crew.keep(skipped)
        if group[0]["op"] == p.CREATE:
            _create(crew, creator, kind, ready, target.batch_size(kind))
        else:
            _update(crew, updater, kind, ready, target.batch_size(kind))
    return outcomes


def _create(crew: Crew, creator: Creator, kind: Kind, ready: Sequence[Operation], size: int) -> None:
    """Create objects of a kind: first finding those that were stored before, last and one by one those that look alike."""
    if unsure := [operation for operation in ready if operation.unsure]:
        crew.work(partial(creator.recover, kind), [unsure])
        ready = [operation for operation in ready if operation.write.seq not in crew.outcomes]
    apart, alike = parted(kind, ready) if len(ready) > size else (ready, [])
    crew.work(partial(creator.create, kind), in_even_batches(by_count(kind, apart), size, crew.workers))
    crew.work(partial(creator.create, kind), in_batches(alike, size), workers=1)


def _update(crew: Crew, updater: Updater, kind: Kind, ready: Sequence[Operation], size: int) -> None:
    """Update objects of a kind: last, and by one worker, those that are counted elsewhere then."""
    staying, moving = apart_from_moving(kind, ready)
    crew.work(partial(updater.update, kind), in_even_batches(staying, size, crew.workers))
    crew.work(partial(updater.update, kind), in_batches(moving, size), workers=1)


def _by_turns(intend: Intend) -> Intend:
    lock = Lock()

    def by_turns(seqs: Sequence[int]) -> None:
        with lock:
            intend(seqs)

    return by_turns
