"""By which mapping a record was looked at that is ignored until it changes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    column = sa.Column("mapped", sa.Text(), comment="a digest of the mapping that the fingerprint was made by")
    op.add_column("resolution", column, schema="asset_sync")
