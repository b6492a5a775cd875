"""Measured speed and memory; medians and ratios, never timed tests."""
