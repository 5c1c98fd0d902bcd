"""Sessions that their people ended."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "signed_out",
        sa.Column("session", sa.Text(), primary_key=True, comment="the id of a session"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="when it would have ended by itself"),
        schema=SCHEMA,
        comment="The sessions that their people ended, as long as their cookies would be good.",
    )
