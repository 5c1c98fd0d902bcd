"""Runs that were asked for, what is paused, and which hooks were taken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "asked",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("sync", sa.Text(), nullable=False),
        sa.Column("partition", sa.Text()),
        sa.Column("config", JSONB(), nullable=False, comment="of its steps, by their names"),
        sa.Column("steps", JSONB(), nullable=False, comment="the sync's own steps that are to be run; empty for all"),
        sa.Column("tags", JSONB(), nullable=False),
        sa.Column("topic", sa.Text(), comment="what is asked for again until it is taken is asked for once"),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("not_before", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT),
        sa.Column("taken_by", sa.Text(), comment="daemon, or service"),
        sa.Column("failed", sa.Text(), comment="why it never became a run, in a line"),
        schema=SCHEMA,
        comment="The runs that somebody asked for by REST, by a hook or on the command line.",
    )
    op.create_index("asked_waiting_idx", "asked", ["not_before"], schema=SCHEMA, postgresql_where=sa.text("taken_at IS NULL"))
    op.create_table(
        "pause",
        sa.Column("sync", sa.Text(), primary_key=True, comment="empty for all"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        schema=SCHEMA,
        comment="What is not to write now, and why.",
    )
    op.create_table(
        "hook",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        schema=SCHEMA,
        comment="The hooks that were taken, as long as they are young enough to be sent again.",
    )
