"""Bodies of callbacks and records: opened, whatever became of them on the way, and read event by event."""

from dialers.bodies.members import each, glance, record

__all__ = ["each", "glance", "record"]
