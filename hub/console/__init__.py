"""The ops console, mounted into the Airflow UI."""
