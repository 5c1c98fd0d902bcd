"""What this sync made is known by what its plans created, also where its record was recognised otherwise since."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# A target that came back from a backup gives ids again: that a link is of the object that was made, the moment tells.
_MADE = """
    UPDATE asset_sync.link AS known SET made = true
    FROM asset_sync.outcome AS done
    JOIN asset_sync.operation AS o ON o.plan_id = done.plan_id AND o.seq = done.seq
    JOIN asset_sync.plan AS p ON p.id = done.plan_id
    WHERE NOT known.made AND p.link_set = known.sync AND o.op = 'create' AND o.kind = known.kind
        AND done.outcome = 'applied' AND done.target_id = known.target_id AND done.created = known.created
"""


def upgrade() -> None:
    """Tell it of the links that there are."""
    op.execute(_MADE)
