"""The mirror's tables, derived from the declarations in `asset_sync.systems.snipeit.tables`. `migrations` makes them; a test
holds the two together.

Every table has the columns of Snipe-IT's rows, and `extra` for keys that are not known, `deleted_at` for when the row was
deleted (as Snipe-IT tells it, else when it was first missed) and `purged_at` for when it was first known to be gone for good.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from asset_sync.systems.snipeit import TABLES
from asset_sync.systems.snipeit import Table as Declared

SCHEMA: Final = "snipeit"
STAGED: Final = ("sequence", "list")
"""What a staged row has beside its columns: which came later, and in which list."""

_MOMENT: Final = TIMESTAMP(timezone=True)

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={"pk": "%(table_name)s_pkey", "ix": "%(table_name)s_%(column_0_N_name)s_idx"},
)


def columns_of(declared: Declared) -> list[str]:
    """Return the names of the columns that come from Snipe-IT, the id first."""
    names = ["id", *declared.names, "extra"]
    return names if "deleted_at" in names else [*names, "deleted_at"]


def _columns(declared: Declared) -> list[Column[object]]:
    columns: list[Column[object]] = [Column("id", BigInteger, nullable=False, autoincrement=False)]
    columns += [Column(column.name, column.type, comment=_comment(column.references)) for column in declared.columns]
    columns.append(Column("extra", JSONB, comment="what Snipe-IT tells under keys that are not known here"))
    if "deleted_at" not in declared.names:
        columns.append(Column("deleted_at", _MOMENT, comment="when the row was first missed"))
    return columns


def _comment(references: str | None) -> str | None:
    return f"the id in {SCHEMA}.{references}" if references else None


def _own_columns(declared: Declared) -> list[Column[object]]:
    own: list[Column[object]] = [Column("purged_at", _MOMENT, comment="when the row was first known to be gone for good")]
    if declared.versioned:
        own.append(Column("valid_from", _MOMENT, nullable=False, comment="since which load the row is as it is"))
    return own


def _table(declared: Declared) -> Table:
    made = Table(declared.name, metadata, *_columns(declared), *_own_columns(declared), PrimaryKeyConstraint("id"))
    for column in declared.columns:
        if column.indexed:
            Index(None, made.c[column.name])
    return made


def _history(declared: Declared) -> Table:
    name = f"{declared.name}_history"
    valid_to: Column[object] = Column("valid_to", _MOMENT, nullable=False, comment="the load that found another version")
    key = PrimaryKeyConstraint("id", "valid_from")
    return Table(name, metadata, *_columns(declared), *_own_columns(declared), valid_to, key)


tables: Mapping[str, Table] = {name: _table(declared) for name, declared in TABLES.items()}
histories: Mapping[str, Table] = {name: _history(declared) for name, declared in TABLES.items() if declared.versioned}

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False, comment="Dagster's id of the run"),
    Column("started_at", _MOMENT, nullable=False),
    Column("ended_at", _MOMENT, nullable=False),
    Column("seconds", Numeric(12, 3), nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text),
    Column("requests", Integer, nullable=False),
    Column("read", BigInteger, nullable=False, server_default=text("0")),
    Column("inserted", BigInteger, nullable=False, server_default=text("0")),
    Column("updated", BigInteger, nullable=False, server_default=text("0")),
    Column("deleted", BigInteger, nullable=False, server_default=text("0")),
    Column("tables", JSONB, nullable=False, server_default=text("'{}'"), comment="the same numbers by table"),
    Column(
        "mended", BigInteger, nullable=False, server_default=text("0"), comment="rows that only the comparison found to be old"
    ),
    Index(None, "started_at"),
)

sync_state = Table(
    "sync_state",
    metadata,
    Column("name", Text, primary_key=True, comment="the table"),
    Column("loaded_at", _MOMENT, nullable=False, comment="the start of the last load that succeeded"),
    Column("compared_at", _MOMENT, nullable=False, comment="the start of the last load that read the table whole"),
    Column("cursor", Text, nullable=False, comment="up to which updated_at, as Snipe-IT writes it, all is known"),
    Column("timezone", Text, nullable=False, comment="the server's time zone that its moments were read in"),
)
