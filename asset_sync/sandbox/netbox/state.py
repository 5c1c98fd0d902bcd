"""The state of a simulated NetBox, with what tests and demonstrations need to reach into it."""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from threading import RLock
from typing import Any
from uuid import uuid4

from asset_sync.sandbox.netbox import choices as ch
from asset_sync.sandbox.netbox.auth import Token, User
from asset_sync.sandbox.netbox.store import Clock, Store, utc_now
from asset_sync.sandbox.netbox.table import Row
from asset_sync.sandbox.netbox.writes import Writer

READS = ("GET", "HEAD", "OPTIONS")
PERSON = Token("", User(2, "pat", "pat@example.com"))
"""Who works in the web interface."""


class Requests:
    """How many requests came, by method."""

    def __init__(self) -> None:
        self.by_method: Counter[str] = Counter()

    @property
    def reads(self) -> int:
        """Requests that only read."""
        return sum(self.by_method[method] for method in READS)

    @property
    def writes(self) -> int:
        """Requests that write."""
        return sum(self.by_method.values()) - self.reads

    def reset(self) -> None:
        """Count from nothing again."""
        self.by_method.clear()


class NetBoxState(Store):
    """Everything a simulated NetBox knows. Endpoints are named like "dcim/devices"."""

    def __init__(
        self,
        *,
        version: str = "4.6",
        enforce_global_unique: bool = True,
        asset_statuses: ch.Choices = ch.ASSET_STATUS,
        sync_hardware: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(
            version=version,
            enforce_global_unique=enforce_global_unique,
            asset_statuses=asset_statuses,
            sync_hardware=sync_hardware,
            clock=clock,
        )
        self.lock = RLock()
        self.requests = Requests()

    def add_token(self, token: Token) -> Token:
        """Let a token in."""
        return self.tokens.add(token)

    def create(self, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object as a person would; the stored values (references as ids)."""
        with self.lock, _Work(self) as writer:
            row_id = writer.create(self.types[endpoint], dict(body))
        return self.get(endpoint, row_id)

    def patch(self, endpoint: str, row_id: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change an object as a person would."""
        with self.lock, _Work(self) as writer:
            writer.update(self.types[endpoint], row_id, dict(body), partial=True)
        return self.get(endpoint, row_id)

    def delete(self, endpoint: str, row_id: int) -> None:
        """Delete an object as a person would."""
        with self.lock, _Work(self) as writer:
            writer.delete(self.types[endpoint], row_id, "")

    def get(self, endpoint: str, row_id: int) -> dict[str, Any]:
        """The stored values of one object."""
        with self.lock:
            return _copy(self.tables[endpoint].rows[row_id])

    def objects(self, endpoint: str) -> list[dict[str, Any]]:
        """The stored values of all objects of a type, by id."""
        with self.lock:
            table = self.tables[endpoint]
            return [_copy(table.rows[row_id]) for row_id in table.ids()]


def _copy(row: Row) -> Row:
    return {name: deepcopy(value) if isinstance(value, dict | list) else value for name, value in row.items()}


class _Work:
    """A unit of work of a person: all or nothing."""

    def __init__(self, state: NetBoxState) -> None:
        self._state = state

    def __enter__(self) -> Writer:
        self._state.begin()
        return Writer(self._state, PERSON, str(uuid4()))

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            self._state.rollback()
