"""What a person can say of a field: where its value comes from, what is done to it, and who owns it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from asset_sync.reconcile.mapping.conditions import Condition
from asset_sync.reconcile.merge import Ownership

_IN_BRACES: Final = re.compile(r"\{([^{}]+)\}")

UNITS: Final[Mapping[str, int]] = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
"""The units of sizes, in bytes."""


@dataclass(frozen=True, slots=True)
class PrefixLengths:
    """The network sizes that addresses are written with, where a source tells addresses without them: a guess."""

    ipv4: int = 24
    ipv6: int = 64


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, of RE2: what it matches becomes `replace`; without one, the value is its first group, or all of it.

    Where it does not match, a value that would be replaced stays as it is, and one that would be extracted is empty.
    """

    pattern: str
    replace: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A size told in one unit and written in another, as a whole number, rounded."""

    told: str
    written: str


@dataclass(frozen=True, slots=True)
class Network:
    """An address is written with the prefix length of its network: one that is `known`, else the assumed one.

    `gateway` and `version` name columns of the same row: a gateway speaks against an assumed network, and what is not of the
    version (4 or 6) is no such address.
    """

    gateway: str | None = None
    version: str | None = None
    assumed: PrefixLengths = PrefixLengths()
    known: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field's value comes from in the rows of which all conditions hold.

    What is but a `guess` fills what is empty and replaces nothing, as a default does.
    """

    where: tuple[Condition, ...]
    mapping: "FieldMapping"
    guess: bool = False


@dataclass(frozen=True)
class FieldMapping:
    """Where a field's value comes from and who owns it.

    One of these tells the value: `source` names a column (of the row that a foreign key points to as `key.column`), `value` is
    a constant, `template` puts columns that it names in braces together and is empty where one of them is, `concat` strings
    those together that are not. Of `rules`, the first whose conditions hold comes before any of them.

    Then come, in this order, `regex`, `transform` (see `TRANSFORMS`) or `network`, `unit`, and `values`, which replaces values
    (compared by their labels; * and ? stand for anything) by others. `default` stands in for an empty value, but replaces none
    that the target has. With `truncate`, a text that is longer than the target takes is cut there.

    A reference without any of them takes the row that the same source record gives to the kind it points to; with a `source`,
    that of the record that this foreign key points to.
    """

    ownership: Ownership
    source: str | None = None
    value: str | None = None
    transform: str = "text"
    default: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    concat: tuple[str, ...] = ()
    separator: str = " "
    regex: Regex | None = None
    unit: Unit | None = None
    network: Network | None = None
    rules: tuple[Rule, ...] = ()
    truncate: bool = False

    @property
    def is_told(self) -> bool:
        """Whether the mapping itself says where the value comes from."""
        return bool(self.source or self.value is not None or self.template or self.concat or self.rules)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that the value is made from, without those that only decide which rule it is."""
        return tuple(dict.fromkeys(self._columns()))

    @property
    def looked_at(self) -> tuple[str, ...]:
        """All columns of the source that the mapping looks at, those of the rules' conditions and of the network too."""
        asked = [condition.column for rule in self.rules for condition in rule.where]
        asked += [name for name in (self.network.gateway, self.network.version) if name] if self.network else []
        return tuple(dict.fromkeys([*self.columns, *asked]))

    @property
    def written(self) -> tuple[str, ...]:
        """The values that the mapping itself names, and may write."""
        return tuple(dict.fromkeys(self._written()))

    def _written(self) -> Iterator[str]:
        yield from (value for value in (self.value, self.default) if value is not None)
        yield from self.values.values()
        for rule in self.rules:
            yield from rule.mapping.written

    def _columns(self) -> Iterator[str]:
        if self.source:
            yield self.source
        yield from in_braces(self.template or "")
        yield from self.concat
        for rule in self.rules:
            yield from rule.mapping.columns


def in_braces(template: str) -> list[str]:
    """Return the columns that a template names, in order."""
    return _IN_BRACES.findall(template)


def has_loose_brace(template: str) -> bool:
    """Return whether a template has a brace that stands around no column."""
    left = _IN_BRACES.sub("", template)
    return "{" in left or "}" in left


def pieces(template: str) -> list[tuple[str, str | None]]:
    """Return a template as texts, each with the column that follows it; None after the last."""
    parts = _IN_BRACES.split(template)
    return [(parts[at], parts[at + 1] if at + 1 < len(parts) else None) for at in range(0, len(parts), 2)]
