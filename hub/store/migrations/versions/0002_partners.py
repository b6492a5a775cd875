"""Partners: interchanges with a state, functional groups, acknowledgements, numbers by identities."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Grow what is kept about interchanges."""
    # the driver's own connection: one script of many statements, its % signs left alone
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101  # a bound connection has one
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
