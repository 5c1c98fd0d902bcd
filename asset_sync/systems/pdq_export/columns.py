"""Columns: which header means which field of the device table.

Headers are "<Table title> <Column title>" by default, and whoever makes the report can rename them (facts/pdq.md, b 1 and 2).
So case, blanks, punctuation, quotes and a prefix "Computer" do not count, and the YAML can add names.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.pdq import DEVICE_FIELDS
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.shown import shown

KEYS: Final = ("id", "serialNumber", "name", "hostname")
"""The fields that tell one machine from another; a file needs one of them."""

_PREFIX = "computer"
_LISTED = 8

# A field's own name is understood without being listed ("Serial Number", "serial_number", "serialNumber").
# Sources: facts/pdq.md b 1 to 3, 6 and 8; the rest are the plain words for the API's fields.
ALIASES: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "id": ("Device ID", "PDQ ID", "PDQ Device ID"),
        "name": ("Computer", "Device", "Device Name", "Machine", "Machine Name"),
        "hostname": ("Host Name", "Host", "FQDN", "DNS Name"),
        "serialNumber": ("S/N", "Serial", "Serial No."),
        "manufacturer": ("Make", "Vendor"),
        "model": ("Model Name", "System Model"),
        "sku": ("System SKU",),
        "chassis": ("Chassis Type",),
        "osFullName": ("O/S", "O/S Name", "Operating System"),
        "osInstallDate": ("O/S Installed",),
        "servicePack": ("SP / Release", "SP"),
        "architecture": ("O/S Architecture",),
        "memory": ("RAM", "Physical Memory", "Total Memory"),
        "biosAssetTag": ("Asset Tag", "Asset Number", "Asset No."),
        "currentUser": ("Current User Name", "Current Logged On User", "Logged On User", "User Logged On"),
        "lastUser": ("Last User Name", "Last Logged On User"),
        "macAddress": ("MAC",),
        "ipv4Address": ("IP Address", "IP"),
        "ipv4Gateway": ("Default Gateway", "Gateway"),
        "publicIpAddress": ("Public IP", "External IP", "External IP Address"),
        "isOnline": ("Online",),
        "lastSeenAt": ("Last Seen", "Last Online"),
        "lastBootUpTime": ("Boot Time", "Last Boot", "Last Boot Time"),
        "insertedAt": ("Added", "Date Added"),
        "requireReboot": ("Needs Reboot", "Reboot Required"),
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the columns of one file mean: `positions` and `headers` by field, and the headers that mean nothing here."""

    positions: Mapping[str, int]
    headers: Mapping[str, str]
    ignored: tuple[str, ...]


class Columns:
    """The names by which fields are known: those of PDQ and, before them, the given ones (by field)."""

    def __init__(self, aliases: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        """Raise `ConfigurationError` for aliases of a field that does not exist, and for one name given to two fields."""
        self._fields = {_label(field): field for field in DEVICE_FIELDS} | _labels(ALIASES) | _labels(_checked(aliases))

    def field(self, header: str) -> str | None:
        """Return the field that a header means, if any."""
        # The API's own name wins: its `os` is "windows", which a report's "OS" is not.
        if header in DEVICE_FIELDS:
            return header
        label = _label(header)
        return self._fields.get(label) or self._fields.get(label.removeprefix(_PREFIX))

    def labels(self, field: str) -> frozenset[str]:
        """Return the names of a field, as letters and digits in lower case, with and without the prefix."""
        names = {label for label, other in self._fields.items() if other == field} | {_label(field)}
        return frozenset(names | {f"{_PREFIX}{name}" for name in names})

    def count(self, header: Sequence[str]) -> int:
        """Return how many of the headers mean a field."""
        return sum(self.field(name) is not None for name in header)

    def best(self, rows: Sequence[Sequence[str]]) -> int:
        """Return which of the rows is the header: the first of those that mean most; groups above a header mean less."""
        return max(range(len(rows)), key=lambda at: (*self.meaning(rows[at]), -at), default=0)

    def meaning(self, header: Sequence[str]) -> tuple[int, int, int]:
        """Return how much a header means: by its fields, by those that tell machines apart, by its names."""
        keys = sum(self.field(name) in KEYS for name in header)
        return self.count(header), keys, sum(bool(name.strip()) for name in header)

    def has_key(self, header: Sequence[str]) -> bool:
        """Return whether one of the headers tells one machine from another."""
        return any(self.field(name) in KEYS for name in header)

    def find(self, header: Sequence[str]) -> Found:
        """Return what the headers mean; refuses a header without a key column and one with two columns of one meaning."""
        names = [" ".join(name.split()) for name in header]
        if not self.has_key(names):
            raise Refusal(
                f"has no column for a machine's name, serial number or id, only {_listed(names)}; "
                "if one of these is it, say so under aliases"
            )
        _refuse_twice(names)
        meant: dict[str, int] = {}
        for position, name in enumerate(names):
            field = self.field(name)
            if field in meant:
                raise Refusal(f"has two columns for {field}, '{shown(names[meant[field]])}' and '{shown(name)}'; leave one out")
            if field:
                meant[field] = position
        ignored = tuple(shown(name) for position, name in enumerate(names) if name and position not in meant.values())
        return Found(meant, {field: names[position] for field, position in meant.items()}, ignored)


def _checked(aliases: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    owners: dict[str, str] = {}
    for field, names in aliases.items():
        if field not in DEVICE_FIELDS:
            raise ConfigurationError(f"aliases: {field!r} is no field of a PDQ device; one of {', '.join(DEVICE_FIELDS)}")
        for name in names:
            if not _label(name):
                raise ConfigurationError(f"aliases: {name!r} for {field} has no letter or digit")
            if owners.setdefault(_label(name), field) != field:
                raise ConfigurationError(f"aliases: {name!r} is given to both {owners[_label(name)]} and {field}")
    return aliases


def _labels(aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {_label(name): field for field, names in aliases.items() for name in names}


def _label(header: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", header).casefold() if c.isalnum())


def _refuse_twice(names: Sequence[str]) -> None:
    for name, count in Counter(name.casefold() for name in names if name).items():
        if count > 1:
            first = next(written for written in names if written.casefold() == name)
            raise Refusal(f"has the column '{shown(first)}' {count} times; rename or leave out all but one")


def _listed(names: Sequence[str]) -> str:
    named = [f"'{shown(name)}'" for name in names if name]
    more = f" and {len(named) - _LISTED} more" if len(named) > _LISTED else ""
    return (", ".join(named[:_LISTED]) or "unnamed ones") + more
