"""Which process carries out which run."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "lease",
        sa.Column("run_id", sa.Text(), primary_key=True),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.Text(), nullable=False, comment="tells one process from another of the same number"),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
        comment="Which process carries out which run, and when it was last heard of.",
    )
