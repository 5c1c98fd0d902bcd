"""Referents: whether the objects that a plan refers to by their ids are still those that it, or this apply, knew.

A target that came back from a backup gives the ids of later objects to others: what refers to HP would become Canon's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.apply.standing import Known, is_known, made_at
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.target import Outcome

Lost = frozenset[tuple[str, str]]
"""Objects by kind and id that are gone, or stand for others by now."""


def lost_referents(
    rows: Sequence[Record],
    kinds: Kinds,
    known: Known,
    outcomes: Mapping[int, Outcome],
    read: Callable[[Kind, Sequence[str]], pd.DataFrame],
) -> Lost:
    """Return which of the objects that the rows refer to are not those any more that the plan saw or that `outcomes` made.

    Only the newest of each kind is read where that is as it was: a backup takes the later objects away. What has no known
    moment of its making is not judged.
    """
    made = _made(rows, outcomes)
    expected: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, target_id in {*_referents(rows), *made}:
        moment = made.get((kind, target_id)) or known.get(kind, {}).get(target_id)
        # Links may be left of kinds that are not mapped any more.
        if moment is not None and kind in kinds:
            expected[kind][target_id] = moment
    lost = ((kind, target_id) for kind, moments in expected.items() for target_id in _lost(kinds[kind], moments, read))
    return frozenset(lost)


def _lost(kind: Kind, moments: Mapping[str, str], read: Callable[[Kind, Sequence[str]], pd.DataFrame]) -> Iterator[str]:
    newest = max(moments, key=lambda target_id: moments[target_id])
    if not is_known(made_at(read(kind, [newest]), "id"), newest, moments[newest]):
        now = made_at(read(kind, list(moments)), "id")
        yield from (target_id for target_id, moment in moments.items() if not is_known(now, target_id, moment))


def _made(rows: Sequence[Record], outcomes: Mapping[int, Outcome]) -> dict[tuple[str, str], str | None]:
    """Return when objects were made that this plan has made so far."""
    ended = [(row["kind"], outcomes[row["seq"]]) for row in rows if row["op"] == p.CREATE and row["seq"] in outcomes]
    return {(kind, outcome.target_id): outcome.created for kind, outcome in ended if outcome.target_id is not None}


def _referents(rows: Sequence[Record]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for change in p.decode(row["changes"]).values():
            new = change["new"]
            for value in new if isinstance(new, list) else [new]:
                if isinstance(value, dict) and value["id"] is not None:
                    yield value["kind"], value["id"]
