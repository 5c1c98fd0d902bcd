"""Apply: a plan carried out exactly, one outcome an operation, and nothing done twice.

Batches go out by a few workers, kind after kind. A batch that the target refuses is split until the bad row stands alone. A
change whose old value is no longer the one that the plan saw is a conflict, not an overwrite. A batch of unknown fate (the
connection broke after it was sent) is settled by reading before it is tried again.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.identity import HELD, SAME, match_decisively
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Changes, Plan
from asset_sync.reconcile.tables import DTYPES, by_id
from asset_sync.reconcile.target import (
    ALREADY,
    APPLIED,
    CONFLICT,
    DEFERRED,
    FAILED,
    SKIPPED,
    Answer,
    Declined,
    Deferred,
    Outcome,
    OutcomeUnknown,
    Refused,
    Stale,
    Target,
    Write,
    Written,
)

_ATTEMPTS = 5
_Ended = tuple[list[Outcome], TargetError | None]


@dataclass(frozen=True, slots=True)
class Settling:
    """How a write of unknown fate is waited for: looks at the target, `every` seconds apart, for `total` seconds.

    A NetBox commits a batch up to 25 s after its client gave up (measured on 4.6.8), so the wait is longer than that.
    """

    total: float = 60.0
    every: float = 5.0


@dataclass(frozen=True, slots=True)
class _Try:
    """How many tries are left, what an object is that says the new values by then, and what is said when none is left."""

    left: int
    found: str
    given_up: tuple[str, str] = (CONFLICT, "somebody keeps changing the object")


@dataclass(frozen=True, slots=True)
class _Operation:
    """A write and the changes that it carries, old values and all."""

    write: Write
    changes: Changes


def apply(
    plan: Plan,
    kinds: Kinds,
    target: Target,
    *,
    done: Mapping[int, Outcome],
    record: Callable[[Sequence[Outcome]], None],
    workers: int = 4,
    settling: Settling | None = None,
) -> dict[int, Outcome]:
    """Carry out what the plan writes; return every operation's outcome by its row number in the plan.

    `done` holds the outcomes of an earlier, interrupted apply of the same plan: applied ones are not repeated. `record` is
    called from this thread as batches end, so that a killed apply can be started again. Raises `TargetError` where the
    target cannot be reached or refuses the whole of it; what ended before is recorded.
    """
    finished = {APPLIED, ALREADY}
    outcomes = {seq: outcome for seq, outcome in done.items() if outcome.outcome in finished}
    applier = _Applier(plan, kinds, target, outcomes, settling or Settling())
    for (kind_name, op, _), rows in groupby(p.records(plan.writes), key=lambda row: (row["kind"], row["op"], row["step"])):
        kind = kinds[kind_name]
        ready, skipped = applier.prepare(kind, [row for row in rows if row["seq"] not in outcomes])
        _keep(skipped, outcomes, record)
        act = applier.create if op == p.CREATE else applier.update
        size = target.batch_size(kind)
        batches = [ready[at : at + size] for at in range(0, len(ready), size)]
        with ThreadPoolExecutor(workers, thread_name_prefix="apply") as pool:
            _collect([pool.submit(_drained, act(kind, batch)) for batch in batches], outcomes, record)
    return outcomes


def _drained(ending: Iterable[Outcome]) -> _Ended:
    """Return what ended of a batch, and the error that broke it off: what was stored before that is not forgotten."""
    ended: list[Outcome] = []
    try:
        ended.extend(ending)
    except TargetError as error:
        return ended, error
    return ended, None


def _collect(
    running: Sequence[Future[_Ended]], outcomes: dict[int, Outcome], record: Callable[[Sequence[Outcome]], None]
) -> None:
    """Keep what ended. After an error no further batch is sent; it is raised when nothing is under way any more."""
    broken: BaseException | None = None
    for future in as_completed(running):
        if future.cancelled():
            continue
        error = future.exception()
        if error is None:
            ended, error = future.result()
            _keep(ended, outcomes, record)
        broken = broken or error
        if broken:
            for waiting in running:
                waiting.cancel()
    if broken:
        raise broken


def _keep(ended: Sequence[Outcome], outcomes: dict[int, Outcome], record: Callable[[Sequence[Outcome]], None]) -> None:
    if ended:
        record(ended)
        outcomes.update({outcome.seq: outcome for outcome in ended})


class _Applier:
    """The writes of one plan to one target. `outcomes` is read for what was created so far, never changed here."""

    def __init__(self, plan: Plan, kinds: Kinds, target: Target, outcomes: Mapping[int, Outcome], settling: Settling) -> None:
        self.kinds = kinds
        self.target = target
        self.outcomes = outcomes
        self.settling = settling
        self.message = f"asset_sync {plan.sync}, plan {plan.id}"
        self.creates = {(row["kind"], row["key"]): row["seq"] for row in p.records(plan.writes) if row["op"] == p.CREATE}

    def prepare(self, kind: Kind, rows: Iterable[dict[str, Any]]) -> tuple[list[_Operation], list[Outcome]]:
        """Resolve what the rows refer to; a row whose dependency was not created is skipped."""
        ready: list[_Operation] = []
        skipped: list[Outcome] = []
        for row in rows:
            changes = p.decode(row["changes"])
            try:
                values = {name: self._resolved(change["new"]) for name, change in changes.items()}
                target_id = row["target_id"] or (self._created(str(kind.facet_of), row["key"]) if kind.facet_of else None)
            except LookupError as missing:
                skipped.append(Outcome(row["seq"], SKIPPED, str(missing.args[0])))
                continue
            ready.append(_Operation(Write(row["seq"], row["key"], target_id, row["version"], values), changes))
        return ready, skipped

    def _resolved(self, new: object) -> object:
        if not isinstance(new, dict):
            return new
        return new["id"] if new["id"] is not None else self._created(new["kind"], new["key"])

    def _created(self, kind: str, key: str) -> str:
        outcome = self.outcomes.get(self.creates.get((kind, key), -1))
        if outcome is None or outcome.target_id is None:
            raise LookupError(f"needs {kind} {key!r}, which was not created")
        return outcome.target_id

    # Creating.

    def create(self, kind: Kind, operations: list[_Operation]) -> Iterator[Outcome]:
        """Create what is not there yet. What somebody made since the plan is a conflict, or done already if it is the same."""
        known, absent = self._there(kind, operations, ALREADY)
        yield from known
        yield from self._create(kind, absent)

    def _create(self, kind: Kind, operations: list[_Operation]) -> Iterator[Outcome]:
        if not operations:
            return
        try:
            stored = self.target.create(kind, [operation.write for operation in operations], self.message)
        except Refused as refusal:
            yield from self._split(kind, operations, refusal, self._create)
        except OutcomeUnknown as lost:
            yield from self._settle_creates(kind, operations, lost)
        else:
            yield from (_ended(operation.write, stored) for operation in operations)

    def _settle_creates(self, kind: Kind, operations: list[_Operation], lost: OutcomeUnknown) -> Iterator[Outcome]:
        absent = yield from self._found_creates(kind, operations)
        if not absent:
            return
        try:
            stored = self.target.create(kind, [operation.write for operation in absent], self.message)
        except Refused as refusal:
            late, absent = self._there(kind, absent, APPLIED)
            yield from late
            yield from self._split(kind, absent, refusal, self._create)
        except OutcomeUnknown:
            absent = yield from self._found_creates(kind, absent)
            yield from (Outcome(o.write.seq, FAILED, f"unknown, and not there since: {lost}") for o in absent)
        else:
            yield from (_ended(operation.write, stored) for operation in absent)

    def _found_creates(self, kind: Kind, operations: list[_Operation]) -> Generator[Outcome, None, list[_Operation]]:
        """Look for what may have been stored until the time of settling is over; return what was not."""
        for _ in self._looks():
            found, operations = self._there(kind, operations, APPLIED)
            yield from found
            if not operations:
                break
        return operations

    def _there(self, kind: Kind, operations: list[_Operation], outcome: str) -> tuple[list[Outcome], list[_Operation]]:
        """Tell which of the objects exist: with the same values (the outcome given), or others (conflict); and which do not."""
        if not operations:
            return [], []
        writes = [operation.write for operation in operations]
        found = self.target.find(kind, writes)
        verdicts = match_decisively(kind, _as_desired(kind, writes), found)
        free = by_id(found)
        every = dict(free)
        known: list[Outcome] = []
        absent: list[_Operation] = []
        for target_id in verdicts["target_id"].dropna():
            del free[target_id]
        columns = (verdicts["verdict"].tolist(), verdicts["target_id"].tolist(), verdicts["evidence"].tolist())
        for operation, verdict, target_id, evidence in zip(operations, *columns, strict=True):
            # A name alone may be another machine's, that the plan knew of: only an object that is all the same is this one.
            twin = next((i for i, row in free.items() if _is_like(operation, row)), None)
            if verdict == HELD:
                known.append(Outcome(operation.write.seq, CONFLICT, f"made by somebody since the plan: {evidence}"))
            elif verdict == SAME:
                known.append(_judged_create(operation, every[target_id], outcome))
            elif twin is not None:
                known.append(_judged_create(operation, free.pop(twin), outcome))
            else:
                absent.append(operation)
        return known, absent

    # Updating.

    def update(self, kind: Kind, operations: list[_Operation]) -> Iterator[Outcome]:
        """Write what the plan changes, where the old values are still those that the plan saw."""
        blind = [o for o in operations if o.write.version is None]
        sighted = [o for o in operations if o.write.version is not None]
        judged, writable = self._judge(kind, blind, ALREADY)
        yield from judged
        yield from self._update(kind, sighted + writable, _Try(_ATTEMPTS, ALREADY))

    def _update(self, kind: Kind, operations: list[_Operation], this: _Try) -> Iterator[Outcome]:
        if not operations:
            return
        if this.left == 0:
            yield from (Outcome(o.write.seq, *this.given_up) for o in operations)
            return
        try:
            stored = self.target.update(kind, [operation.write for operation in operations], self.message)
        except Stale:
            judged, writable = self._judge(kind, operations, this.found)
            yield from judged
            yield from self._update(kind, writable, replace(this, left=this.left - 1))
        except OutcomeUnknown as lost:
            writable = yield from self._found_updates(kind, operations)
            # What is found done from now on may be this very write, stored late.
            given_up = (FAILED, f"unknown, and not there since: {lost}")
            yield from self._update(kind, writable, _Try(this.left - 1, APPLIED, given_up))
        except Refused as refusal:
            yield from self._split(kind, operations, refusal, lambda k, part: self._update(k, part, this))
        else:
            yield from (_ended(operation.write, stored) for operation in operations)

    def _found_updates(self, kind: Kind, operations: list[_Operation]) -> Generator[Outcome, None, list[_Operation]]:
        """Look for what may have been stored until the time of settling is over; return what was not."""
        for _ in self._looks():
            judged, operations = self._judge(kind, operations, APPLIED)
            yield from judged
            if not operations:
                break
        return operations

    def _judge(self, kind: Kind, operations: list[_Operation], outcome: str) -> tuple[list[Outcome], list[_Operation]]:
        """Read the objects again: those that say the new values are done, those that say the old ones can be written."""
        if not operations:
            return [], []
        now = by_id(self.target.read(kind, [str(operation.write.target_id) for operation in operations]))
        judged: list[Outcome] = []
        writable: list[_Operation] = []
        for operation in operations:
            write, row = operation.write, now.get(str(operation.write.target_id))
            if row is None:
                judged.append(Outcome(write.seq, CONFLICT, f"{kind.name} #{write.target_id} is gone from the target"))
                continue
            conflict = _conflict(operation, row)
            if conflict:
                judged.append(Outcome(write.seq, CONFLICT, conflict))
            elif all(row[name] == new for name, new in write.values.items()):
                judged.append(Outcome(write.seq, outcome, None, write.target_id, row["version"]))
            else:
                writable.append(replace(operation, write=replace(write, version=row["version"])))
        return judged, writable

    # Both.

    def _split(
        self,
        kind: Kind,
        operations: list[_Operation],
        refusal: Refused,
        again: Callable[[Kind, list[_Operation]], Iterator[Outcome]],
    ) -> Iterator[Outcome]:
        """Part the bad rows from the good ones: by what the target said of each, else by halves."""
        sent = {operation.write.seq for operation in operations}
        bad = {seq: why for seq, why in refusal.rows.items() if seq in sent}
        if not bad and len(operations) == 1:
            bad = {operations[0].write.seq: str(refusal)}
        yield from (Outcome(seq, FAILED, why) for seq, why in bad.items())
        good = [operation for operation in operations if operation.write.seq not in bad]
        half = 0 if bad else len(good) // 2
        yield from again(kind, good[:half])
        yield from again(kind, good[half:])

    def _looks(self) -> Iterator[None]:
        """Wait, then let the caller look, again and again until the time of settling is over."""
        deadline = time.monotonic() + self.settling.total
        while True:
            time.sleep(self.settling.every)
            yield
            if time.monotonic() >= deadline:
                return


def _ended(write: Write, answers: Mapping[int, Answer]) -> Outcome:
    match answers.get(write.seq):
        case None:
            return Outcome(write.seq, CONFLICT, "gone from the target since the plan")
        case Declined(reason):
            return Outcome(write.seq, FAILED, reason)
        case Deferred(detail):
            return Outcome(write.seq, DEFERRED, detail)
        case Written(target_id, version):
            return Outcome(write.seq, APPLIED, None, target_id, version)


def _is_like(operation: _Operation, row: Mapping[str, Any]) -> bool:
    return all(row[name] == new for name, new in operation.write.values.items())


def _judged_create(operation: _Operation, row: Mapping[str, Any], outcome: str) -> Outcome:
    write = operation.write
    different = [name for name, new in write.values.items() if row[name] != new]
    if not different:
        return Outcome(write.seq, outcome, None, row["id"], row["version"])
    name = different[0]
    return Outcome(
        write.seq,
        CONFLICT,
        f"exists since the plan as #{row['id']}, with {name} {row[name]!r} in place of {write.values[name]!r}",
    )


def _conflict(operation: _Operation, row: Mapping[str, Any]) -> str | None:
    """Return what stands in the target that is neither the old value that the plan saw nor the new one."""
    for name, change in operation.changes.items():
        old = change["old"]["id"] if isinstance(change["old"], dict) else change["old"]
        if row[name] not in (old, operation.write.values[name]):
            return f"{name} is {row[name]!r} now, the plan saw {old!r}"
    return None


def _as_desired(kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
    columns: dict[str, Any] = {"source_key": [str(w.seq) for w in writes], "key": [w.key for w in writes]}
    columns |= {f.name: [w.values.get(f.name) for w in writes] for f in kind.fields}
    types = {"source_key": "str", "key": "str"} | {f.name: DTYPES[f.type] for f in kind.fields}
    return pd.DataFrame(columns).astype(types)
