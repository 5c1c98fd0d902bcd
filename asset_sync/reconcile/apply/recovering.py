"""Recovering: what an interrupted apply had sent and nobody heard of again, told from a look at the target.

Whoever does not go on with that plan makes a new one: what it finds then of the first one's doing is this sync's own, and no
person's. Nothing is written, and nothing is waited for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.about import other_objects
from asset_sync.reconcile.apply.groups import fits, groups
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.apply.preparing import DONE, Preparer
from asset_sync.reconcile.apply.referents import lost_referents
from asset_sync.reconcile.apply.standing import Known, OwnObjects, Standing, own_objects
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import Tables, by_id
from asset_sync.reconcile.target import APPLIED, Outcome


def recovered(
    plan: Plan, kinds: Kinds, observed: Tables, *, done: Mapping[int, Outcome], known: Known | None, intended: Collection[int]
) -> dict[int, Outcome]:
    """Return, by row number, the outcomes of operations that were sent and are carried out by what the target says.

    `done` and `intended` are as in `apply`, and so is `known`; None where it is not kept: then nothing tells what was created.
    A plan of another mapping tells nothing.
    """
    rows = p.records(plan.writes)
    if not intended or not fits(plan.id, rows, kinds):
        return {}
    outcomes = {seq: outcome for seq, outcome in done.items() if outcome.outcome in DONE}
    own = None if known is None else own_objects(known, rows, outcomes)
    standing = dict(outcomes)
    lost = lost_referents(rows, kinds, known or {}, outcomes, lambda kind, _: observed[kind.name])
    preparer = Preparer(rows, kinds, standing, intended, lost)
    found: dict[int, Outcome] = {}
    for group in groups(rows):
        kind = kinds[group[0]["kind"]]
        sent = [row for row in group if row["seq"] in intended and row["seq"] not in outcomes]
        ready, _ = preparer.prepare(kind, sent)
        told = _made(kind, ready, observed, own) if group[0]["op"] == p.CREATE else _changed(kind, ready, observed)
        ended = {outcome.seq: preparer.completed(outcome) for outcome in told if outcome.outcome == APPLIED}
        standing |= ended
        found |= ended
    return found


def _made(kind: Kind, sent: Sequence[Operation], observed: Tables, own: OwnObjects | None) -> Iterator[Outcome]:
    if sent and own is not None:
        yield from Standing(kind, own.strangers(kind.name, observed[kind.name]), own).judge(sent)


def _changed(kind: Kind, sent: Sequence[Operation], observed: Tables) -> Iterator[Outcome]:
    there = observed[kind.name]
    now = by_id(there[there["id"].isin([operation.write.target_id for operation in sent])]) if sent else {}
    strange = other_objects(kind, sent, there)
    for operation in sent:
        write, row = operation.write, now.get(str(operation.write.target_id))
        if row and write.seq not in strange and all(row[name] == new for name, new in write.values.items()):
            yield Outcome(write.seq, operation.found_done, None, write.target_id, row["version"], row["created"])
