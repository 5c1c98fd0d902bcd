"""Review rules: which operations of a plan go through by themselves, and which wait for a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.review.choice import Choice, Row, fields_of, rows_of
from asset_sync.reconcile.review.parting import Left, part
from asset_sync.reconcile.review.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the operations that are chosen, and in what numbers it is so.

    `above`, `up_to`: only where they are of more, or of no more, than this share of the kind's objects (see `_sizes`); of 1.
    """

    choice: Choice
    then: Literal["apply", "wait"]
    above: float | None = None
    up_to: float | None = None


def apply_rules(plan: Plan, kinds: Kinds, snapshot: Snapshot, rules: Sequence[Rule]) -> Plan:
    """Return a plan in which is held what a rule says waits, and what cannot go without that.

    Of each field of each operation the first rule decides that chooses it. What none chooses goes through.
    """
    if not any(rule.then == "wait" for rule in rules):
        return plan
    return part(plan, kinds, snapshot.observed, _waiting(plan, kinds, snapshot, rules))


def _waiting(plan: Plan, kinds: Kinds, snapshot: Snapshot, rules: Sequence[Rule]) -> Left:
    undecided = {row["seq"]: (row, fields_of(row)) for row in rows_of(plan)}
    names, sizes = Surroundings(plan, kinds, snapshot.observed).names, _sizes(kinds, snapshot)
    waiting: Left = {}
    for number, rule in enumerate(rules, start=1):
        chosen = [(row, rule.choice.of(row, names) & fields) for row, fields in undecided.values()]
        chosen = _in_number(rule, [each for each in chosen if each[1]], sizes)
        for row, fields in chosen:
            left = undecided[row["seq"]][1] - fields
            undecided[row["seq"]] = (row, left)
            if rule.then == "wait":
                waiting.setdefault(row["seq"], {}).update(dict.fromkeys(fields, f"{p.AWAITS_APPROVAL} by review rule {number}"))
    return waiting


_Chosen = list[tuple[Row, frozenset[str]]]


def _in_number(rule: Rule, chosen: _Chosen, sizes: Mapping[str, int]) -> _Chosen:
    """Return what is chosen of the kinds of which it is as many as the rule says."""
    if rule.above is None and rule.up_to is None:
        return chosen
    counts = Counter(row["kind"] for row, _ in chosen)
    shares = {kind: count / max(sizes[kind], 1) for kind, count in counts.items()}
    return [
        (row, fields)
        for row, fields in chosen
        if (rule.above is None or shares[row["kind"]] > rule.above)
        and (rule.up_to is None or shares[row["kind"]] <= rule.up_to)
    ]


def _sizes(kinds: Kinds, snapshot: Snapshot) -> dict[str, int]:
    """Return how many objects each kind has: of the records of the source and of the linked objects, whichever are more."""
    return {name: max(len(snapshot.desired[name]), len(snapshot.links.get(name, ()))) for name in kinds}
