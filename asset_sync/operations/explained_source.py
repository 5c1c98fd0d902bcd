"""The source's side of an explanation: the row that a record is made of, what left it out, and how its fields are made."""

from collections.abc import Iterator

import pandas as pd

from asset_sync.operations.explanation import FilterTold, MappedField, SourceRow
from asset_sync.operations.looks import KeptLook
from asset_sync.reconcile.desired import needed_fields
from asset_sync.reconcile.explaining import Explaining
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.mapping import FieldMapping, chosen, mapped
from asset_sync.reconcile.mapping.telling import condition_told, fitting_rule, mapping_told, rule_told
from asset_sync.reconcile.sources import Rows
from asset_sync.reconcile.tables import cell, guess_column

_NOT_TOLD = {True: "the record that the same row, or its foreign key, leads to", False: "made of the name"}


def source_row(look: KeptLook, kind: Kind, source_key: str, *, is_desired: bool) -> SourceRow | None:
    """Return the row that a record is made of, and what left it out where it is not desired; None where there is none."""
    row = look.row(kind.name, source_key)
    if row is None:
        taken_out = look.row_left_out(kind.name, source_key)
        return None if taken_out is None else _told(taken_out[0], (), f"taken out before the mapping: {taken_out[1]}")
    filters = tuple(_filters(look, row))
    return _told(row, filters, None if is_desired else _left_out(look, kind, row, filters))


def _told(row: Rows, filters: tuple[FilterTold, ...], left_out: str | None) -> SourceRow:
    values = {str(name): _text(row.frame[name]) for name in row.frame}
    return SourceRow(row.declared.name, {name: value for name, value in values.items() if value is not None}, filters, left_out)


def _filters(look: KeptLook, row: Rows) -> Iterator[FilterTold]:
    table = row.declared.name
    for condition in look.mapping.where.get(table, ()):
        holds = bool(chosen(row, (condition,))[0])
        yield FilterTold(table, condition_told(condition), _text(row[condition.column]), holds)


def _left_out(look: KeptLook, kind: Kind, row: Rows, filters: tuple[FilterTold, ...]) -> str:
    failed = next((each for each in filters if not each.holds), None)
    if failed is not None:
        value = "empty" if failed.value is None else repr(failed.value)
        return f"left out by the YAML's filter of {failed.table}: {failed.condition}; it is {value}"
    made = mapped(row, kind, look.mapping.fields[kind.name]).fields
    absent = [name for name in needed_fields(kind) if name in made and made[name].isna()[0]]
    lacks = f"it has no {', '.join(absent)}" if absent else "what it belongs to is none either"
    return f"the mapping makes no {kind.name} of it: {lacks}"


def mapped_fields(look: KeptLook, kind: Kind, source_key: str, explaining: Explaining | None) -> Iterator[MappedField]:
    """Yield how each mapped field of a record is made, and what came of it."""
    row, own = look.row(kind.name, source_key), None if explaining is None else explaining.row(source_key)
    for name, mapping in look.sync.mapping.get(kind.name, {}).items():
        rule = None if row is None else fitting_rule(row, mapping)
        yield MappedField(
            name,
            None if explaining is None or own is None else explaining.value(own, name),
            mapping_told(mapping) if mapping.is_told else _NOT_TOLD[kind.field(name).to is not None],
            {} if row is None else _columns(row, mapping),
            None if rule is None else rule_told(rule),
            _is_guess(look, kind.name, source_key, name),
        )


def _columns(row: Rows, mapping: FieldMapping) -> dict[str, str | None]:
    return {column: _text(row[column]) for column in mapping.looked_at}


def _is_guess(look: KeptLook, kind: str, source_key: str, name: str) -> bool:
    table = (look.desired or {}).get(kind)
    if table is None or guess_column(name) not in table:
        return False
    return bool(table.loc[table["source_key"] == source_key, guess_column(name)].any())


def _text(column: pd.Series) -> str | None:
    value = cell(column, 0)
    return None if pd.isna(value) else str(value)
