"""When the next request to each account of a system may leave, for all runs together."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "budget",
        sa.Column(
            "account", sa.Text(), primary_key=True, comment="a system's name, and what tells address and user from others"
        ),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False, comment="the run whose request leaves last, or that was told to wait"),
        sa.Column("taken_before_by", sa.Text(), comment="the run whose request left before that one"),
        schema=SCHEMA,
        comment="When the next request to an account of a system may leave, for all runs together.",
    )
