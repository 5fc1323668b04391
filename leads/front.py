"""The front desk: what API, pages and commands ask of ``leads``, with the connections that are configured."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from dialers import masking
from dialers.base import Connection
from leads import commands, files, loads
from leads.bounds import Row
from leads.loading import Loading, offered
from models.database import Database
from outcomes import doubts


class Front:
    """``callbacks`` are our URLs, by connection and kind. Every method raises what ``dialers.giving`` and
    ``dialers.errors`` describe; KeyError for a connection that is not configured."""

    decisions = tuple(loads.DECISIONS)
    states = loads.SHOWN_STATES

    def __init__(
        self, database: Database, connections: Mapping[str, Connection], callbacks: Mapping[str, Mapping[str, str]]
    ):
        self._database = database
        self._connections = connections
        self._callbacks = callbacks

    def rows(self, data: bytes, content_type: str) -> Iterable[Row]:
        """The rows of a list as it was sent or stands in a file."""
        return files.rows(data, content_type)

    def document(self, data: bytes) -> dict[str, Any]:
        """A JSON object as it was sent, and under ``leads`` the rows of its list."""
        return files.document(data)

    def offered(self, connection: str, campaign: str | None) -> None:
        """Nothing where leads can be loaded into the campaign (None: a new one) at all. Raises CannotDo."""
        offered(self._connections[connection], campaign)

    def loading(
        self,
        connection: str,
        campaign: str | None,
        rows: Iterable[Row],
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Loading:
        """Check a list for a campaign (None: a new one); nothing is stored or sent yet."""
        return Loading(self._connections[connection], campaign, rows, name, options)

    def dry(self, loading: Loading) -> dict[str, Any]:
        """What would be sent; our URLs with ``...`` for the token, since whoever knows it can make up outcomes."""
        urls = self._callbacks.get(loading.connection.name, {})
        for token in loading.connection.callback_tokens:
            urls = {kind: url.replace(f"/{token}/", "/.../") for kind, url in urls.items()}
        return loading.shown(urls)

    def keep(self, loading: Loading) -> UUID:
        """Have it sent; the load's id."""
        return loading.keep(self._database)

    def load(self, load_id: UUID, after: int, limit: int, state: str | None) -> dict[str, Any] | None:
        with self._database.read() as session:
            found = loads.shown(session, load_id, after, limit, state)
        if found is not None:
            self._hide(found["connection"], [found, *found["leads"]])
        return found

    def loads(self, connection: list[str] | None, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """``{"loads", "next"}``, newest first. Raises BadCursor."""
        with self._database.read() as session:
            found = loads.page(session, connection, limit, cursor)
        for load in found["loads"]:
            self._hide(load["connection"], [load])
        return found

    def _hide(self, connection: str, told: list[dict[str, Any]]) -> None:
        """No secret in what the dialer has said: it is masked before it is stored, but an older release did not."""
        spoken = [one for one in told if one["reason"]]
        if spoken and connection in self._connections:
            reasons = masking.masked([one["reason"] for one in spoken], self._connections[connection])
            for one, reason in zip(spoken, reasons, strict=True):
                one["reason"] = reason

    def in_doubt(self) -> dict[str, dict[str, Any]]:
        """What ``outcomes.doubts.unknown_leads`` tells, by connection."""
        with self._database.read() as session:
            return doubts.unknown_leads(session)

    def resume(self, load_id: UUID) -> bool:
        with self._database.write() as session:
            return loads.resume(session, load_id)

    def decide(self, load_id: UUID, decision: str) -> int | None:
        with self._database.write() as session:
            return loads.decide(session, load_id, decision)

    def control(self, connection: str, campaign: str, command: str) -> Any:
        return commands.control(self._database, self._connections[connection], campaign, command)

    def act(self, connection: str, name: str, given: Mapping[str, Any]) -> Any:
        callbacks = self._callbacks.get(connection, {})
        return commands.act(self._database, self._connections[connection], name, given, callbacks)
