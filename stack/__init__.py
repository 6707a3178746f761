"""The local stack: an embedded PostgreSQL and every process, used by `make run` and by the tests."""
