"""Conditions on the rows of a source: which of them a sync takes, and which rule of a field fits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.tables import Mask, filled, mask, text

_ANY: Final = {"*": ".*", "?": "."}


class Columns(Protocol):
    """The rows of a source, by column: a frame, or a table that follows foreign keys (`asset_sync.reconcile.sources.Rows`)."""

    def __getitem__(self, name: str) -> pd.Series:
        """Return a column."""
        ...

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a column; everything that is given must.

    `among`: one of these texts, without case, * and ? standing for anything. `not_among`: none of them; an empty value is none.
    `filled`: whether there is a value. `at_least` and `at_most`: numbers. `within`: an address in one of these networks.
    """

    column: str
    among: tuple[str, ...] = ()
    not_among: tuple[str, ...] = ()
    filled: bool | None = None
    at_least: float | None = None
    at_most: float | None = None
    within: tuple[IPv4Network | IPv6Network, ...] = ()


def chosen(rows: Columns, conditions: Iterable[Condition]) -> Mask:
    """Return the rows of which all conditions hold."""
    found = np.ones(len(rows), dtype=bool)
    for condition in conditions:
        found &= _holds(text(rows[condition.column]), condition)
    return found


def _holds(values: pa.Array, condition: Condition) -> Mask:
    found = np.ones(len(values), dtype=bool)
    if condition.among:
        found &= like_any(values, condition.among)
    if condition.not_among:
        found &= ~like_any(values, condition.not_among)
    if condition.filled is not None:
        found &= filled(values) == condition.filled
    if condition.at_least is not None or condition.at_most is not None:
        found &= _between(values, condition)
    if condition.within:
        found &= _within(values, condition.within)
    return found


def like_any(values: pa.Array, globs: Iterable[str]) -> Mask:
    """Return which texts are like one of the globs, without case and outer blanks."""
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    either = "|".join(glob_pattern(glob) for glob in globs)
    return mask(pc.match_substring_regex(folded, f"(?s)^(?:{either})$"))


def glob_pattern(glob: str) -> str:
    """Return a glob as a regular expression of RE2, for text in lower case."""
    return "".join(_ANY.get(character, re.escape(character)) for character in glob.strip().lower())


def _between(values: pa.Array, condition: Condition) -> Mask:
    numbers = pd.to_numeric(values.to_pandas(), errors="coerce").to_numpy(dtype=float)
    low = -np.inf if condition.at_least is None else condition.at_least
    high = np.inf if condition.at_most is None else condition.at_most
    found: Mask = (numbers >= low) & (numbers <= high)
    return found


def _within(values: pa.Array, networks: tuple[IPv4Network | IPv6Network, ...]) -> Mask:
    """Few networks have many addresses: each address is looked at once."""
    encoded = pc.dictionary_encode(values)
    inside = pa.array([_is_within(address, networks) for address in encoded.dictionary.to_pylist()], pa.bool_())
    return mask(inside.take(encoded.indices))


def _is_within(written: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(written.strip().partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)
