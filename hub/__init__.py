"""The engine: inbox, ledger, mapping, policy, effects, dead letters."""
