"""Which system each connection of a sync reached, to notice where two reach one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "reached",
        sa.Column("sync", sa.Text(), primary_key=True),
        sa.Column("connection", sa.Text(), primary_key=True),
        sa.Column("marks", ARRAY(sa.Text()), nullable=False, comment="what its system alone has, such as ids of objects"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="since when it is that system"),
        schema=SCHEMA,
        comment="Which system each connection of a sync reached last.",
    )
