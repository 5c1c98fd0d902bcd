"""When each connection of a sync ran, and who has its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"
_MOMENT = sa.DateTime(timezone=True)
_FROM_PLANS = f"""
    INSERT INTO {SCHEMA}.schedule (sync, connection, last_sync, last_success, failures, counted)
    SELECT plan.sync, substr(plan.link_set, length(plan.sync) + 2), max(making.at), max(plan.applied_at), 0, true
    FROM {SCHEMA}.plan JOIN {SCHEMA}.making ON making.plan_id = plan.id
    WHERE starts_with(plan.link_set, plan.sync || '/') AND plan.mode IN ('normal', 'full') AND plan.undoes IS NULL
    GROUP BY plan.sync, plan.link_set
"""  # noqa: S608 - the schema's name is none of a person's


def upgrade() -> None:
    """Add the table, with what the plans of connections tell of the runs so far."""
    op.create_table(
        "schedule",
        sa.Column("sync", sa.Text(), primary_key=True),
        sa.Column("connection", sa.Text(), primary_key=True),
        sa.Column("last_sync", _MOMENT, comment="when the last turn was claimed, before any work"),
        sa.Column("last_success", _MOMENT, comment="when the last turn that succeeded ended"),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="since the last success"),
        sa.Column("failed_at", _MOMENT, comment="when the last turn ended, where it failed"),
        sa.Column("last_error", sa.Text(), comment="why, in a line; empty after a success"),
        sa.Column("owner", sa.Text(), comment="the run that has the connection, or the request for one that has not begun"),
        sa.Column("expires_at", _MOMENT, comment="until when the request counts; of a run that has begun its lease tells"),
        sa.Column(
            "counted", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="what the owner does is a turn"
        ),
        schema=SCHEMA,
        comment="When each connection of a sync ran, how it went, and who has it now.",
    )
    op.execute(_FROM_PLANS)
