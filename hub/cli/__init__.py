"""The `returns-hub` command."""
