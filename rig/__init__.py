"""What tests and the benchmark both stand on: ports, waiting, a PostgreSQL server."""
