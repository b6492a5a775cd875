"""A system that brings its documents itself, through the hub's own intake API."""
