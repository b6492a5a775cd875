"""The mapping notation: YAML in the shape of its target, compiled to Python functions."""
