"""Flows: which system is read or written, with which mapping, policy and key."""
