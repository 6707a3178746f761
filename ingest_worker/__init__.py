"""The worker that parses export files and opens archives; it never sees SQL, and sends no personal field."""
