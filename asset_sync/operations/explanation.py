"""An explanation: what is known of one record, from the row of its source to what became of it in the target.

It is what `asset-sync explain`, `GET /records/…` and the review page show. Times are in UTC. What is no longer kept is in no
part of it, and `gaps` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from asset_sync.ledger.records import KnownLink
from asset_sync.reconcile.explaining import FieldMerge, Identity
from asset_sync.reconcile.resolutions import ended

State = Literal[
    "created",
    "updated",
    "retired",
    "restored",
    "unchanged",
    "held",
    "conflict",
    "ignored",
    "waiting",
    "failed",
    "missing",
    "left_out",
    "gone",
]
"""What the last look made of a record.

created, updated, retired, restored: it was written so. unchanged: there was nothing to write. held: it waits for a decision or
more evidence; conflict: so does a field that both sides changed. ignored: somebody decided to leave it alone. waiting: the plan
that writes it is not applied (yet). failed: the target did not take it, or a person was faster. missing: the source does not
tell of it any more, and nothing is done yet. left_out: a filter, or the mapping, makes nothing of its row. gone: neither side
tells of it any more."""


@dataclass(frozen=True, slots=True)
class FilterTold:
    """One condition of the YAML on the rows of a source's table: in words, what the row has there, and whether it holds."""

    table: str
    condition: str
    value: str | None
    holds: bool


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The row of the source that a record is made of, as the last look read it: by column, as text, without empty ones.

    `left_out` says what made nothing of it, where so: a filter, a step, or what the row lacks.
    """

    table: str
    values: Mapping[str, str]
    filters: tuple[FilterTold, ...]
    left_out: str | None


@dataclass(frozen=True, slots=True)
class MappedField:
    """What the source says of a field (as plans have it), how that is made (`told`), and the columns it is made from.

    `rule` is the rule of the field that fits the row, `guess` whether it is but a guess.
    """

    field: str
    value: Any
    told: str
    columns: Mapping[str, str | None]
    rule: str | None
    guess: bool


@dataclass(frozen=True, slots=True)
class OperationTold:
    """An operation on the record, and what became of it.

    `outcome` is applied, already, conflict, failed, skipped or deferred, with the target's words in `detail`; of one that was
    not carried out, `waits` says why.
    """

    op: str
    changes: Mapping[str, Mapping[str, Any]]
    reason: str | None
    hold: str | None
    outcome: str | None
    detail: str | None
    ended_at: datetime | None
    run_id: str | None
    waits: str | None


@dataclass(frozen=True, slots=True)
class PlanTold:
    """A plan that touched the record; `approved_by` are the people whose approval counts."""

    plan_id: str
    sync: str
    mode: str
    state: str
    undoes: str | None
    made_at: datetime
    run_id: str
    approved_by: tuple[str, ...]
    operations: tuple[OperationTold, ...]


@dataclass(frozen=True, slots=True)
class LookTold:
    """The last look of the sync at both sides, by which all is told that may change. `complete` says whether it saw all.

    `part_of` is the plan that was made then, where a person approved a part of it, which came in its place.
    """

    plan_id: str
    run_id: str
    at: datetime
    mode: str
    state: str
    complete: bool
    part_of: str | None


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """What a person decided about the record, by its number; taken back, or replaced by another one, it counts no more."""

    number: int | None
    verb: str
    target_id: str | None
    field: str | None
    until_changed: bool
    by: str
    at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None
    replaced_by: int | None

    @property
    def end(self) -> str | None:
        """How it came not to count any more; None as long as it counts."""
        return ended(self.taken_back_by, self.replaced_by)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One record of a sync, explained. `others` are the other kinds that the same record makes; `more` plans touched it.

    `target_page` and `source_page` are where a person looks at its object and its row, where that is known.
    """

    sync: str
    link_set: str
    kind: str
    source_key: str
    key: str | None
    target_id: str | None
    target_page: str | None
    source_page: str | None
    state: State
    others: tuple[str, ...]
    look: LookTold
    source: SourceRow | None
    fields: tuple[MappedField, ...]
    identity: Identity | None
    link: KnownLink | None
    merge: tuple[FieldMerge, ...]
    operations: tuple[OperationTold, ...]
    decisions: tuple[DecisionTold, ...]
    plans: tuple[PlanTold, ...]
    more: bool
    gaps: tuple[str, ...]
