"""All that is ever said to PostgreSQL: migrations/ and queries/, one statement a file."""
