"""Version 1 of the jobs contract."""
