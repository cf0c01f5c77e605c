"""What Alembic runs: the upgrade, on the connection that :mod:`storage.migrate` hands over."""

from __future__ import annotations

from alembic import context

from storage.schema import metadata


def run() -> None:
    """Upgrade inside the transaction that is already open, so that it happens whole or not."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run()
