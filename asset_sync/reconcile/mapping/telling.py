"""What a mapping says, in words: where a value comes from and what is done to it, as the YAML has it."""

from collections.abc import Iterator

from asset_sync.reconcile.mapping.conditions import Columns, Condition, chosen
from asset_sync.reconcile.mapping.model import FieldMapping, Rule


def mapping_told(mapping: FieldMapping) -> str:
    """Return where a field's value comes from, and what is done to it, its rules left out; "nowhere" where nothing tells it."""
    return ", ".join(_parts(mapping)) or "nowhere"


def condition_told(condition: Condition) -> str:
    """Return what must hold of a column."""
    asked = [
        f"is {' or '.join(condition.among)}" if condition.among else "",
        f"is not {' or '.join(condition.not_among)}" if condition.not_among else "",
        "" if condition.filled is None else "is filled" if condition.filled else "is empty",
        "" if condition.at_least is None else f"is at least {condition.at_least:g}",
        "" if condition.at_most is None else f"is at most {condition.at_most:g}",
        f"is within {' or '.join(map(str, condition.within))}" if condition.within else "",
    ]
    return f"{condition.column} {' and '.join(filter(None, asked))}"


def fitting_rule(rows: Columns, mapping: FieldMapping) -> Rule | None:
    """Return the rule of a field that fits the only row; None where none does."""
    return next((rule for rule in mapping.rules if chosen(rows, rule.where)[0]), None)


def rule_told(rule: Rule) -> str:
    """Return a rule's conditions and what it says."""
    where = " and ".join(map(condition_told, rule.where)) or "always"
    return f"where {where}: {mapping_told(rule.mapping)}{', but a guess' if rule.guess else ''}"


def _parts(mapping: FieldMapping) -> Iterator[str]:
    yield from _origin(mapping)
    if mapping.regex:
        replaced = "" if mapping.regex.replace is None else f" → {mapping.regex.replace!r}"
        yield f"regex {mapping.regex.pattern!r}{replaced}"
    if mapping.transform != "text":
        yield f"transform {mapping.transform}"
    if mapping.network:
        yield "with the length of its network"
    if mapping.unit:
        yield f"{mapping.unit.told} in {mapping.unit.written}"
    if mapping.values:
        yield f"values {', '.join(f'{name} → {to}' for name, to in mapping.values.items())}"
    if mapping.default is not None:
        yield f"default {mapping.default!r}"
    if mapping.truncate:
        yield "cut where it is too long"


def _origin(mapping: FieldMapping) -> Iterator[str]:
    if mapping.source:
        yield f"from {mapping.source}"
    if mapping.value is not None:
        yield f"the value {mapping.value!r}"
    if mapping.template:
        yield f"by the template {mapping.template!r}"
    if mapping.concat:
        yield f"from {' and '.join(mapping.concat)} strung together"
