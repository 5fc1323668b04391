"""Stands before the real one, which comes with the tests' tools: structlog loads it where it finds it, 7 MB per process."""

raise ImportError("An installation without the extra 'test' has none.")
