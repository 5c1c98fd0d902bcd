"""Which fields each write was of, and where operations on a record are: neither needs all plans to be read any more."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCHEMA = "asset_sync"

_FILLED = """
    UPDATE asset_sync.outcome AS done SET fields = (
        SELECT '[' || string_agg(to_json(name)::text, ',' ORDER BY name COLLATE "C") || ']'
        FROM json_object_keys(o.changes::json) AS name
        -- What was not stored of a create has a value all the same; an update left it as it was.
        WHERE o.op = 'create' OR coalesce(jsonb_typeof(done.instead -> name), 'array') = 'array'
    )
    FROM asset_sync.operation AS o
    WHERE o.plan_id = done.plan_id AND o.seq = done.seq AND done.outcome IN ('applied', 'already')
"""


def upgrade() -> None:
    """Add the column, filled for what was written before, and the indexes."""
    told = "JSON: the names of the fields that were written; empty where there are none"
    op.add_column("outcome", sa.Column("fields", sa.Text(), comment=told), schema=SCHEMA)
    op.execute(_FILLED)
    for name in ("source_key", "key"):
        op.create_index(
            f"operation_{name}_idx",
            "operation",
            [name],
            schema=SCHEMA,
            postgresql_using="brin",
            postgresql_ops={name: "text_bloom_ops"},
            postgresql_with={"autosummarize": "on"},
        )
