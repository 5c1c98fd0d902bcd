"""What makes an object that object, what is about to be written, and what makes a plan stale."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"


def upgrade() -> None:
    """Add it all; of the links that there are, nothing is known but what their next look tells."""
    _add_to_operations()
    _add_to_links()
    _add_to_outcomes()
    _add_intents()
    _let_plans_go_stale()
    _name_sets_of_links()


def _add_to_operations() -> None:
    identity = "JSON: what the link will remember as what makes the object that object"
    candidates = "the ids of the objects that a held record may be, parted by blanks"
    op.add_column("operation", sa.Column("identity", sa.Text(), comment=identity), schema=SCHEMA)
    op.add_column("operation", sa.Column("step", sa.Text()), schema=SCHEMA)
    op.add_column("operation", sa.Column("candidates", sa.Text(), comment=candidates), schema=SCHEMA)


def _add_to_links() -> None:
    version = "the object's version since a plan last wrote to it or claimed it"
    op.add_column("link", sa.Column("version", sa.Text(), comment=version), schema=SCHEMA)
    op.add_column("link", _created(), schema=SCHEMA)
    identity = sa.Column(
        "identity",
        JSONB(),
        nullable=False,
        server_default=sa.text("'{}'"),
        comment="what made the object that object, by field",
    )
    op.add_column("link", identity, schema=SCHEMA)


def _add_to_outcomes() -> None:
    op.add_column("outcome", _created(), schema=SCHEMA)


def _created() -> sa.Column[str]:
    return sa.Column("created", sa.Text(), comment="when the object was made, where the target tells")


def _add_intents() -> None:
    op.create_table(
        "intent",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "seq"],
            [f"{SCHEMA}.operation.plan_id", f"{SCHEMA}.operation.seq"],
            name="intent_plan_id_seq_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plan_id", "seq", name="intent_pkey"),
        schema=SCHEMA,
        comment="What a run was about to send to the target; of several runs, the last.",
    )


def _let_plans_go_stale() -> None:
    because = sa.Column("stale_because", sa.Text(), comment="what a later look says otherwise, in words")
    op.add_column("plan", because, schema=SCHEMA)
    # Which run made a plan, `making` says, of the first as of the last.
    op.drop_column("plan", "run_id", schema=SCHEMA)
    # The naming convention was applied to a name that followed it already.
    op.drop_constraint(op.f("plan_plan_state_check_check"), "plan", schema=SCHEMA)
    states = "'planned', 'waiting', 'approved', 'rejected', 'applying', 'applied', 'superseded', 'stale'"
    op.create_check_constraint(op.f("plan_state_check"), "plan", f"state in ({states})", schema=SCHEMA)
    lapsed: sa.Column[bool] = sa.Column(
        "lapsed", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment="the plan went stale since"
    )
    op.add_column("decision", lapsed, schema=SCHEMA)


def _name_sets_of_links() -> None:
    """`links` are rows of `link`; a plan has the name of a set of them."""
    op.alter_column("plan", "links", new_column_name="link_set", schema=SCHEMA)
    op.execute(f"ALTER INDEX {SCHEMA}.plan_links_started_at_idx RENAME TO plan_link_set_started_at_idx")
