"""Alembic's entry: one connection, one transaction, plain SQL."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        # two starting processes take turns instead of racing
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7267)")
        context.run_migrations()
