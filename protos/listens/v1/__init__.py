"""Version 1 of the listens contract."""
