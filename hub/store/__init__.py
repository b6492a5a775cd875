"""PostgreSQL through psycopg 3: named SQL, schema, migrations."""
