"""What made an object that object when a plan was made about it, or a person decided."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the columns; of what was planned and decided before, nothing is known."""
    planned = "JSON: what made the object that object, as the plan saw it"
    op.add_column("operation", sa.Column("about", sa.Text(), comment=planned), schema=SCHEMA)
    decided = "JSON: what made the object that object when a plan first went by the decision"
    op.add_column("resolution", sa.Column("about", sa.Text(), comment=decided), schema=SCHEMA)
