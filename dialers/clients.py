"""The dialers' clients that this process keeps: one per connection, so that all of its threads share one token."""

import threading
from dataclasses import dataclass
from datetime import datetime

from dialers.connection import AnyClient, Connection
from dialers.registry import DIALERS


@dataclass
class Known:
    """A client, and since when this process has known the connection as it is configured now."""

    client: AnyClient
    since: datetime
    tried: datetime | None = None  # loads that were parked until then have had their one more login

    def resumed(self, parked_at: datetime | None) -> None:
        """Loads go on that were parked at this moment: their credentials may have been mended at the dialer. A client that
        remembers a refusal is allowed one more login; for the same moment not a second one, which might lock the account."""
        with _lock:
            if parked_at is None or parked_at <= (self.tried or self.since):
                return
            self.tried = parked_at
        if hasattr(self.client, "forget_refusal"):  # others remember none
            self.client.forget_refusal()


_known: dict[str, tuple[Connection, Known]] = {}
_lock = threading.Lock()


def known(connection: Connection, at: datetime) -> Known:
    """The connection's client; a new one where its settings are others than before."""
    with _lock:
        if connection.name not in _known or _known[connection.name][0] != connection:
            _known[connection.name] = (connection, fresh(connection, at))
        return _known[connection.name][1]


def fresh(connection: Connection, at: datetime) -> Known:
    """A new client that nobody shares: it knows of no refusal."""
    client = DIALERS[connection.dialer].client
    return Known(client(connection) if client else None, at)
