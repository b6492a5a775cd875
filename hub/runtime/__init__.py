"""Starting everything on one machine: embedded PostgreSQL, Airflow, supervision."""
