"""What people decided about held records, and a way to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table, and the index by which the held rows of plans are found."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "resolution",
        sa.Column("number", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("link_set", sa.Text(), nullable=False, comment="the sync whose links it is about"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text()),
        sa.Column("field", sa.Text()),
        sa.Column("until_changed", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text(), comment="of what the record said; as long as it says so, it is ignored"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("taken_back_by", sa.Text()),
        sa.Column("taken_back_at", moment),
        schema=SCHEMA,
        comment="What people decided about held records.",
    )
    op.create_index("resolution_link_set_kind_source_key_idx", "resolution", ["link_set", "kind", "source_key"], schema=SCHEMA)
    held = sa.text("hold IS NOT NULL")
    op.create_index("operation_held_idx", "operation", ["plan_id"], schema=SCHEMA, postgresql_where=held)
