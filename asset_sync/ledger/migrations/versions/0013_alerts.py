"""What each channel of alerts was told, and who tells it now."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alert_channel",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="since it took a message"),
        sa.Column("retry_at", _MOMENT, comment="until when it is left alone after a failure"),
        sa.Column("digest_at", _MOMENT, comment="up to when the last digest told"),
        sa.Column("claimed_by", sa.Text(), comment="who tells it now"),
        sa.Column("claimed_until", _MOMENT, comment="when the claim lapses, by the database's clock"),
        schema=SCHEMA,
        comment="The channels of alerts: one sender at a time tells each.",
    )
    op.create_table(
        "alert",
        sa.Column("channel", sa.Text(), sa.ForeignKey(f"{SCHEMA}.alert_channel.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("sort", sa.Text(), primary_key=True),
        sa.Column("about", sa.Text(), primary_key=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text()),
        sa.Column("run_id", sa.Text()),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("told_at", _MOMENT, comment="when it was told last; empty before"),
        sa.Column("over_at", _MOMENT, comment="since when it is over, which is yet to be told"),
        schema=SCHEMA,
        comment="The causes that each channel knows.",
    )
