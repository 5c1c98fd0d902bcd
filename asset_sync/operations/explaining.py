"""Explaining a record: "why did you do that", and "why did you not". All of it from what is kept; no system is asked."""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.resources import open_ledger, open_records
from asset_sync.ledger import Ledger, PlanHeader, Records
from asset_sync.ledger.records import KnownLink, Touch
from asset_sync.operations.definitions import component_of, declared
from asset_sync.operations.explained_source import mapped_fields, source_row
from asset_sync.operations.explanation import DecisionTold, Explanation, LookTold, OperationTold, PlanTold, State
from asset_sync.operations.holds import link_set_of
from asset_sync.operations.looks import KeptLook
from asset_sync.operations.places import object_page, row_page
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import ConfigurationError, PlanError
from asset_sync.reconcile.explaining import Explaining, FieldMerge, as_planned
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.planning.changes import CONFLICT
from asset_sync.reconcile.planning.retiring import is_missing
from asset_sync.reconcile.target import ALREADY, APPLIED

_MOST_PLANS: Final = 50
"""As many plans that touched a record are told, the latest."""
_WRITTEN: Final[Sequence[tuple[str, State]]] = (
    (p.CREATE, "created"),
    (p.RETIRE, "retired"),
    (p.RESTORE, "restored"),
    (p.UPDATE, "updated"),
)


def explain(sync: str, record: str, *, kind: str | None = None, connection: str | None = None) -> Explanation:
    """Return what is known of a record of a sync.

    `record` is its source key, else the name or the id (#17) of its object, or what the source calls it, where just one record
    is meant. Raises ConfigurationError for a sync, kind, connection or record that there is not, and PlanError where several
    are meant, or where the sync has not looked yet.
    """
    declared_as = declared(sync)
    if kind is not None and kind not in declared_as.kinds:
        raise ConfigurationError(f"{sync} has no kind {kind!r}; it has {', '.join(declared_as.kinds)}")
    link_set = link_set_of(declared_as, connection)
    if declared_as.apart:
        connection = link_set.removeprefix(f"{declared_as.name}/")
        declared_as = declared_as.of_connection(connection)
    records = open_records()
    last = records.last_look(sync, link_set)
    if last is None:
        raise PlanError(f"{sync} has made no plan yet: asset-sync run {sync} makes one")
    component = cast("SyncComponent", component_of(sync))
    kept = KeptLook(component, declared_as, connection, last)
    found, source_key, others = _Finding(records, kept).found(record, kind)
    own = records.last_look(sync, link_set, found, source_key) or last
    if own != last:
        kept = KeptLook(component, declared_as, connection, own)
    return _Explained(open_ledger(), records, kept, found, source_key).told(others)


class _Finding:
    """Finds the record that is meant."""

    def __init__(self, records: Records, kept: KeptLook) -> None:
        self._records = records
        self._kept = kept
        self._sync = kept.sync

    def found(self, given: str, kind: str | None) -> tuple[str, str, tuple[str, ...]]:
        """Return the record's kind and source key, and the other kinds that it makes."""
        kinds = self._with_key(given)
        if kinds and (kind is None or kind in kinds):
            main = [each for each in kinds if each in self._sync.main_kinds]
            own = kind or self._only([(each, given) for each in (main if len(main) == 1 else kinds)], given)[0]
            return own, given, tuple(each for each in kinds if each != own)
        named = [each for each in self._named(given) if kind in (None, each[0])]
        if not named:
            told = "no record" if kind is None else f"no {kind}"
            raise ConfigurationError(
                f"{self._sync.name} knows {told} {given!r}: neither its source nor its plans nor its links have it"
            )
        own, source_key = self._only(named, given)
        return own, source_key, tuple(each for each in self._with_key(source_key) if each != own)

    def _with_key(self, source_key: str) -> list[str]:
        known = {*self._records.with_key(self._sync.link_set, source_key), *self._kept.kinds_of(source_key)}
        return [each for each in self._sync.kinds if each in known]

    def _named(self, given: str) -> list[tuple[str, str]]:
        target_id = given.removeprefix("#")
        known = {*self._records.named(self._sync.link_set, given, target_id=target_id), *self._kept.named(given)}
        found = [each for each in known if each[0] in self._sync.kinds]
        return sorted(found, key=lambda each: (list(self._sync.kinds).index(each[0]), each[1]))

    def _only(self, found: Sequence[tuple[str, str]], given: str) -> tuple[str, str]:
        main = [each for each in found if each[0] in self._sync.main_kinds]
        several = main or found
        if len(several) == 1:
            return several[0]
        told = ", ".join(f"{kind} {key!r}" for kind, key in several[:10])
        more = f" and {len(several) - 10} more" if len(several) > 10 else ""
        raise PlanError(f"{given!r} may be {told}{more}: name one by its source key, and its kind by --kind")


