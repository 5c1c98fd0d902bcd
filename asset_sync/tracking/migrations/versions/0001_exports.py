"""The table of what was sent to WhatsUp Gold."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "wug"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "wug_ip_exports",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("netbox_device_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="without prefix length, as the ipaddress module writes it"),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.Text()),
        sa.Column("scan_state", sa.Text(), comment="the progress or phase that was told last"),
        sa.Column("wug_device_id", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("pending_at", _MOMENT, nullable=False, comment="this and the other steps: when the row last came to it"),
        sa.Column("exported_at", _MOMENT),
        sa.Column("scan_triggered_at", _MOMENT),
        sa.Column("scan_completed_at", _MOMENT),
        sa.Column("failed_at", _MOMENT),
        sa.Column("looked_at", _MOMENT, comment="the last look at the scan"),
        sa.Column("settled_at", _MOMENT, comment="when the metadata of a device that a scan found was written"),
        sa.Column("error", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="since the device last arrived"),
        sa.Column("next_attempt_at", _MOMENT),
        sa.CheckConstraint(
            "reason in ('new_device', 'ip_change', 'manual', 'scheduled')",
            name=op.f("wug_ip_exports_reason_check"),
        ),
        sa.CheckConstraint(
            "status in ('pending', 'exported', 'scan_triggered', 'scan_completed', 'error')",
            name=op.f("wug_ip_exports_status_check"),
        ),
        sa.PrimaryKeyConstraint("connection", "netbox_device_id", "address", name=op.f("wug_ip_exports_pkey")),
        schema=SCHEMA,
        comment="What was sent to WhatsUp Gold and what became of it: a row for each device and address.",
    )
