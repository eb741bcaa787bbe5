"""Bring a database to this release's schema (alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from kiosk.storage.database import SCHEMA, current_revision

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(path: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}".replace("%", "%%"))
    return config


def upgrade(path: Path) -> None:
    """Create or upgrade the database file; does nothing to one that is up to date."""
    if current_revision(path) != SCHEMA:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        command.upgrade(_config(path), SCHEMA)
