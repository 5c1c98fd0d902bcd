"""The desired tables: what a target should hold, made from the tables of a source by a mapping, kind by kind."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from asset_sync.reconcile import forms, refusals
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.lookups import lookup, only_guessed
from asset_sync.reconcile.mapping import Condition, FieldMapping, chosen, mapped
from asset_sync.reconcile.sets import UNKNOWN, Members, sets_of
from asset_sync.reconcile.sources import Rows, Source, along, along_mask
from asset_sync.reconcile.tables import DESIRED_COLUMNS, Mask, Positions, Tables, desired_table, guess_column, take, text

_SLUG = "slug"


@dataclass(frozen=True)
class SyncMapping:
    """Which table of a source each kind is made from, its fields, and of which rows of a table the sync tells."""

    tables: Mapping[str, str]
    fields: Mapping[str, Mapping[str, FieldMapping]]
    where: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)


class Desired(NamedTuple):
    """The desired tables with what was refused (see `asset_sync.reconcile.refusals`), and what is to be told, a line each."""

    tables: Tables
    notes: tuple[str, ...]


def desired_tables(source: Source, kinds: Kinds, mapping: SyncMapping) -> Desired:
    """Return what the rows of a source should be in the target.

    A row makes an object of a kind if it has what the target requires of one, what it sits on, and the values of a rule that is
    the only one to recognise it by. A kind whose slug nothing tells is a lookup: rows of one name are one object.
    """
    for table, conditions in mapping.where.items():
        source.choose(table, chosen(source.rows(table), conditions))
    building = _Building(source, mapping)
    for kind in kinds.values():
        building.add(kind)
    return Desired(refusals.with_refused(building.tables, building.refused), tuple(building.notes))


def is_lookup(fields: Mapping[str, FieldMapping]) -> bool:
    """Return whether the distinct names that records tell become the objects of a kind."""
    return _SLUG in fields and not fields[_SLUG].is_told


def as_mapped(kinds: Kinds, mapping: SyncMapping) -> Kinds:
    """Return the kinds as the mapping makes them: records that a source tells of are made even if nothing refers to them."""
    lookups = {name for name, fields in mapping.fields.items() if is_lookup(fields)}
    return {name: replace(kind, referred=kind.referred and name in lookups) for name, kind in kinds.items()}


def needed_fields(kind: Kind) -> tuple[str, ...]:
    """Return the fields without which a row is no object of a kind."""
    if kind.facet_of:
        return (str(kind.parent),)
    names = [each.name for each in kind.fields if each.required]
    names += [kind.parent] if kind.parent else []
    names += kind.identity[0].fields if len(kind.identity) == 1 else ()
    return tuple(dict.fromkeys(names))


class _Building:
    """The tables so far, and for each kind the keys that the rows of its table got, and which of these are guesses."""

    def __init__(self, source: Source, mapping: SyncMapping) -> None:
        self.source = source
        self.mapping = mapping
        self.tables: Tables = {}
        self.refused: list[pd.DataFrame] = []
        self.notes: list[str] = []
        self.keys: dict[str, pd.Series] = {}
        self.guessed: dict[str, Mask] = {}

    def add(self, kind: Kind) -> None:
        """Add the table of one kind; the kinds that it refers to were added before."""
        rows, told = self.source.rows(self.mapping.tables[kind.name]), self.mapping.fields[kind.name]
        made = mapped(rows, kind, told)
        self.notes += made.notes
        fields = self._with_references(kind, rows, made.fields)
        if is_lookup(told):
            self._add_lookup(kind, rows, fields)
        else:
            self._add_records(kind, rows, fields)
            self.refused.append(refusals.of_records(kind.name, rows.keys, made.refused))

    def _with_references(self, kind: Kind, rows: Rows, fields: pd.DataFrame) -> pd.DataFrame:
        """Return the fields with the keys of the rows that they refer to, and which of these are but guessed."""
        told = self.mapping.fields[kind.name]
        for reference in kind.references:
            if reference.name in told or (kind.facet_of and reference.name == kind.parent):
                to, found = str(reference.to), self._rows_referred_to(kind, rows, reference.name)
                fields[reference.name] = self.keys[to] if found is None else along(self.keys[to], found)
                guessed = self.guessed.get(to)
                if guessed is not None:
                    fields[guess_column(reference.name)] = guessed if found is None else along_mask(guessed, found)
        for several in [each for each in kind.sets if each.name in told]:
            fields[several.name] = self._set(rows, str(several.to), several.name, told[several.name].source)
        return fields

    def _set(self, rows: Rows, to: str, name: str, told: str | None) -> pd.Series:
        """Return the keys of the rows that a set refers to; what is no such row is a member that nobody knows."""
        named, found = rows.members(rows.declared.references(name, self.mapping.tables[to], told))
        unknown = forms.concat(UNKNOWN, named.values, like=named.values)
        keys = pc.coalesce(take(text(self.keys[to]), found), unknown)
        return pd.Series(pd.array(sets_of(Members(named.rows, keys), len(rows)), dtype="str"))

    def _rows_referred_to(self, kind: Kind, rows: Rows, name: str) -> Positions | None:
        """Return in which rows of the other kind's table stands what a reference is to; None: in the same row."""
        told = self.mapping.fields[kind.name].get(name)
        to_table = self.mapping.tables[str(kind.field(name).to)]
        foreign_key = rows.declared.reference(name, to_table, told.source if told else None)
        return None if foreign_key is None else rows.found(foreign_key)

    def _add_lookup(self, kind: Kind, rows: Rows, fields: pd.DataFrame) -> None:
        name_field = "model" if any(each.name == "model" for each in kind.fields) else "name"
        parent = next((each.name for each in kind.references if each.name in fields), None)
        found = lookup(fields[name_field], name_field, fields[parent] if parent else None, parent or "")
        guesses = {name: _guessed(fields, name) for name in (name_field, parent) if name}
        self.keys[kind.name] = found.keys
        # A model whose maker is but guessed is a guess as well.
        self.guessed[kind.name] = np.logical_or.reduce(list(guesses.values()))
        by_row = {guess_column(name): only_guessed(found, by_record) for name, by_record in guesses.items()}
        further = [str(name) for name in fields if name in self.mapping.fields[kind.name] and name not in found.table]
        firsts = fields[further].set_axis(pd.Index(found.keys)).assign(_at=rows.keys.array)
        firsts = firsts.sort_values("_at", kind="stable").groupby(level=0).first()
        values = {name: firsts[name].reindex(found.table["key"]).array for name in further}
        self.tables[kind.name] = desired_table(kind, found.table.assign(**(by_row | values)))

    def _add_records(self, kind: Kind, rows: Rows, fields: pd.DataFrame) -> None:
        needed = needed_fields(kind)
        absent = fields.reindex(columns=list(needed)).isna().any(axis=1)
        if kind.facet_of and not any(told.ownership.clears for told in self.mapping.fields[kind.name].values()):
            told = [each.name for each in kind.fields if each.name in fields and each.name not in needed]
            absent |= fields[told].isna().all(axis=1)
        keys = self._keys(kind, rows, fields).mask(absent)
        self.keys[kind.name] = keys
        named = fields.assign(source_key=rows.keys, key=keys, refused=fields.get("refused"))[~absent]
        own = [name for name in fields if name not in DESIRED_COLUMNS]
        self.tables[kind.name] = desired_table(kind, named[[*DESIRED_COLUMNS, *own]])

    def _keys(self, kind: Kind, rows: Rows, fields: pd.DataFrame) -> pd.Series:
        """Keys that people can read: what the only identity rule goes by, else the name, the serial, the id.

        The id is added where two would be the same.
        """
        if kind.facet_of:
            return fields[str(kind.parent)]
        if len(kind.identity) == 1:
            references = {each.name for each in kind.references}
            names = sorted(kind.identity[0].fields, key=lambda name: name not in references)
            return _distinct(_joined(fields, names), rows.keys)
        keys = pd.Series(pd.NA, index=fields.index, dtype="str")
        for column in ("name", "model", "serial"):
            if column in fields:
                keys = keys.fillna(fields[column])
        return _distinct(keys.fillna(rows.keys), rows.keys)


def _joined(fields: pd.DataFrame, names: Collection[str]) -> pd.Series:
    first, *others = (fields[name].astype("str") for name in names)
    for other in others:
        first = first.str.cat(other, sep=" ")
    return first


def _distinct(keys: pd.Series, ids: pd.Series) -> pd.Series:
    return keys.where(~keys.duplicated(keep=False) | keys.isna(), keys + " (" + ids + ")")


def _guessed(fields: pd.DataFrame, name: str) -> Mask:
    column = guess_column(name)
    return fields[column].to_numpy(dtype=bool) if column in fields else np.zeros(len(fields), dtype=bool)
