"""How fast Returns Hub is, and how much memory it takes: `python -m benchmarks`."""
