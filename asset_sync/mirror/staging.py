"""Staging: the rows of a load, in temporary tables that only the load's own connection sees.

They are gone when the connection is, however the process ends; what readers see is not touched here.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import DataError, sql
from sqlalchemy import Connection

from asset_sync.mirror.schema import SCHEMA, columns_of
from asset_sync.reconcile.errors import TargetError
from asset_sync.systems.snipeit import Table
from asset_sync.systems.snipeit.values import Row

Query = sql.Composable

_VERSIONED: Mapping[bool, Mapping[str, Query]] = {
    True: {
        "valid_from": sql.SQL(", valid_from"),
        "now": sql.SQL(", now()"),
        "from_now": sql.SQL(", valid_from = now()"),
    },
    False: {"valid_from": sql.SQL(""), "now": sql.SQL(""), "from_now": sql.SQL("")},
}
"""What a statement says more of a table whose versions are kept."""


class Stage:
    """The staged rows of one table, at first none; it takes the rows of the list `reading` (a `reading.Sink`)."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.table = table
        self.target = sql.Identifier(SCHEMA, table.name)
        self.staged = sql.Identifier("pg_temp", f"staged_{table.name}")
        self.missed = sql.Identifier("pg_temp", f"missed_{table.name}")
        self.columns = columns_of(table)
        self.taken = 0
        self._connection = connection
        self._parse = table.parser()
        self._deletion_is_told = "deleted_at" in table.names
        self._create()

    def _create(self) -> None:
        """Make the temporary tables; the rows that are missed are found by `missing`."""
        self.run("CREATE TEMPORARY TABLE {staged} AS SELECT 0::bigint AS sequence, {columns} FROM {target} WITH NO DATA")
        self.run("CREATE TEMPORARY TABLE {missed} (id bigint PRIMARY KEY)")

    def put(self, rows: list[Row]) -> None:
        """Take the rows of a page. A row that comes again counts as it came last."""
        copied = [*self.columns] if self._deletion_is_told else self.columns[:-1]
        statement = self._composed("COPY {staged} (sequence, {copied}) FROM STDIN", copied=_list(copied))
        try:
            with self._connection.begin(), self._cursor().copy(statement) as copy:
                for row in rows:
                    self.taken += 1
                    copy.write_row([self.taken, *self._parse(row)])
        except DataError as error:
            first, last = rows[0]["id"], rows[-1]["id"]
            told = f"PostgreSQL refused a value of Snipe-IT's /{self.table.path} for {SCHEMA}.{self.table.name}"
            raise TargetError(f"{told}, in the rows {first} to {last} ({type(error).__name__}); nothing was changed") from error

    def mark(self) -> int:
        """Return a mark of what was taken so far."""
        return self.taken

    def forget(self, mark: int) -> None:
        """Forget what was taken since a mark."""
        self.run("DELETE FROM {staged} WHERE sequence > %(mark)s", mark=mark)

    def clear(self) -> None:
        """Forget all of it."""
        self.run("TRUNCATE {staged}, {missed}")

    def settle(self) -> None:
        """Keep of each row the version that came last, and let PostgreSQL know how many there are."""
        self.run(
            """
            DELETE FROM {staged} AS staged USING (
                SELECT id, max(sequence) AS last FROM {staged} GROUP BY id HAVING count(*) > 1
            ) AS twice
            WHERE staged.id = twice.id AND staged.sequence < twice.last
            """
        )
        self.run("ANALYZE {staged}")

    def copy_known(self, column: str) -> None:
        """Take a column from the mirror, of all rows that it has."""
        statement = """
            UPDATE {staged} AS staged SET {column} = target.{column} FROM {target} AS target WHERE target.id = staged.id
        """
        with self._connection.begin():
            self._cursor().execute(self._composed(statement, column=sql.Identifier(column)))

    def run(self, statement: str, **values: Any) -> None:
        """Run a statement in a transaction of its own; see `_composed` for the names in it."""
        with self._connection.begin():
            self._cursor().execute(self._composed(statement), values)

    def ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows that a query gives."""
        with self._connection.begin():
            return list(self._cursor().execute(self._composed(statement), values).fetchall())

    def within(self, statement: str, **values: Any) -> int:
        """Run a statement in the transaction that is open; return how many rows it touched."""
        return int(self._cursor().execute(self._composed(statement), values).rowcount)

    def _cursor(self) -> Any:
        return self._connection.connection.cursor()

    def _composed(self, statement: str, **parts: Query) -> Query:
        """Fill in the names of the tables, and the lists of columns that statements are made of."""
        names = {
            "staged": self.staged,
            "missed": self.missed,
            "target": self.target,
            "history": sql.Identifier(SCHEMA, f"{self.table.name}_history"),
            "columns": _list(self.columns),
            "staged_columns": _list(self.columns, "staged"),
            "target_columns": _list(self.columns, "target"),
            "assignments": sql.SQL(", ").join(
                sql.SQL("{0} = staged.{0}").format(sql.Identifier(name)) for name in self.columns[1:]
            ),
            **_VERSIONED[self.table.versioned],
        }
        return sql.SQL(statement).format(**{**names, **parts})


def _list(names: list[str], of: str = "") -> Query:
    return sql.SQL(", ").join(sql.Identifier(of, name) if of else sql.Identifier(name) for name in names)
