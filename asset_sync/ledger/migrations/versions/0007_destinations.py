"""Where links lead to: other sets of links may have the same objects."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "destination",
        sa.Column("link_set", sa.Text(), primary_key=True),
        sa.Column("target", sa.Text(), nullable=False, comment="the system, as it is reached"),
        schema=SCHEMA,
        comment="Which system each set of links leads to.",
    )
