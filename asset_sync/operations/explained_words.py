"""An explanation in words: what people read on the command line, a line each."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from asset_sync.ledger.records import KnownLink
from asset_sync.operations.explanation import DecisionTold, Explanation, MappedField, OperationTold, PlanTold, SourceRow
from asset_sync.reconcile import report
from asset_sync.reconcile.explaining import Compared, Decision, FieldMerge, Identity
from asset_sync.reconcile.identity import HELD, NEW

STATES: Final[Mapping[str, str]] = {
    "waiting": "to be written, and not applied",
    "failed": "not written: the target did not take it, or somebody was faster",
    "missing": "missing from the source, and left as it is",
    "left_out": "left out",
    "gone": "gone from the source, and of no object",
    "conflict": "in conflict: both sides changed a field",
}
"""What the last look made of a record, in words; what is not in it is said by its name."""
DECISIONS: Final[Mapping[Decision, str]] = {
    "write": "written: the source says otherwise",
    "equal": "equal, nothing to write",
    "keep": "kept: what stands in the target was not set by this sync",
    "initial": "left alone: set when the object is made, and never again",
    "silent": "left alone: the source says nothing, which empties nothing",
    "guess": "left alone: the source only guesses, and a guess replaces nothing",
    "conflict": "in conflict: changed on both sides since it was applied last",
    "held": "held",
    "ignored": "left alone",
}
"""What was decided about a field, in words."""


def words(told: Explanation) -> Iterator[str]:
    """Yield the explanation, line by line; an empty one parts its sections."""
    yield _headline(told)
    look, all_rows = told.look, "" if told.look.complete else ", at a source that was not complete"
    yield f"By the last look: plan {look.plan_id} ({look.mode}, {look.state}), run {look.run_id}, {moment(look.at)}{all_rows}"
    yield from _places(told)
    if look.part_of:
        yield f"That plan is the part of plan {look.part_of} that a person approved; what was left out of it is held"
    if told.others:
        yield f"The same record makes {', '.join(told.others)}, too: --kind tells of these"
    sections = (
        ("Source", _source(told.source)),
        ("Mapped fields", (line for field in told.fields for line in _field(field))),
        ("Identity", _identity(told.identity, told.link)),
        ("Merge", (_merge(each) for each in told.merge)),
        ("Decisions about it", map(_decision, told.decisions)),
        ("Operation", _operations(told)),
        ("Plans that touched it, the latest first", _plans(told)),
        ("Not kept any more", iter(told.gaps)),
    )
    for title, lines in sections:
        yield from _section(title, lines)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield from ("", title, *(f"  {line}" for line in told))


def _headline(told: Explanation) -> str:
    name = f" ({told.key})" if told.key and told.key != told.source_key else ""
    target = f", {told.kind} #{told.target_id}" if told.target_id else ""
    state = STATES.get(told.state, told.state)
    return f"{told.kind} {told.source_key!r}{name} of {told.link_set}{target}: {state}"


def _places(told: Explanation) -> Iterator[str]:
    """Yield where the object and its row can be looked at, as far as that is known."""
    if told.target_page:
        yield f"In the target: {told.target_page}"
    if told.source_page:
        yield f"In the source: {told.source_page}"


def _source(row: SourceRow | None) -> Iterator[str]:
    if row is None:
        return
    if row.left_out:
        yield row.left_out
    yield from (f"filter of {each.table}: {each.condition}: {'holds' if each.holds else 'fails'}" for each in row.filters)
    yield f"row of {row.table}: " + ", ".join(f"{name} {value!r}" for name, value in row.values.items())


def _field(field: MappedField) -> Iterator[str]:
    columns = ", ".join(f"{name} {value!r}" if value is not None else f"{name} empty" for name, value in field.columns.items())
    how = f"by its rule {field.rule}" if field.rule else field.told
    guess = ", a guess" if field.guess else ""
    yield f"{field.field}: {value(field.value)}{guess}; {how}" + (f" [{columns}]" if columns else "")


def _identity(identity: Identity | None, link: KnownLink | None) -> Iterator[str]:
    if identity is not None:
        yield from _matched(identity)
    if link is not None:
        yield (
            f"linked to #{link.target_id} since {moment(link.first_seen)}, first by {link.claimed}"
            + (f"; written last by plan {link.plan_id}" if link.plan_id else "")
        )
        if link.missing_since:
            gone = "left by its record" if link.is_left else "missing from the source"
            yield f"{gone} since {moment(link.missing_since)}, in {link.missing_runs} runs"
        if link.retired_by and link.retired_at:
            yield f"retired by {link.retired_by}, {moment(link.retired_at)}"


def _matched(identity: Identity) -> Iterator[str]:
    if identity.verdict == HELD:
        yield f"held: {identity.why}"
    elif identity.verdict == NEW:
        yield "new: no object of the target was found to be it"
    else:
        yield f"it is #{identity.target_id}, matched by {identity.rule}"
    yield from map(_compared, identity.compared)
    for candidate in identity.candidates:
        locked = f", {candidate.locked}" if candidate.locked else ""
        yield f"may be #{candidate.target_id} ({candidate.name or 'not there'}){locked}"
        yield from (f"  {_compared(each)}" for each in candidate.compared)


def _compared(each: Compared) -> str:
    record = ", ".join(f"{name} {value(told)}" for name, told in each.record.items())
    if each.object is None:
        return f"{each.rule}: the record has {record}"
    there = ", ".join(f"{name} {value(told)}" for name, told in each.object.items())
    return f"{each.rule}: {each.answer}; the record has {record}, the object {there}"


def _merge(each: FieldMerge) -> str:
    base = f", applied last {value(each.base)}" if each.has_base else ""
    why = f" ({each.why})" if each.why else ""
    sides = f"source {value(each.desired)}, target {value(each.observed)}{base}; owner {each.owner}"
    return f"{each.field}: {DECISIONS[each.decision]}{why}; {sides}"


def _decision(each: DecisionTold) -> str:
    about = f" #{each.target_id}" if each.target_id else f" {each.field}" if each.field else ""
    until = " until it changes" if each.until_changed else ""
    end = f", {each.end}, {moment(each.taken_back_at)}" if each.end else ""
    return f"{each.number}: {each.verb.replace('_', '-')}{about}{until}, by {each.by}, {moment(each.at)}{end}"


def _operations(told: Explanation) -> Iterator[str]:
    if not told.operations:
        yield "none: the plan has nothing to do for it"
    for each in told.operations:
        yield from _operation(each)


def _operation(each: OperationTold) -> Iterator[str]:
    why = f"held: {each.hold}" if each.hold else str(each.reason or "")
    yield f"{each.op}, {why}" if why else each.op
    yield from (f"  {line}" for line in changed(each.changes))
    if each.outcome:
        at = f", {moment(each.ended_at)}, run {each.run_id}" if each.ended_at else ""
        yield f"  outcome: {each.outcome}" + (f", {each.detail}" if each.detail else "") + at
    elif each.waits:
        yield f"  not applied: {each.waits}"


def _plans(told: Explanation) -> Iterator[str]:
    yield from map(_plan, told.plans)
    if told.more:
        yield "there are more, earlier ones"


def _plan(each: PlanTold) -> str:
    what = "; ".join(_briefly(operation) for operation in each.operations)
    approved = f", approved by {', '.join(each.approved_by)}" if each.approved_by else ""
    undoes = f", takes back plan {each.undoes}" if each.undoes else ""
    return f"{each.plan_id} of {each.sync}, {moment(each.made_at)}, {each.state}{undoes}{approved}: {what}"


def _briefly(each: OperationTold) -> str:
    fields = f" {', '.join(each.changes)}" if each.changes else ""
    return f"{each.op}{fields}" + (" (held)" if each.hold else f" ({each.outcome})" if each.outcome else "")


def changed(changes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what an operation does to each field."""
    for name, change in changes.items():
        old = f"{value(change['old'])} → " if "old" in change else ""
        yield f"{name}: {old}{value(change['new'])}" + (f", {change['reason']}" if change.get("reason") else "")


def value(told: Any) -> str:
    """Return a value as plans have it in words."""
    return "(empty)" if told is None else repr(told) if isinstance(told, str) else report.named(told)


def moment(at: datetime | None) -> str:
    """Return a moment in UTC, to the minute."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
