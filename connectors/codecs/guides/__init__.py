"""Grammars of EDI messages: data files only."""
