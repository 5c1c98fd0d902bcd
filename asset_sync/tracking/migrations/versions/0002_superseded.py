"""Rows whose device has another address since have a status of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "wug"
TABLE = "wug_ip_exports"
CHECK = "wug_ip_exports_status_check"


def upgrade() -> None:
    """Add the status, and when a row came to it."""
    op.add_column(TABLE, sa.Column("superseded_at", sa.DateTime(timezone=True)), schema=SCHEMA)
    op.drop_constraint(op.f(CHECK), TABLE, type_="check", schema=SCHEMA)
    op.create_check_constraint(
        op.f(CHECK),
        TABLE,
        "status in ('pending', 'exported', 'scan_triggered', 'scan_completed', 'error', 'superseded')",
        schema=SCHEMA,
    )
