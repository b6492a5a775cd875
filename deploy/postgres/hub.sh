#!/usr/bin/env bash
# Run once by the PostgreSQL image on an empty data folder: the hub's own role and database beside Airflow's.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=password="$HUB_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE hub LOGIN PASSWORD :'password';
CREATE DATABASE hub OWNER hub;
SQL
