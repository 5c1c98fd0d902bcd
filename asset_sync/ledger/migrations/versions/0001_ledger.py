"""The ledger's first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the ledger's first tables."""
    op.create_table(
        "link",
        sa.Column("sync", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("claimed", sa.Text(), nullable=False, comment="'created', or the identity rule that matched"),
        sa.Column(
            "base", JSONB(), nullable=False, comment="field to the value last applied or agreed on; a reference is an id"
        ),
        sa.Column("first_seen", _MOMENT, nullable=False),
        sa.Column("missing_since", _MOMENT),
        sa.Column("missing_runs", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retired_by", sa.Text(), comment="'sync' or 'undo'; empty while in service"),
        sa.Column("retired_at", _MOMENT),
        sa.Column("plan_id", sa.Text(), comment="the plan that wrote to the object last"),
        sa.PrimaryKeyConstraint("sync", "kind", "source_key", name="link_pkey"),
        sa.UniqueConstraint("sync", "kind", "target_id", name="link_sync_kind_target_id_key"),
        schema=SCHEMA,
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sync", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("after", sa.Text()),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("undoes", sa.Text()),
        sa.Column("source_rows", JSONB(), nullable=False),
        sa.Column("counts", JSONB(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False, comment="the run that made it first"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("applied_at", _MOMENT),
        sa.CheckConstraint(
            "state in ('planned', 'waiting', 'approved', 'rejected', 'applying', 'applied', 'superseded')",
            name="plan_state_check",
        ),
        sa.PrimaryKeyConstraint("id", name="plan_pkey"),
        schema=SCHEMA,
    )
    op.create_index("plan_sync_started_at_idx", "plan", ["sync", "started_at"], schema=SCHEMA)
    op.create_table(
        "applying",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="applying_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "run_id", name="applying_pkey"),
        schema=SCHEMA,
        comment="The runs that applied a plan, or went on with it.",
    )
    op.create_index("applying_run_id_idx", "applying", ["run_id"], schema=SCHEMA)
    op.create_table(
        "decision",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("guards", ARRAY(sa.Text()), nullable=False, comment="the failed guards that the person saw"),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="decision_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "number", name="decision_pkey"),
        schema=SCHEMA,
        comment="What people decided about a plan, in order.",
    )
    op.create_table(
        "guard",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="guard_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "name", name="guard_pkey"),
        schema=SCHEMA,
    )
    op.create_table(
        "making",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False, comment="tells what came last among equal times"),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="making_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "run_id", name="making_pkey"),
        schema=SCHEMA,
        comment="The runs that made a plan: the same inputs give the same plan again.",
    )
    op.create_index("making_run_id_idx", "making", ["run_id"], schema=SCHEMA)
    op.create_table(
        "operation",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the row number in the plan"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("source_key", sa.Text()),
        sa.Column("target_id", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("changes", sa.Text(), nullable=False, comment="JSON, kept as text: the plan's id is made from its bytes"),
        sa.Column("reason", sa.Text()),
        sa.Column("hold", sa.Text()),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="operation_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "seq", name="operation_pkey"),
        schema=SCHEMA,
    )
    op.create_index(
        "operation_created_idx",
        "operation",
        ["plan_id", "kind", "key"],
        schema=SCHEMA,
        postgresql_where=sa.text("op = 'create'"),
    )
    op.create_table(
        "sighting",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sync", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], [f"{SCHEMA}.plan.id"], name="sighting_plan_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "run_id", name="sighting_pkey"),
        schema=SCHEMA,
        comment="What the links remember of one run's look at the source, recorded once.",
    )
    op.create_index("sighting_sync_at_idx", "sighting", ["sync", "at"], schema=SCHEMA)
    op.create_table(
        "outcome",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("target_id", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "seq"],
            [f"{SCHEMA}.operation.plan_id", f"{SCHEMA}.operation.seq"],
            name="outcome_plan_id_seq_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plan_id", "seq", name="outcome_pkey"),
        schema=SCHEMA,
    )
    op.create_index("outcome_target_id_idx", "outcome", ["target_id"], schema=SCHEMA)
    op.create_table(
        "source_count",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "run_id"],
            [f"{SCHEMA}.sighting.plan_id", f"{SCHEMA}.sighting.run_id"],
            name="source_count_plan_id_run_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plan_id", "run_id", "source", name="source_count_pkey"),
        schema=SCHEMA,
    )
