"""Version 1 of the uploads contract."""
