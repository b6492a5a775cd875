"""Tools for people who write mappings: show, test, compare with what is stored, begin a new one."""
