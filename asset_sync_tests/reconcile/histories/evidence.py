"""What tells one thing from another, in the oracle's own words: it never asks the code under test."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from asset_sync.reconcile.kinds import Kinds
from asset_sync_tests.reconcile.constraints import Objects, Row, base_of


class Thing(NamedTuple):
    """An object of the target. An id alone may be another object's, once a backup has come back."""

    kind: str
    id: str
    created: str


class Moment:
    """All objects of the target at one moment; a row is replaced when it changes, never changed in place."""

    def __init__(self, objects: Objects) -> None:
        self.rows = {Thing(kind, i, str(row["created"])): row for kind, rows in objects.items() for i, row in rows.items()}
        self._by_id = {(each.kind, each.id): each for each in self.rows}

    def at(self, kind: str, target_id: str | None) -> Thing | None:
        """Return the object that has an id; None where none has it."""
        return self._by_id.get((kind, str(target_id)))

    def changes(self, since: "Moment") -> Iterator[tuple[Thing, Row, Row]]:
        """Yield the objects that were there and are otherwise now, as they were and as they are."""
        for each, row in self.rows.items():
            before = since.rows.get(each, row)
            if before is not row:
                yield each, before, row


OWN: Final = frozenset({"id", "key", "version", "created", "locked"})
"""The columns of a row that are no fields."""


def changed_fields(before: Row, after: Row) -> list[str]:
    """Return the fields in which two rows differ."""
    return [name for name in {**before, **after} if name not in OWN and before.get(name) != after.get(name)]


def plain_serial(value: str | None) -> str | None:
    """Return a serial without what people write differently."""
    return re.sub(r"[^A-Z0-9]", "", value.upper()) if value else None


def folded(value: str | None) -> str | None:
    """Return a text without case and outer blanks."""
    return value.strip().casefold() if value else None


def host(value: str | None) -> str | None:
    """Return an address without the size of its network."""
    return value.partition("/")[0] if value else None


def speaks_against(record: Mapping[str, Any], row: Row) -> bool:
    """Return whether a machine and an asset have serials or tags, both known, that differ."""
    return any(
        None not in (one, other) and one != other
        for one, other in (
            (plain_serial(record["serial"]), plain_serial(row["serial"])),
            (folded(record["tag"]), folded(row["tag"])),
        )
    )


def shared(record: Mapping[str, Any], row: Row) -> Iterator[str]:
    """Yield what a machine and an asset have both: serial, tag, name (of those alone that nothing speaks against)."""
    if record["serial"] is not None and plain_serial(record["serial"]) == plain_serial(row["serial"]):
        yield "serial"
    if record["tag"] is not None and folded(record["tag"]) == folded(row["tag"]):
        yield "tag"
    if folded(record["name"]) == folded(row["name"]) and not speaks_against(record, row):
        yield "name"


def company_of(kinds: Kinds, objects: Objects, kind: str, row: Row) -> int | None:
    """Return the number of the company that an object is of, which each value says that people or the source give it."""
    if kind in ("port", "model"):
        above = "asset" if kind == "port" else "maker"
        parent = objects.get(above, {}).get(row[above])
        return company_of(kinds, objects, above, parent) if parent else None
    told = (
        row["address"] if kind == "address" else next(filter(None, (row[n] for n in ("name", "serial", "tag") if n in row)), "")
    )
    found = re.match(r"10\.0\.(\d+)\." if kind == "address" else r"[A-Za-z]+(\d+)", told)
    return int(found[1]) if found else None


def ids_of(kinds: Kinds, objects: Objects, number: int, kind: str) -> list[str]:
    """Return the ids of the objects of a kind that are of a company, in their order."""
    rows = objects.get(base_of(kinds[kind]), {})
    return sorted((i for i, row in rows.items() if company_of(kinds, objects, kind, row) == number), key=int)
