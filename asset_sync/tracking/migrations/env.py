"""How Alembic runs the migrations: on the connection, and within the transaction, that `migrate` gives."""

from alembic import context

from asset_sync.tracking.schema import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
)
context.run_migrations()
