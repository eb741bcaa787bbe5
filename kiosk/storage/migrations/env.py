"""Run by alembic: how migrations reach the database."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

from kiosk.storage import members, models, staff, trail  # noqa: F401 - they register the tables

LOCK = 0x6B696F736B  # "kiosk": one upgrade at a time

with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        transactional_ddl=True,  # on SQLite too, whose transactions begin by hand: a kill leaves no half
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).all():
            raise RuntimeError("the upgrade would leave rows that point nowhere; nothing was changed")
