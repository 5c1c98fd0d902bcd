"""Links that several syncs share: a plan says whose links it goes by, a link whose record it is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add both columns; so far every sync had links of its own."""
    _add("plan", "links", "the sync whose links it goes by, mostly its own")
    _add("link", "told_by", "the sync whose record it is: it alone says that it is gone")
    op.alter_column("link", "sync", comment="whose links they are; others may share them", schema=SCHEMA)
    op.drop_index("plan_sync_started_at_idx", "plan", schema=SCHEMA)
    op.create_index("plan_links_started_at_idx", "plan", ["links", "started_at"], schema=SCHEMA)


def _add(table: str, name: str, comment: str) -> None:
    op.add_column(table, sa.Column(name, sa.Text(), comment=comment), schema=SCHEMA)
    filled = sa.table(table, sa.column(name), sa.column("sync"), schema=SCHEMA)
    op.execute(filled.update().values({name: filled.c.sync}))
    op.alter_column(table, name, nullable=False, schema=SCHEMA)
