"""How a mapping is refused before anything runs: in one line, with file, line, what is wrong, and what there is instead."""

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.components.config import Place
from asset_sync.components.declared.mapping import (
    ConditionConfig,
    FieldConfig,
    KindConfig,
    MadeFrom,
    OriginConfig,
    RegexConfig,
)
from asset_sync.reconcile import forms
from asset_sync.reconcile.desired import is_lookup
from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.mapping import TRANSFORMS, why_not
from asset_sync.reconcile.mapping.model import UNITS, has_loose_brace, in_braces
from asset_sync.reconcile.sources import STEP, SourceTable
from asset_sync.systems.system import System, TargetSide

_ANYTHING: Final = "*?"
_ORIGINS: Final = ("from", "value", "template", "concat")


class Checking:
    """The check of one sync's mapping; every method raises `ConfigurationError` at the first thing that is wrong."""

    def __init__(self, place: Place, source: System, target: TargetSide, tables: Mapping[str, str]) -> None:
        self.place = place
        self.source = source
        self.target = target
        self.tables = MadeFrom(source.main, tables)

    def mapping(self, mapping: Mapping[str, KindConfig], chosen: Iterable[str]) -> None:
        """Check the mapped kinds and their fields, and that `chosen` are among them with what they refer to."""
        at = self.place.at("mapping")
        if not mapping:
            raise at.error(f"nothing is mapped; there are {', '.join(self.target.kinds)}")
        for name in mapping:
            if name not in self.target.kinds:
                raise at.at(name).error(f"there is no kind {name!r} here; there are {', '.join(self.target.kinds)}")
        for number, name in enumerate(chosen):
            if name not in mapping:
                raise self.place.at("kinds").at(str(number)).error(f"{name} is not mapped; mapped are {', '.join(mapping)}")
        for name, table in self.tables.told.items():
            self._check_table(mapping, name, table)
        for name, told in mapping.items():
            self._kind(at.at(name), self.target.kinds[name], told)

    def needed(self, mapping: Mapping[str, KindConfig]) -> None:
        """Check that what the target needs is mapped: kinds, and fields of theirs; and made from the table that it sifts."""
        at = self.place.at("mapping")
        for kind, fields in self.target.needed.items():
            if kind not in mapping:
                raise at.error(f"{kind} is not mapped; it needs at least its name")
            if self.target.sieve is not None and self.tables.of(kind) != self.source.main:
                told = f"it can only be made from {self.source.main}, whose rows the target looks at first"
                raise self.place.at("tables").at(kind).error(told)
            for name in fields:
                if name not in mapping[kind]:
                    raise at.at(kind).error(f"{name} is not mapped; needed are {', '.join(fields)}")

    def references(self, mapping: Mapping[str, KindConfig], chosen: Iterable[str]) -> None:
        """Check that what the chosen kinds refer to is chosen, too, and that there is a way to it."""
        kinds = {name: mapping[name] for name in chosen}
        for name, told in kinds.items():
            kind, place = self.target.kinds[name], self.place.at("mapping").at(name)
            needed = [reference.name for reference in kind.references if kind.facet_of and reference.name == kind.parent]
            for reference in [each for each in (*kind.references, *kind.sets) if each.name in told or each.name in needed]:
                at = place.at(reference.name) if reference.name in told else place
                if reference.to not in kinds:
                    way = "name it below `kinds`, too" if reference.to in mapping else "it has to be mapped, too"
                    raise at.error(f"it refers to {reference.to}, which is not written; {way}")
                field = told.get(reference.name)
                self._way(at, self._table(name), self.tables.of(str(reference.to)), reference, field)

    def filters(self, filters: Mapping[str, list[ConditionConfig]], place: Place | None = None) -> None:
        """Check the conditions on source rows, which stand at that place."""
        for table, conditions in filters.items():
            at = (place or self.place.at("filters")).at(table)
            if table not in self.source.tables:
                raise at.error(f"{self._no_table(table)}")
            self._conditions(at, self.source.tables[table], conditions)

    def networks(self, networks: Iterable[str]) -> None:
        """Check that known networks are networks."""
        for number, network in enumerate(networks):
            self._network(self.place.at("networks").at(str(number)), network)

    # Kinds and fields.

    def _kind(self, place: Place, kind: Kind, told: KindConfig) -> None:
        table = self._table(kind.name)
        known = {field.name: field for field in kind.fields}
        for name, config in told.items():
            at = place.at(name)
            if name not in known and not self.target.open_fields.has(name):
                open_fields = self.target.open_fields
                there = f"{', '.join(known)}, and {open_fields.prefix}… for {open_fields.words}"
                raise at.error(f"there is no field {name!r}; there are {there}")
            if name in known and known[name].initial_only and config.owner != "initial":
                raise at.error(f"{name} is set as a whole, with what people added: its owner can only be initial")
            if name in known and known[name].to is not None:
                self._reference(at, config)
            else:
                self._field(at, table, kind, name, config)
        self._wanting(place, kind, told)

    def _wanting(self, place: Place, kind: Kind, told: KindConfig) -> None:
        if kind.facet_of:
            return
        for field in kind.fields:
            if field.required and field.name not in told:
                raise place.error(f"{field.name} is not mapped, without which {self.source.title}'s rows are no {kind.name}")
        lookup = is_lookup({name: config.mapping() for name, config in told.items()})
        if lookup and not any(name in told and told[name].mapping().is_told for name in ("name", "model")):
            raise place.error("its name is not mapped; it needs at least its name")

    def _check_table(self, mapping: Mapping[str, KindConfig], kind: str, table: str) -> None:
        at = self.place.at("tables").at(kind)
        if kind not in mapping:
            raise at.error(f"{kind} is not mapped; mapped are {', '.join(mapping)}")
        if table not in self.source.tables:
            raise at.error(self._no_table(table))

    def _table(self, kind: str) -> SourceTable:
        return self.source.tables[self.tables.of(kind)]

    def _no_table(self, name: str) -> str:
        return f"{self.source.title} has no table {name!r}; it has {', '.join(self.source.tables)}"

    def _reference(self, place: Place, config: FieldConfig) -> None:
        for key in ("value", "template", "concat", "regex", "unit", "network", "rules", "default", "values", "truncate"):
            if getattr(config, key):
                raise place.at(key).error("a reference takes a row of the kind it points to: `from`, a foreign key, says which")

    def _way(self, place: Place, table: SourceTable, to: str, reference: Field, config: FieldConfig | None) -> None:
        find = table.references if reference.type == "references" else table.reference
        try:
            find(reference.name, to, config.source if config else None)
        except ValueError as error:
            raise place.error(str(error)) from None

    def _field(self, place: Place, table: SourceTable, kind: Kind, name: str, config: FieldConfig) -> None:
        self._origin(place, table, config, kind, name)
        for number, rule in enumerate(config.rules):
            at = place.at("rules").at(str(number))
            if not rule.where:
                raise at.error("it holds for every row, so that nothing behind it counts: `where` says for which rows it does")
            self._conditions(at.at("where"), table, rule.where)
            self._origin(at, table, rule, kind, name)
        if config.network is not None:
            for key in ("gateway", "version"):
                column = getattr(config.network, key)
                if column is not None:
                    self._column(place.at("network").at(key), table, column)
        if config.truncate:
            _truncated(place.at("truncate"), kind, name)
        if not config.mapping().is_told and name != "slug":
            raise place.error("nothing says where its value comes from: `from` names a column, `value` a constant")
        self._value(place, "default", config.default, kind, name)

    def _origin(self, place: Place, table: SourceTable, told: OriginConfig, kind: Kind, name: str) -> None:
        origins = (told.source, told.value, told.template, told.concat)
        given = [key for key, origin in zip(_ORIGINS, origins, strict=True) if origin]
        if len(given) > 1:
            raise place.error(f"a field has either `{given[0]}` or `{given[1]}`, not both")
        if told.transform not in TRANSFORMS:
            raise place.at("transform").error(f"there is no transform {told.transform!r}; there are {', '.join(TRANSFORMS)}")
        if told.source is not None:
            self._column(place.at("from"), table, told.source)
        if told.template:
            self._template(place.at("template"), table, told.template)
        for column in told.concat:
            self._column(place.at("concat"), table, column)
        if told.regex is not None:
            _regex(place.at("regex"), told.regex)
        for key, unit in (("from", told.unit.told), ("to", told.unit.written)) if told.unit else ():
            if unit not in UNITS:
                raise place.at("unit").at(key).error(f"there is no unit {unit!r}; there are {', '.join(UNITS)}")
        self._value(place, "value", told.value, kind, name)
        _distinct(place.at("values"), told.values)
        for said, written in told.values.items():
            self._value(place.at("values"), said, written, kind, name)

    def _template(self, place: Place, table: SourceTable, template: str) -> None:
        if has_loose_brace(template):
            raise place.error(f"{template!r} has a brace too many, or too few: a column stands in {{}}")
        for column in in_braces(template):
            self._column(place, table, column)

    def _value(self, place: Place, key: str, value: str | None, kind: Kind, name: str) -> None:
        is_known = any(field.name == name for field in kind.fields)
        why = why_not(value, kind, name) if value is not None and is_known else None
        if why is not None:
            raise place.at(key).error(f"{value!r} {why}")

    # Columns and conditions.

    def _column(self, place: Place, table: SourceTable, name: str) -> None:
        own, _, further = name.partition(STEP)
        column = table.column(own)
        if column is None:
            raise place.error(f"{self._source_words(table)} has no column {own!r}; {self._instead(table, own)}")
        if not further:
            return
        if column.to is None:
            raise place.error(f"{table.name}.{own} points to no other table, so that {name!r} leads nowhere")
        if column.many:
            raise place.error(f"{table.name}.{own} points to several rows, so that {name!r} is no single value")
        self._column(place, self.source.tables[column.to], further)

    def _instead(self, table: SourceTable, column: str) -> str:
        others = [other.name for other in self.source.tables.values() if other is not table and other.column(column)]
        there = f"it has {', '.join(sorted(table.names))}"
        return f"{others[0]} has one (`tables` says which table a kind is made from); {there}" if others else there

    def _source_words(self, table: SourceTable) -> str:
        return "the source" if table.name == self.tables.main else f"the source's table {table.name}"

    def _conditions(self, place: Place, table: SourceTable, conditions: Iterable[ConditionConfig]) -> None:
        for number, condition in enumerate(conditions):
            at = place.at(str(number))
            self._column(at.at("column"), table, condition.column)
            for network in condition.within:
                self._network(at.at("within"), network)
            if condition == ConditionConfig(column=condition.column):
                raise at.error("it asks for nothing: `is`, `is_not`, `filled`, `at_least`, `at_most` or `within` says what")

    def _network(self, place: Place, network: str) -> None:
        try:
            ip_network(network)
        except ValueError as error:
            raise place.error(f"{network!r} is no network: {error}") from None


