"""The partner-facing intake API."""
