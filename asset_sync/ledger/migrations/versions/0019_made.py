"""That this sync made an object stays known, whichever of its records is that object since."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"
_LINK = sa.table("link", sa.column("claimed"), sa.column("made"), schema=SCHEMA)
_BY_THIS_SYNC = ("created", "made by this sync for a record that is another object by decision")


def upgrade() -> None:
    """Add the column; it was told by the way in which a link came about, and was lost with that."""
    made: sa.Column[bool] = sa.Column(
        "made", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment="whether this sync made the object"
    )
    op.add_column("link", made, schema=SCHEMA)
    op.execute(sa.update(_LINK).where(_LINK.c.claimed.in_(_BY_THIS_SYNC)).values(made=True))