def check_keys(place: Place, own: Iterable[str], read: Iterable[str], inventory: str) -> None:
    """Refuse keys of assets that two of a sync's would have: its `own` steps, the tables that are `read`, the `inventory`."""
    steps, tables = {*own}, {*read}
    for key, taken in (("source", steps & tables), ("inventory", {inventory} & (steps | tables))):
        if taken:
            raise place.at(key).error(f"{min(taken)!r} is another asset of this sync: call these otherwise")


def _distinct(place: Place, values: Mapping[str, str]) -> None:
    """Refuse values that are said twice, as they are compared, and those that no value is the same as."""
    exact = [said for said in values if not set(_ANYTHING) & set(said)]
    first: dict[str, str] = {}
    for said, label in zip(exact, forms.normal(pa.array(exact, pa.large_string()), "label").to_pylist(), strict=True):
        if label is None:
            raise place.at(said).error(f"{said!r} has no letter or digit, by which values are compared")
        if first.setdefault(label, said) != said:
            raise place.at(said).error(f"{said!r} is the same as {first[label]!r}: case, blanks and punctuation do not count")


def _truncated(place: Place, kind: Kind, name: str) -> None:
    """Refuse to cut what has no length of its own here, and what tells one object from all others."""
    if not any(field.name == name and field.max_length for field in kind.fields):
        raise place.error(f"nothing is known of how long a text {name} takes: there is nothing to cut")
    if any(rule.decisive and name in rule.fields for rule in kind.identity):
        raise place.error(f"{name} tells one {kind.name} from all others: cut, it could be that of another one")


def _regex(place: Place, regex: RegexConfig) -> None:
    for check in _REGEX_CHECKS:
        try:
            check(regex)
        except (re.error, pa.ArrowInvalid) as error:
            why = " ".join(str(error).split())
            raise place.at("pattern").error(f"{regex.pattern!r} is no regular expression of RE2: {why}") from None


_NOTHING: Final = pa.array([""], pa.large_string())
_REGEX_CHECKS: Final[tuple[Callable[[RegexConfig], object], ...]] = (
    lambda regex: re.compile(regex.pattern),
    lambda regex: pc.replace_substring_regex(_NOTHING, pattern=regex.pattern, replacement=regex.replace or ""),
)
