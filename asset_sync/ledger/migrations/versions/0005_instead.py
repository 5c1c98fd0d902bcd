"""What stands in the fields that a create was stored without."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the column; so far a create was stored whole or counted as failed."""
    told = "by field, where a create was stored without it"
    instead = sa.Column("instead", JSONB(), nullable=False, server_default=sa.text("'{}'"), comment=told)
    op.add_column("outcome", instead, schema=SCHEMA)
