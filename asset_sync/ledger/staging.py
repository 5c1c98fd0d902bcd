"""Staging: the steps that many links take, where one statement finds those of a sort."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

import orjson
import pyarrow as pa
from sqlalchemy import Connection, delete, func, select

from asset_sync.ledger.copying import ROWS, copy_in
from asset_sync.ledger.schema import staged

# What happens to a link, as the rows that are staged for it say.
JOIN: Final = "join"
SEEN: Final = "seen"
FREED: Final = "freed"
MISSED: Final = "missed"
DOUBTED: Final = "doubted"
WRITTEN: Final = "written"
RETIRED: Final = "retired"
RESTORED: Final = "restored"

_IS_THERE: Final = select(func.to_regclass(f"pg_temp.{staged.name}"))


class Staged(NamedTuple):
    """A step that a link takes, as `staged` has it. Where an object is named, it is about the link to that one alone."""

    step: str
    kind: str
    source_key: str
    target_id: str | None = None
    claimed: str | None = None
    version: str | None = None
    created: str | None = None
    retired_by: str | None = None
    base: Mapping[str, object] | None = None
    identity: Mapping[str, object] | None = None

    def then(self, later: "Staged") -> "Staged":
        """Return both in one, what the later one says in the place of what this one says."""
        return later._replace(
            version=later.version or self.version,
            created=later.created or self.created,
            base={**(self.base or {}), **(later.base or {})},
            identity={**(self.identity or {}), **(later.identity or {})},
        )

    def row(self) -> tuple[str | None, ...]:
        """Return the values in the order of the columns."""
        values = (orjson.dumps(each).decode() if each else None for each in (self.base, self.identity))
        return (*self[:-2], *values)


_COLUMNS: Final = Staged._fields
"""What is copied; what was true of an object for another record comes to the rest."""


def stage(connection: Connection, rows: Iterable[Staged]) -> Collection[str]:
    """Put the steps in the place of those that were staged before, until the transaction ends; return which sorts there are."""
    if connection.scalar(_IS_THERE) is None:
        staged.create(connection, checkfirst=False)
    connection.execute(delete(staged))
    there: set[str] = set()
    copy_in(connection, staged, _COLUMNS, _batches(iter(rows), there))
    return there


def _batches(rows: Iterator[Staged], there: set[str]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(rows, ROWS)):
        there.update(row.step for row in some)
        columns = zip(*(row.row() for row in some), strict=True)
        yield pa.RecordBatch.from_arrays([pa.array(values, pa.large_string()) for values in columns], _COLUMNS)
