"""Rows of one object type in memory, with indexes and unique constraints."""

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from typing import Any

from asset_sync.sandbox.netbox.errors import DuplicateKeyError
from asset_sync.sandbox.netbox.registry import ObjectType, Unique

Row = dict[str, Any]
"""A stored object. Never changed in place: a new dict replaces it, so old ones can be kept as history."""

_INDEXED_TEXT = ("name", "slug", "serial", "asset_tag", "model", "mac_address", "address", "prefix", "request_id")


class Table:
    """The rows of one object type."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.rows: dict[int, Row] = {}
        self.next_id = 1
        self._references = tuple(field.name for field in kind.fields if field.kind == "ref")
        self._texts = tuple(name for name in _INDEXED_TEXT if kind.field(name))
        self._has_address = "address" in kind.by_name and kind.by_name["address"].kind == "ip"
        # Most keys have one row: a bare id costs a tenth of a set.
        self._index: dict[tuple[str, Hashable], int | set[int]] = {}
        self._unique: list[tuple[Unique, dict[Hashable, int]]] = [(one, {}) for one in kind.unique]
        self._ids: list[int] | None = []

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self) -> list[int]:
        """All ids in order."""
        if self._ids is None:
            self._ids = sorted(self.rows)
        return self._ids

    def ids_from(self, start: int) -> list[int]:
        """The ids from `start` on, in order."""
        ids = self.ids()
        return ids[bisect_left(ids, start) :]

    def new_id(self) -> int:
        """The next id; ids of rows rolled back are not used again."""
        self.next_id += 1
        return self.next_id - 1

    def put(self, row: Row) -> None:
        """Store `row`, or raise DuplicateKeyError and leave everything as it was."""
        row_id = row["id"]
        self._check_unique(row)
        old = self.rows.get(row_id)
        if old is not None:
            self._unlink(old)
        elif self._ids is not None and (not self._ids or self._ids[-1] < row_id):
            self._ids.append(row_id)
        else:
            self._ids = None
        self.rows[row_id] = row
        self._link(row)

    def remove(self, row_id: int) -> None:
        """Take a row away."""
        self._unlink(self.rows.pop(row_id))
        self._ids = None

    def matching(self, name: str, key: Hashable) -> list[int]:
        """The ids of the rows with `key` in the index `name`; text keys are in lower case."""
        found = self._index.get((name, key))
        if found is None:
            return []
        return [found] if isinstance(found, int) else sorted(found)

    def count(self, name: str, key: Hashable) -> int:
        """How many rows `matching` would give."""
        found = self._index.get((name, key))
        return 0 if found is None else 1 if isinstance(found, int) else len(found)

    def is_indexed(self, name: str) -> bool:
        """Whether `matching` knows the field."""
        return name in self._references or name in self._texts

    def conflicts(self, row: Row) -> list[Unique]:
        """The unique constraints that `row` would break."""
        return [
            unique
            for unique, taken in self._unique
            if (key := unique_key(unique, row)) is not None and taken.get(key, row["id"]) != row["id"]
        ]

    def _check_unique(self, row: Row) -> None:
        for unique in self.conflicts(row):
            raise DuplicateKeyError(unique.name, unique.columns, unique_key(unique, row) or ())

    def _link(self, row: Row) -> None:
        row_id = row["id"]
        for unique, taken in self._unique:
            if (key := unique_key(unique, row)) is not None:
                taken[key] = row_id
        for entry in self._keys(row):
            found = self._index.get(entry)
            if found is None:
                self._index[entry] = row_id
            elif isinstance(found, int):
                self._index[entry] = {found, row_id}
            else:
                found.add(row_id)

    def _unlink(self, row: Row) -> None:
        row_id = row["id"]
        for unique, taken in self._unique:
            if (key := unique_key(unique, row)) is not None:
                taken.pop(key, None)
        for entry in self._keys(row):
            found = self._index.get(entry)
            if isinstance(found, set):
                found.discard(row_id)
                if not found:
                    del self._index[entry]
            elif found == row_id:
                del self._index[entry]

    def _keys(self, row: Row) -> Iterator[tuple[str, Hashable]]:
        for name in self._references:
            if (value := row.get(name)) is not None:
                yield name, value
        for name in self._texts:
            if text := row.get(name):
                yield name, text.lower()
        for tag in row.get("tags", ()):
            yield "tags", tag
        for name, value in row.get("custom_fields", {}).items():
            if value is not None and isinstance(value, Hashable):
                yield f"cf_{name}", value
        yield from self._special_keys(row)

    def _special_keys(self, row: Row) -> Iterator[tuple[str, Hashable]]:
        if row.get("assigned_object_id") is not None:
            yield "assigned_object", (row["assigned_object_type"], row["assigned_object_id"])
        if row.get("parent_object_id") is not None:
            yield "parent_object", (row["parent_object_type"], row["parent_object_id"])
        if self._has_address:
            yield "host", str(row["address"]).partition("/")[0]
        if row.get("scope_type") == "dcim.site":
            yield "scope_site", row["scope_id"]
        for end in (*row.get("a_terminations", ()), *row.get("b_terminations", ())):
            yield "termination", end


def unique_key(unique: Unique, row: Row) -> tuple[Any, ...] | None:
    """The key of `row` under a constraint, or None if the constraint does not apply to it."""
    if any(row.get(name) is not None for name in unique.when_null):
        return None
    values = tuple(row.get(name) for name in unique.fields)
    if values[0] is None or (None in values and not unique.nulls_equal):
        return None
    if not unique.ignore_case:
        return values
    return tuple(
        str(value).lower() if name == unique.ignore_case else value for name, value in zip(unique.fields, values, strict=True)
    )
