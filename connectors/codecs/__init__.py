"""Bytes to plain tree and back, pure: no I/O."""
