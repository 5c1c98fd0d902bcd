"""What a YAML says of kinds and their fields, and as what the core takes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network

import dagster as dg
from pydantic import Field

from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.mapping import Condition, FieldMapping, Network, PrefixLengths, Regex, Rule, Unit
from asset_sync.reconcile.merge import Owner, Ownership


class ConditionConfig(dg.Model, dg.Resolvable):
    """What must hold of a column of the source; * and ? stand for anything."""

    column: str = Field(description="The column that it is about.")
    among: list[str] = Field(default_factory=list, alias="is", description="It is one of these; * and ? stand for anything.")
    not_among: list[str] = Field(default_factory=list, alias="is_not", description="It is none of these.")
    filled: bool | None = Field(default=None, description="true: it has a value. false: it has none.")
    at_least: float | None = Field(default=None, description="The least number.")
    at_most: float | None = Field(default=None, description="The largest number.")
    within: list[str] = Field(default_factory=list, description="The address is in one of these networks.")

    def condition(self) -> Condition:
        """Return the condition as the core takes it. Raises `ValueError` for a network that is none."""
        within = tuple(ip_network(network) for network in self.within)
        among, not_among = tuple(self.among), tuple(self.not_among)
        return Condition(self.column, among, not_among, self.filled, self.at_least, self.at_most, within)


class RegexConfig(dg.Model, dg.Resolvable):
    """What a regular expression matches becomes `replace`, or without one the value."""

    pattern: str = Field(description="The regular expression, as RE2 has them.")
    replace: str | None = Field(default=None, description="What becomes of what it matches; without, that is the value.")


class UnitConfig(dg.Model, dg.Resolvable):
    """A size is told in one unit and written in another."""

    told: str = Field(alias="from", description="The unit that the source tells.")
    written: str = Field(alias="to", description="The unit that is written.")


class NetworkConfig(dg.Model, dg.Resolvable):
    """An address gets the prefix length of its network; the columns that say its gateway and its version."""

    gateway: str | None = Field(default=None, description="The column that says the gateway.")
    version: str | None = Field(default=None, description="The column that says 4 or 6.")


class OriginConfig(dg.Model, dg.Resolvable):
    """Where a value comes from: one of `from` (a column), `value` (a constant), `template` and `concat`."""

    source: str | None = Field(default=None, alias="from", description="The column that the value comes from.")
    value: str | None = Field(default=None, description="A constant.")
    template: str | None = Field(default=None, description="A text with columns in braces.")
    concat: list[str] = Field(default_factory=list, description="Columns that are joined.")
    separator: str = Field(default=" ", description="What stands between joined columns.")
    regex: RegexConfig | None = Field(default=None, description="A regular expression: pattern, and replace.")
    transform: str = Field(default="text", description="What is made of the value: text, serial, mac, …")
    unit: UnitConfig | None = Field(
        default=None, description="The unit that the source tells, and the one that is written: from, to."
    )
    values: dict[str, str] = Field(
        default_factory=dict, description="What is written for what is said; * and ? stand for anything."
    )


class RuleConfig(OriginConfig):
    """Where a value comes from in the rows of which all conditions hold; what is but a `guess` replaces nothing."""

    where: list[ConditionConfig] = Field(default_factory=list, description="What must hold of a row.")
    guess: bool = Field(default=False, description="Whether it is but a guess, which replaces nothing.")


class FieldConfig(OriginConfig):
    """One mapped field: where its value comes from, and who owns it. Of `rules`, the first that fits comes first."""

    rules: list[RuleConfig] = Field(
        default_factory=list, description="Other origins, each where some conditions hold; the first that fits comes first."
    )
    network: NetworkConfig | None = Field(
        default=None, description="The prefix length of an address: the columns gateway and version."
    )
    default: str | None = Field(default=None, description="What is written where there is no value.")
    owner: Owner = Field(default="initial", description="source, shared or initial.")
    clears: bool = Field(default=False, description="Whether an empty value empties the field.")
    truncate: bool = Field(default=False, description="Whether a text that is too long is cut.")

    def mapping(self, networks: Network | None = None) -> FieldMapping:
        """Return the mapping as the core takes it; `networks` says what is known and assumed of networks."""
        ownership = Ownership(self.owner, self.clears)
        rules = tuple(Rule(conditions(rule.where), _mapped(rule, ownership), rule.guess) for rule in self.rules)
        told = _mapped(self, ownership, default=self.default, rules=rules, network=self._network(networks or Network()))
        return replace(told, truncate=self.truncate)

    def _network(self, networks: Network) -> Network | None:
        if self.network is None:
            return None
        return Network(self.network.gateway, self.network.version, networks.assumed, networks.known)


KindConfig = dict[str, FieldConfig]
"""A kind's fields, by name."""


@dataclass(frozen=True)
class MadeFrom:
    """Which table of the source a kind is made from: the `main` one where none is `told`."""

    main: str
    told: Mapping[str, str]

    def of(self, kind: str) -> str:
        """Return the table that a kind is made from."""
        return self.told.get(kind, self.main)


def _mapped(
    told: OriginConfig,
    ownership: Ownership,
    *,
    default: str | None = None,
    rules: tuple[Rule, ...] = (),
    network: Network | None = None,
) -> FieldMapping:
    return FieldMapping(
        ownership,
        source=told.source,
        value=told.value,
        transform=told.transform,
        default=default,
        values=told.values,
        template=told.template,
        concat=tuple(told.concat),
        separator=told.separator,
        regex=Regex(told.regex.pattern, told.regex.replace) if told.regex else None,
        unit=Unit(told.unit.told, told.unit.written) if told.unit else None,
        network=network,
        rules=rules,
    )


def conditions(told: Iterable[ConditionConfig]) -> tuple[Condition, ...]:
    """Return conditions as the core takes them."""
    return tuple(each.condition() for each in told)


def sync_mapping(
    kinds: Mapping[str, KindConfig],
    tables: MadeFrom,
    filters: Mapping[str, Iterable[ConditionConfig]],
    lengths: PrefixLengths,
    networks: Iterable[str],
) -> SyncMapping:
    """Return what a YAML maps, as the core takes it. Raises `ValueError` for a network that is none."""
    known = Network(assumed=lengths, known=tuple(ip_network(network) for network in networks))
    return SyncMapping(
        tables={name: tables.of(name) for name in kinds},
        fields={name: {field: told.mapping(known) for field, told in kind.items()} for name, kind in kinds.items()},
        where={table: conditions(told) for table, told in filters.items()},
    )
