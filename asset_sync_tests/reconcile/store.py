"""Objects in memory, kept as strictly as NetBox keeps them: by single rows, in transactions, with versions and backups."""

import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.target import Refused
from asset_sync_tests.reconcile.constraints import Row, Rows, base_of, check_known, dependents, refusal, stored_name
from asset_sync_tests.reconcile.worlds import NOW


@dataclass(frozen=True)
class Backup:
    """What a store held at some moment, the numbers of the next objects included."""

    objects: dict[str, Rows]
    numbers: dict[str, int]


@dataclass
class MemoryStore:
    """Objects by kind and id, and what a person or an administrator does with them.

    Each row is checked as it is saved (`asset_sync_tests.reconcile.constraints`) against all others as they stand at that
    moment. Versions count up over the whole store, so that a later write always has a later one; a backup that is brought
    back has its old versions, and its ids are given again to what is made after.
    """

    kinds: Kinds
    objects: dict[str, Rows] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    ticks: int = 1000
    now: datetime = NOW - timedelta(hours=12)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def make(self, kind: str, **values: Any) -> str:
        """Make an object as a person does; its id. Raises `Refused` for what the target would not take."""
        with self.lock, self.transaction():
            return self.insert(self.kinds[kind], values)

    def edit(self, kind: str, target_id: str, **values: Any) -> None:
        """Change an object as a person does. Raises `Refused` for what the target would not take."""
        with self.lock, self.transaction():
            self.save(self.kinds[kind], target_id, values)

    def delete(self, kind: str, target_id: str) -> None:
        """Delete an object as a person does, with what sits on it. Raises `Refused` where something else needs it."""
        with self.lock, self.transaction():
            self._remove(self.kinds[kind], target_id)

    def backup(self) -> Backup:
        """Return what is held now."""
        return deepcopy(Backup(self.objects, self.numbers))

    def restore(self, backup: Backup) -> None:
        """Bring a backup back: what was made since is gone, and its ids are free again."""
        self.objects, self.numbers = deepcopy(backup.objects), dict(backup.numbers)

    # Rows.

    def rows(self, kind: Kind) -> Rows:
        """Return the rows in which objects of that kind, or of the one that it is a facet of, stand by id."""
        return self.objects.setdefault(base_of(kind), {})

    def transaction(self) -> "Transaction":
        """Return a context in which an error takes back all that was stored."""
        return Transaction(self)

    def insert(self, kind: Kind, values: Mapping[str, Any]) -> str:
        """Store a new row; its id."""
        check_known(kind, values)
        target_id = self._new_id(kind)
        own = {"id": target_id, "key": f"#{target_id}", "version": self.version(), "created": self._moment(), "locked": None}
        self._put(kind, None, own | dict.fromkeys(f.name for f in kind.fields) | dict(values), values)
        return target_id

    def save(self, kind: Kind, target_id: str, values: Mapping[str, Any]) -> None:
        """Store a row with those values changed."""
        check_known(kind, values)
        before = self.rows(kind)[target_id]
        named = {stored_name(kind, name): value for name, value in values.items()}
        self._put(kind, before, {**before, **named, "version": self.version()}, values)

    def place(self, kind: Kind, target_id: str) -> tuple[bool, str, int]:
        """Return where a row stands in the order of the model: by its name, those without one last."""
        named = next((f.name for f in self.kinds[base_of(kind)].fields if f.type == "text"), "")
        name = self.rows(kind)[target_id].get(named)
        return (name is None, str(name).casefold(), int(target_id) if target_id.isdigit() else 0)

    def why_not(self, kind: Kind, before: Row | None, row: Row, values: Mapping[str, Any]) -> str | None:
        """Return why a row would not be stored; None where it would."""
        return refusal(self.kinds, self.objects, kind, before, row, values)

    def version(self) -> str:
        """Return a version later than all before."""
        self.ticks += 1
        return f"v{self.ticks}"

    def _put(self, kind: Kind, before: Row | None, row: Row, values: Mapping[str, Any]) -> None:
        why = self.why_not(kind, before, row, values)
        if why:
            raise Refused(why)
        # Replaced, never changed in place: a transaction keeps the old ones.
        self.rows(kind)[row["id"]] = row

    def _remove(self, kind: Kind, target_id: str) -> None:
        for other, reference, other_id in list(dependents(self.kinds, self.objects, kind, target_id)):
            if other_id not in self.rows(other):
                continue  # an earlier one took it along
            if other.facet_of:
                self.save(other, other_id, {reference.name: None})
            elif reference.name == other.parent:
                self._remove(other, other_id)
            else:
                raise Refused(f"Unable to delete object. {other.name} #{other_id} needs it")
        del self.rows(kind)[target_id]

    def _new_id(self, kind: Kind) -> str:
        number = self.numbers.get(kind.name, 1000) + 1
        while str(number) in self.rows(kind):
            number += 1
        self.numbers[kind.name] = number
        return str(number)

    def _moment(self) -> str:
        return (self.now + timedelta(microseconds=self.ticks)).isoformat()


@dataclass
class Transaction:
    """All or nothing: an error puts every row back. Numbers that were given are not given again, as with a sequence."""

    store: MemoryStore
    before: dict[str, Rows] = field(default_factory=dict)

    def __enter__(self) -> None:
        self.before = {kind: dict(rows) for kind, rows in self.store.objects.items()}

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            self.store.objects.clear()
            self.store.objects.update(self.before)
