"""Of each look: whether its absences were counted, and whether it was about some records alone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {"counted": "what it misses was counted as missing", "partial": "it was about some of the source's records alone"}


def upgrade() -> None:
    """Add the columns."""
    for name, words in COLUMNS.items():
        column: sa.Column[bool] = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=words)
        op.add_column("making", column, schema="asset_sync")
