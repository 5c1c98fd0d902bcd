"""Columns that a real Snipe-IT 8.1.4 showed to be missing. The SQL stands in the files beside this one."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NOT_ENFORCED = (18,)
"""The first PostgreSQL that knows a foreign key which is told and not enforced."""


def upgrade() -> None:
    """Add the columns, and have all tables read whole once."""
    _run("0002_snipeit_814.sql")
    if (op.get_bind().dialect.server_version_info or ()) >= _NOT_ENFORCED:
        _run("0002_foreign_keys.sql")


def _run(file: str) -> None:
    op.get_bind().connection.cursor().execute(Path(__file__).with_name(file).read_text(encoding="utf-8"))
