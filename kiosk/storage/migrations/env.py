"""Run by alembic: how migrations reach the database."""

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

from kiosk.storage import models  # noqa: F401 - registers the tables

url = context.config.get_main_option("sqlalchemy.url") or ""
engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
