"""The first schema."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    # the driver's own connection: one script of many statements, its % signs left alone
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  # a bound connection has one
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
