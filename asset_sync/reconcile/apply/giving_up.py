"""Giving up: what a new object is to be told apart by, and another object has until a change of the same plan is made.

No target refuses a serial that is there twice on two models: where the change was not made, the new object would be a twin.
"""

from collections.abc import Iterable, Mapping

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.kinds import Kind, Kinds

Givers = Mapping[tuple[str, str, str], int]
"""The row that gives a value up, by kind, field and what of the value tells."""


def givers(rows: Iterable[Record], kinds: Kinds) -> Givers:
    """Return the rows by which objects give up values that tell them from others."""
    alone = {name: _telling_alone(kind) for name, kind in kinds.items()}
    found: dict[tuple[str, str, str], int] = {}
    for row in rows:
        # Most changes are of other fields: they need not be decoded for that.
        names = [name for name in alone[row["kind"]] if f'"{name}":' in row["changes"]] if row["op"] != p.CREATE else []
        changes = p.decode(row["changes"]) if names else {}
        olds = {name: changes[name]["old"] for name in names if name in changes}
        found |= {(row["kind"], name, _told(old)): row["seq"] for name, old in olds.items() if old is not None}
    return found


def awaited(found: Givers, kind: Kind, row: Record, changes: p.Changes) -> Mapping[int, str]:
    """Return the rows before a create by which others give up what it is told apart by, each with what that is."""
    told = {name: changes[name]["new"] for name in _telling_alone(kind) if name in changes} if found else {}
    needed = {(kind.name, name, _told(new)): f"{name} {new!r}" for name, new in told.items() if new is not None}
    return {found[value]: words for value, words in needed.items() if found.get(value, row["seq"]) < row["seq"]}


def _telling_alone(kind: Kind) -> tuple[str, ...]:
    return tuple(rule.fields[0] for rule in kind.identity if rule.decisive and len(rule.fields) == 1)


def _told(value: object) -> str:
    return str(value).strip().casefold()
