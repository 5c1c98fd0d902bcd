"""A CSV import: many writes in one transaction.

Source: measured on Snipe-IT 8.1.4. All of a file is seen when it ends, each row with the `updated_at` of its own write and
under the id that it got then, both of them behind what others wrote meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asset_sync.sandbox.snipeit.store import Store

_IMPORTED = frozenset({"hardware", "users"})


class Import:
    """The rows of one file, of which nobody sees anything before `commit`. Raises ValueError for what is not imported."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._written: list[tuple[datetime, Callable[[], object], list[tuple[str, int]]]] = []

    def create(self, table: str, **values: Any) -> int:
        """Write a new row; return the id that it will have."""
        row_id = self._reserved(table)
        self._write(lambda: self._store.create(table, **values), [(table, row_id)])
        return row_id

    def update(self, table: str, row_id: int, **changes: Any) -> None:
        """Write columns of a row."""
        self._write(lambda: self._store.update(table, row_id, **changes), [])

    def commit(self) -> None:
        """Let everybody see what was written, as of when it was written."""
        with self._store.lock:
            now = self._store.now
            for moment, write, ids in self._written:
                self._store.now = moment
                for table, one in ids:
                    self._store.tables[table].reserved.append(one)
                write()
            self._store.now = now
            self._written.clear()

    def _write(self, write: Callable[[], object], ids: list[tuple[str, int]]) -> None:
        entry = ("activity", self._reserved("activity"))
        self._written.append((self._store.now, write, [*ids, entry]))

    def _reserved(self, table: str) -> int:
        if table not in _IMPORTED and table != "activity":
            raise ValueError(f"no file has rows of {table}")
        return self._store.tables[table].reserve()
