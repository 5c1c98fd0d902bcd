"""A decision says what its record was called: a list of keys alone tells a person little."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of decisions that were made before, nothing is told."""
    called: sa.Column[str] = sa.Column("key", sa.Text(), comment="what the record was called when it was decided")
    op.add_column("resolution", called, schema="asset_sync")
