"""Ryng's campaigns and queues: ids, names, and the rows that were put into them."""

import itertools
import threading
from dataclasses import dataclass, field


@dataclass
class Batch:
    """A campaign or a queue, with what its page says about calling."""

    id: int
    name: str
    rows: list[dict] = field(default_factory=list)
    fields: dict = field(default_factory=dict)


class BadRequest(ValueError):
    """The body is not what the page asks for; Ryng answers such a request with its page's 500."""


class Batches:
    """Campaigns or queues by id."""

    def __init__(self, first: int):
        self._lock = threading.Lock()
        self._ids = itertools.count(first)
        self._batches: dict[int, Batch] = {}

    def get(self, batch_id: int | None, name: str = "") -> Batch:
        """The batch; a new one where no id is given. Raises BadRequest for an id that does not exist."""
        with self._lock:
            if batch_id is None:
                fresh = next(self._ids)
                return self._batches.setdefault(fresh, Batch(fresh, name.replace("{id}", str(fresh))))
            if batch_id not in self._batches:
                raise BadRequest("no such id")
            return self._batches[batch_id]

    def all(self) -> list[Batch]:
        with self._lock:
            return list(self._batches.values())
