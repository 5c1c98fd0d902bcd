"""The mirror's first tables, its views and its functions. The SQL stands in the files beside this one."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NOT_ENFORCED = (18,)
"""The first PostgreSQL that knows a foreign key which is told and not enforced."""


def upgrade() -> None:
    """Make the tables, the views and the functions.

    Foreign keys are declared for people and tools to see where the server can do that without enforcing them. Enforced ones
    would refuse a load whenever Snipe-IT points to a row that it does not show; an asset check tells of such rows instead.
    """
    _run("0001_tables.sql")
    _run("0001_views.sql")
    if (op.get_bind().dialect.server_version_info or ()) >= _NOT_ENFORCED:
        _run("0001_foreign_keys.sql")


def _run(file: str) -> None:
    # By the driver's own cursor: many statements at once, with percent signs in them.
    op.get_bind().connection.cursor().execute(Path(__file__).with_name(file).read_text(encoding="utf-8"))
