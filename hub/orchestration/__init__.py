"""The only Airflow imports outside dags/ and plugins/."""
