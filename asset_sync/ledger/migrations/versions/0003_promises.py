"""What makes an object that object, what a step of a plan waits for, and who a held record may be."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add the columns; of the links that there are, nothing is known but what their next look tells."""
    _add_to_operations()
    _add_to_links()


def _add_to_operations() -> None:
    identity = "JSON: what the link will remember as what makes the object that object"
    candidates = "the ids of the objects that a held record may be, parted by blanks"
    op.add_column("operation", sa.Column("identity", sa.Text(), comment=identity), schema=SCHEMA)
    op.add_column("operation", sa.Column("step", sa.Text()), schema=SCHEMA)
    op.add_column("operation", sa.Column("candidates", sa.Text(), comment=candidates), schema=SCHEMA)


def _add_to_links() -> None:
    version, created = "the object's version since a plan last wrote to it", "when the object was made, where the target tells"
    op.add_column("link", sa.Column("version", sa.Text(), comment=version), schema=SCHEMA)
    op.add_column("link", sa.Column("created", sa.Text(), comment=created), schema=SCHEMA)
    identity = sa.Column(
        "identity",
        JSONB(),
        nullable=False,
        server_default=sa.text("'{}'"),
        comment="what made the object that object, by field",
    )
    op.add_column("link", identity, schema=SCHEMA)
