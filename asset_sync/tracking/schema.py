"""The table of what was sent to WhatsUp Gold. `asset_sync.tracking.migrations` makes it; a test holds the two together."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, Text

from asset_sync.ledger.schema import Moment
from asset_sync.tracking.lifecycle import REASONS, STATUSES

SCHEMA: Final = "wug"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={"pk": "%(table_name)s_pkey", "ck": "%(table_name)s_%(constraint_name)s_check"},
)


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(map(repr, values))})", name=column)


export = Table(
    "wug_ip_exports",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("netbox_device_id", Text, primary_key=True),
    Column("address", Text, primary_key=True, comment="without prefix length, as the ipaddress module writes it"),
    Column("device_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("scan_id", Text),
    Column("scan_state", Text, comment="the progress or phase that was told last"),
    Column("wug_device_id", Text),
    Column("created_at", Moment, nullable=False),
    Column("pending_at", Moment, nullable=False, comment="this and the other steps: when the row last came to it"),
    Column("exported_at", Moment),
    Column("scan_triggered_at", Moment),
    Column("scan_completed_at", Moment),
    Column("failed_at", Moment),
    Column("superseded_at", Moment),
    Column("looked_at", Moment, comment="the last look at the scan"),
    Column("settled_at", Moment, comment="when the metadata of a device that a scan found was written"),
    Column("error", Text),
    Column("attempts", Integer, nullable=False, comment="since the device last arrived"),
    Column("next_attempt_at", Moment),
    _one_of("reason", REASONS),
    _one_of("status", STATUSES),
    comment="What was sent to WhatsUp Gold and what became of it: a row for each device and address.",
)
