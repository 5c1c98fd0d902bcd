"""The plan: an immutable list of operations with an id made from its content.

The same inputs give the same bytes and so the same id; the order of the rows that came in does not matter. What was
reviewed is what is applied, because whoever applies asks for the id.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import orjson
import pandas as pd

from asset_sync.reconcile.errors import PlanError

Mode = Literal["normal", "full", "review", "dry_run"]
"""normal: plan, apply. full: write all mapped fields of all matched objects. review: wait for approval. dry_run: only plan."""

CREATE: Final = "create"
UPDATE: Final = "update"
RETIRE: Final = "retire"
RESTORE: Final = "restore"
WRITES: Final = (UPDATE, RESTORE, CREATE, RETIRE)
"""The operations that write, in their order within a kind: a value is given up before it is taken."""
CLAIM: Final = "claim"
SEEN: Final = "seen"
QUARANTINE: Final = "quarantine"

OPERATION_COLUMNS: Final = ("kind", "op", "key", "source_key", "target_id", "version", "changes", "reason", "hold")
"""changes: canonical JSON, field → {old, new, owner, reason}; a reference is {"kind", "key", "id"}.
hold: why this row waits; missing where it may be carried out."""

Changes = dict[str, dict[str, Any]]
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sync would do, and what it holds back.

    `operations` has the columns of `OPERATION_COLUMNS` in the order of execution. `after` is the id of the plan that this
    sync applied last: it tells a plan from an equal one made before the target was changed back.
    `complete` says whether the source was, so that what it lacks counts as missing. `source_rows` by source name.
    """

    sync: str
    mode: Mode
    operations: pd.DataFrame
    after: str | None = None
    complete: bool = True
    source_rows: Mapping[str, int] = field(default_factory=dict)
    undoes: str | None = None

    @cached_property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the plan's canonical bytes."""
        digest = hashlib.sha256(orjson.dumps(self._header(), option=orjson.OPT_SORT_KEYS))
        columns = [
            self.operations[name].astype(object).where(self.operations[name].notna(), None) for name in OPERATION_COLUMNS
        ]
        for row in zip(*columns, strict=True):
            digest.update(orjson.dumps(row))
        return digest.hexdigest()[:16]

    @property
    def writes(self) -> pd.DataFrame:
        """The operations that write to the target when the plan is applied."""
        return self.operations[self.operations["op"].isin(WRITES) & self.operations["hold"].isna()]

    @property
    def held(self) -> pd.DataFrame:
        """The rows that wait for a person or for more evidence."""
        return self.operations[self.operations["hold"].notna()]

    @property
    def counts(self) -> dict[str, int]:
        """How many objects would be created, updated, retired and restored."""
        counted = self.writes["op"].value_counts()
        return {op: int(counted.get(op, 0)) for op in (CREATE, UPDATE, RETIRE, RESTORE)}

    def _header(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "sync": self.sync,
            "mode": self.mode,
            "after": self.after,
            "complete": self.complete,
            "undoes": self.undoes,
        }

    def verify(self, plan_id: str) -> None:
        """Raise `PlanError` unless the plan's content still gives that id."""
        if self.id != plan_id:
            raise PlanError(f"plan {plan_id} is damaged: its content gives {self.id}; make a new plan")


def encode(changes: Changes) -> str:
    """Return changes as canonical JSON."""
    return orjson.dumps(changes, option=orjson.OPT_SORT_KEYS).decode()


def decode(changes: str) -> Changes:
    """Return changes from their JSON."""
    return dict(orjson.loads(changes))


def operations_table(rows: list[tuple[str | None, ...]]) -> pd.DataFrame:
    """Return operations, each a tuple in the order of `OPERATION_COLUMNS`, as a plan's table."""
    frame = pd.DataFrame(rows, columns=list(OPERATION_COLUMNS), dtype=object)
    return frame.astype(dict.fromkeys(OPERATION_COLUMNS, "str"))


def records(operations: pd.DataFrame) -> list[dict[str, Any]]:
    """Return operations as dicts, with their row number in the plan as `seq` and None where a value is missing."""
    columns = [operations[name].astype(object).where(operations[name].notna(), None).tolist() for name in OPERATION_COLUMNS]
    rows = zip(operations.index.tolist(), *columns, strict=True)
    return [dict(zip(("seq", *OPERATION_COLUMNS), row, strict=True)) for row in rows]
