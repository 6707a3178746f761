"""The coordinator: the only process that knows PostgreSQL; everyone else calls it over gRPC."""
