"""A decision says which one came in its place: by its end alone it looked as if a person had taken it back."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; one that came in the place of another ended it by the same person at the same moment."""
    replaced_by: sa.Column[int] = sa.Column("replaced_by", sa.BigInteger(), comment="the number of what came in its place")
    op.add_column("resolution", replaced_by, schema="asset_sync")
    op.execute(
        "UPDATE asset_sync.resolution AS ended SET replaced_by = later.number FROM asset_sync.resolution AS later"
        " WHERE (later.link_set, later.kind, later.source_key) = (ended.link_set, ended.kind, ended.source_key)"
        " AND (later.by, later.at) = (ended.taken_back_by, ended.taken_back_at) AND later.number > ended.number"
    )
