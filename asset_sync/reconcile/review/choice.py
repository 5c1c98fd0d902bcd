"""Choices: which operations of a plan, and which of their fields, are meant."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan

Row = dict[str, Any]
"""An operation as `asset_sync.reconcile.plan.records` has it, with its changes decoded."""
Names = Callable[[Row, str], Collection[str]]
"""Returns the names of what an operation's object refers to by a field: the site that it is in, the tags that it has."""
WHOLE: Final = ""
"""Stands for an operation that changes no field."""
BY_NAMES: Final = {"site": "site", "tag": "tags"}
"""What is chosen by what objects refer to, and the field that does."""


def rows_of(plan: Plan) -> list[Row]:
    """Return the operations of a plan that write."""
    return [{**row, "changes": p.decode(row["changes"])} for row in p.records(plan.writes)]


def fields_of(row: Row) -> frozenset[str]:
    """Return the fields that an operation changes."""
    return frozenset(row["changes"] or {WHOLE})


@dataclass(frozen=True, slots=True)
class Choice:
    """Operations of which all holds that is said here; what is left empty says nothing.

    `rows` are row numbers, `kinds` and `ops` names, `fields` those of updates. `keys`, `tags`, `sites` are patterns (* and ?;
    case tells nothing) of the object's key, of a tag that it has or gets, of the site that it is in or comes to.
    """

    rows: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    ops: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    keys: Sequence[str] = ()
    tags: Sequence[str] = ()
    sites: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the choice in the words of the command line."""
        named = {"row": self.rows, "kind": self.kinds, "op": self.ops, "field": self.fields, "key": self.keys}
        return ",".join(f"{name}={value}" for name, values in named.items() for value in sorted(map(str, values)))

    def of(self, row: Row, names: Names) -> frozenset[str]:
        """Return the fields of an operation that are meant: all, some of an update, or none."""
        plain = (self.rows, row["seq"]), (self.kinds, row["kind"]), (self.ops, row["op"])
        if any(said and value not in said for said, value in plain):
            return frozenset()
        if self.keys and not _fits(self.keys, [row["key"] or ""]):
            return frozenset()
        named = (self.tags, BY_NAMES["tag"]), (self.sites, BY_NAMES["site"])
        if any(said and not _fits(said, names(row, field)) for said, field in named):
            return frozenset()
        if not self.fields:
            return fields_of(row)
        return fields_of(row) & self.fields if row["op"] == p.UPDATE else frozenset()


def _fits(patterns: Sequence[str], values: Collection[str]) -> bool:
    return any(fnmatchcase(value.casefold(), pattern.casefold()) for value in values for pattern in patterns)