class _Explained:
    """One record, with what is kept of the last look that came to it."""

    def __init__(self, ledger: Ledger, records: Records, kept: KeptLook, kind: str, source_key: str) -> None:
        self._ledger = ledger
        self._kept = kept
        self._sync = kept.sync
        self._kind = kind
        self._key = source_key
        self._link = records.link(self._sync.link_set, kind, source_key)
        self._header = ledger.header(kept.look.plan_id)
        target_id = self._link.target_id if self._link else None
        where = (self._sync.link_set, kind, source_key, target_id)
        self._plans, self._touches = records.touches(*where, limit=_MOST_PLANS + 1)
        self._now = [each for each in self._touches if each.plan_id == self._header.id]

    def told(self, others: tuple[str, ...]) -> Explanation:
        """Return the explanation."""
        kept, kind = self._kept, self._sync.kinds[self._kind]
        explaining = kept.explaining(self._kind, self._header)
        row = None if explaining is None else explaining.row(self._key)
        source = source_row(kept, kind, self._key, is_desired=row is not None or explaining is None)
        identity = explaining.identity(row) if explaining is not None and row is not None else None
        key = explaining.key(row) if explaining is not None and row is not None else None
        target_id = self._target_id(identity.target_id if identity else None)
        of = self._sync.name, self._sync.link_set
        return Explanation(
            sync=self._sync.name,
            link_set=self._sync.link_set,
            kind=self._kind,
            source_key=self._key,
            key=key or next((each.key for each in self._touches if each.key), None),
            target_id=target_id,
            target_page=object_page(*of, self._kind, target_id) if target_id else None,
            source_page=row_page(*of, source.table, source.values) if source else None,
            state=self._state(is_desired=row is not None, known=explaining is not None, in_source=source is not None),
            others=others,
            look=self._look(),
            source=source,
            fields=tuple(mapped_fields(kept, kind, self._key, explaining)),
            identity=identity,
            link=self._link,
            merge=tuple(self._merge(explaining, row)),
            operations=tuple(self._operation(self._header, each) for each in self._now),
            decisions=tuple(self._decisions()),
            plans=tuple(map(self._plan, self._plans[:_MOST_PLANS])),
            more=len(self._plans) > _MOST_PLANS,
            gaps=tuple(dict.fromkeys(kept.gaps)),
        )

    def _look(self) -> LookTold:
        look, header = self._kept.look, self._header
        return LookTold(look.plan_id, look.run_id, look.at, header.mode, header.state, header.complete, self._kept.part_of)

    def _target_id(self, matched: str | None) -> str | None:
        return matched or (self._link.target_id if self._link else None)

    def _merge(self, explaining: Explaining | None, row: int | None) -> Iterable[FieldMerge]:
        if explaining is None or row is None or self._kept.remembered is None:
            return ()
        operations = [{"op": e.op, "hold": e.hold, "changes": p.encode(e.changes)} for e in self._now]
        return as_planned(explaining.merges(row), operations)

    # How it stands.

    def _state(self, *, is_desired: bool, known: bool, in_source: bool) -> State:
        held, open_ones = [e for e in self._now if e.hold], [e for e in self._now if e.op in p.WRITES and not e.hold]
        whole = [each for each in held if each.op != p.UPDATE]
        if whole:
            return _held_as(whole[0])
        if any(each.hold == CONFLICT for each in held):
            return "conflict"
        if open_ones:
            return _written_as(open_ones)
        if held:
            return "held"
        if known and not is_desired:
            return self._without_record(self._link, in_source=in_source)
        return "unchanged"

    def _without_record(self, link: KnownLink | None, *, in_source: bool) -> State:
        if link is None:
            return "left_out" if in_source else "gone"
        return "retired" if link.retired_by else "missing"

    # What plans did.

    def _plan(self, header: PlanHeader) -> PlanTold:
        own = [each for each in self._touches if each.plan_id == header.id]
        return PlanTold(
            header.id,
            header.sync,
            header.mode,
            header.state,
            header.undoes,
            header.made_at,
            header.run_id,
            header.approvers,
            tuple(self._operation(header, each) for each in own),
        )

    def _operation(self, header: PlanHeader, touch: Touch) -> OperationTold:
        waits = self._waits(header) if touch.op in p.WRITES and not touch.hold and touch.outcome is None else None
        told = (touch.op, touch.changes, touch.reason, touch.hold, touch.outcome, touch.detail, touch.ended_at, touch.run_id)
        return OperationTold(*told, waits)

    def _waits(self, header: PlanHeader) -> str:
        return self._ledger.waits(header.id) or f"not applied yet: asset-sync apply {header.id}"

    def _decisions(self) -> Iterable[DecisionTold]:
        for kept in self._ledger.every_resolution(self._sync.link_set):
            made = kept.resolution
            if (made.kind, made.source_key) == (self._kind, self._key):
                # Of a new object, the id is what the record was before.
                named = None if made.verb == "create" else made.target_id
                about = (made.number, made.verb, named, made.field, made.until_changed, made.by, made.at)
                yield DecisionTold(*about, kept.taken_back_by, kept.taken_back_at, kept.replaced_by)


def _held_as(touch: Touch) -> State:
    if str(touch.hold).startswith(IGNORED):
        return "ignored"
    return "missing" if is_missing({"op": touch.op, "hold": touch.hold}) else "held"


def _written_as(touches: Sequence[Touch]) -> State:
    if any(each.outcome is None for each in touches):
        return "waiting"
    if any(each.outcome not in (APPLIED, ALREADY) for each in touches):
        return "failed"
    ops = {each.op for each in touches}
    return next(state for op, state in _WRITTEN if op in ops)
