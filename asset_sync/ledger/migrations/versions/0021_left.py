"""That a record left an object is told by how its link came about, not by what its key looks like."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_FORGOTTEN = """
    UPDATE asset_sync.link SET claimed = 'written by this sync for a record that was it by a decision that is over',
        missing_since = CASE WHEN made THEN missing_since END
    WHERE claimed LIKE 'decision: %' AND source_key LIKE '% (left #' || target_id || ')'
"""


def upgrade() -> None:
    """Tell it of the links that were left with a decision; they said by which one they came about."""
    op.execute(_FORGOTTEN)
