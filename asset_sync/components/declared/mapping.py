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

    column: str
    among: list[str] = Field(default_factory=list, alias="is")
    not_among: list[str] = Field(default_factory=list, alias="is_not")
    filled: bool | None = None
    at_least: float | None = None
    at_most: float | None = None
    within: list[str] = Field(default_factory=list)

    def condition(self) -> Condition:
        """Return the condition as the core takes it. Raises `ValueError` for a network that is none."""
        within = tuple(ip_network(network) for network in self.within)
        among, not_among = tuple(self.among), tuple(self.not_among)
        return Condition(self.column, among, not_among, self.filled, self.at_least, self.at_most, within)


class RegexConfig(dg.Model, dg.Resolvable):
    """What a regular expression matches becomes `replace`, or without one the value."""

    pattern: str
    replace: str | None = None


class UnitConfig(dg.Model, dg.Resolvable):
    """A size is told in one unit and written in another."""

    told: str = Field(alias="from")
    written: str = Field(alias="to")


class NetworkConfig(dg.Model, dg.Resolvable):
    """An address gets the prefix length of its network; the columns that say its gateway and its version."""

    gateway: str | None = None
    version: str | None = None


class OriginConfig(dg.Model, dg.Resolvable):
    """Where a value comes from: one of `from` (a column), `value` (a constant), `template` and `concat`."""

    source: str | None = Field(default=None, alias="from")
    value: str | None = None
    template: str | None = None
    concat: list[str] = Field(default_factory=list)
    separator: str = " "
    regex: RegexConfig | None = None
    transform: str = "text"
    unit: UnitConfig | None = None
    values: dict[str, str] = Field(default_factory=dict)


class RuleConfig(OriginConfig):
    """Where a value comes from in the rows of which all conditions hold; what is but a `guess` replaces nothing."""

    where: list[ConditionConfig] = Field(default_factory=list)
    guess: bool = False


class FieldConfig(OriginConfig):
    """One mapped field: where its value comes from, and who owns it. Of `rules`, the first that fits comes first."""

    rules: list[RuleConfig] = Field(default_factory=list)
    network: NetworkConfig | None = None
    default: str | None = None
    owner: Owner = "initial"
    clears: bool = False
    truncate: bool = False

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
