"""Commands to campaigns, and single writes: at once, at the dialer's pace, and answered with the dialer's own verdict."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import RAISE, ValidationError

from dialers import clients, masking
from dialers.base import Connection
from dialers.giving import START_CALL, CannotDo, Refused, to_be_called
from dialers.registry import DIALERS
from leads import desks
from lib import clock
from lib.complaints import first
from lib.http.errors import Unavailable
from models.database import Database
from outcomes import suppressions

LONGEST_WAIT = 10.0  # seconds for the dialer's pace; then the caller is told when to ask again


def control(database: Database, connection: Connection, campaign: str, command: str) -> Any:
    """Send a command to a campaign; the dialer's answer. Raises CannotDo and what ``giving.Control`` raises."""
    offered = DIALERS[connection.dialer].control
    if offered is None or command not in offered.commands:
        can = ", ".join(offered.commands) if offered else "none"
        raise CannotDo(f"{connection.dialer} has no command {command} for campaigns; its commands: {can}.")
    DIALERS[connection.dialer].ready(connection)
    return _asked(
        database, connection, lambda client: offered.run(client, connection, campaign, offered.commands[command])
    )


def act(
    database: Database, connection: Connection, name: str, given: Mapping[str, Any], callbacks: Mapping[str, str]
) -> Any:
    """Do one thing; the dialer's answer. Our URLs go along where the act takes ``callbacks``. Raises CannotDo, Refused and
    what ``giving.Act`` raises."""
    offered = DIALERS[connection.dialer].acts.get(name)
    if offered is None:
        raise CannotDo(f"{connection.dialer} does not offer this: {name.replace('_', ' ')}.")
    DIALERS[connection.dialer].ready(connection)
    schema = offered.given(unknown=RAISE)
    ours = {"callbacks": dict(callbacks)} if "callbacks" in schema.fields else {}
    try:
        checked = schema.load({**given, **ours})
    except ValidationError as error:
        raise Refused(*first(error.messages)) from None
    if name == START_CALL:
        _check_number(database, connection, checked["number"])
    return _asked(database, connection, lambda client: offered.run(client, connection, checked))


def _check_number(database: Database, connection: Connection, written: str) -> None:
    """Raises Refused where it is none, or must not be called."""
    number = to_be_called(written, connection.default_country).number
    with database.read() as session:
        found = suppressions.reasons(session, {number}, clock.now())
    if found:
        raise Refused("number", found[number])


def _asked(database: Database, connection: Connection, ask: Callable[[Any], Any]) -> Any:
    leads = DIALERS[connection.dialer].leads
    if leads is not None:
        with database.write() as session:
            at = clock.now()
            wait = (desks.slot(session, connection.name, leads.pace(connection), at) - at).total_seconds()
            if wait > LONGEST_WAIT:
                busy = Unavailable(f"{connection.dialer} allows no more requests now; ask again in {wait:.0f} s.")
                busy.retry_after = wait
                raise busy  # the slot is given back: what was written is rolled back
        time.sleep(max(0.0, wait))
    client = clients.known(connection, clock.now()).client
    with masking.discreet(connection, client):
        return masking.masked(ask(client), connection, client)
