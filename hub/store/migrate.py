"""Bring a hub database to the schema of this version. Alembic does the work; the steps are plain SQL."""

from __future__ import annotations

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database_url: str) -> str:
    """Apply all missing migrations in one transaction and return the revision reached.

    Args:
        database_url: libpq URL, `postgresql://…`.
    """
    # imported here: SQLAlchemy is needed for nothing else and costs half a second
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    driver_url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", driver_url.replace("%", "%%"))
    command.upgrade(config, "head")
    return ScriptDirectory.from_config(config).get_current_head() or ""
