"""Commands to campaigns, and single writes: at once, at the dialer's pace, and answered with the dialer's own verdict."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from marshmallow import RAISE, ValidationError

from dialers import clients, masking
from dialers.base import Connection
from dialers.giving import (
    CANCEL_CALL,
    DELETE_LEAD,
    END_CALL,
    SET_LEAD_STATUS,
    SET_VOICEMAIL,
    START_CALL,
    CannotDo,
    Refused,
    to_be_called,
)
from dialers.registry import DIALERS
from leads import desks
from lib import clock, ids, phone
from lib.complaints import first
from lib.discreet import discreet
from lib.http.errors import Unavailable
from models import audit
from models.database import Database
from outcomes import suppressions

# Which single writes change something at the dialer, as they are noted; the others ask.
NOTED = {
    CANCEL_CALL: "call.cancel",
    DELETE_LEAD: "lead.delete",
    END_CALL: "call.end",
    SET_LEAD_STATUS: "lead.set_status",
    SET_VOICEMAIL: "call.set_voicemail",
    START_CALL: "call.start",
}
LONGEST_WAIT = 10.0  # seconds for the dialer's pace; then the caller is told when to ask again


class Noted(NamedTuple):
    """How an act is noted."""

    act: str
    subject: str | None
    details: Mapping[str, Any]


def control(database: Database, connection: Connection, campaign: str, command: str) -> Any:
    """Send a command to a campaign; the dialer's answer. Raises CannotDo and what ``giving.Control`` raises."""
    offered = DIALERS[connection.dialer].control
    if offered is None or command not in offered.commands:
        can = ", ".join(offered.commands) if offered else "none"
        raise CannotDo(f"{connection.dialer} has no command {command} for campaigns; its commands: {can}.")
    DIALERS[connection.dialer].ready(connection)
    noted = Noted("campaign.command", campaign, {"command": command})
    return _asked(
        database, connection, lambda client: offered.run(client, connection, campaign, offered.commands[command]), noted
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
    noted = Noted(NOTED[name], *_about(given, connection.default_country)) if name in NOTED else None
    return _asked(database, connection, lambda client: offered.run(client, connection, checked), noted)


def _check_number(database: Database, connection: Connection, written: str) -> None:
    """Raises Refused where it is none, or must not be called."""
    number = to_be_called(written, connection.default_country).number
    with database.read() as session:
        found = suppressions.reasons(session, {number}, clock.now())
    if found:
        raise Refused("number", found[number])


def _about(given: Mapping[str, Any], country: str | None) -> tuple[str | None, dict[str, str]]:
    """What is acted upon, and with what: no more of a number than a note may hold. To dialers, one may be a lead's or a call's
    id, or stand in it."""
    subject = given.get("lead") or given.get("call") or given.get("campaign")
    details = {"status": discreet(str(given["status"]), country)[:200]} if "status" in given else {}
    if "number" in given:
        details["number"] = phone.masked(str(given["number"]))
    if subject is None or ids.parse(subject):
        return subject, details
    return discreet(str(subject), country), details


def _asked(database: Database, connection: Connection, ask: Callable[[Any], Any], noted: Noted | None) -> Any:
    """What the dialer says. A note stands before the request leaves: whoever asked is known, whatever comes of it."""
    leads, wait = DIALERS[connection.dialer].leads, 0.0
    if leads is not None or (noted is not None and audit.actor() is not None):
        with database.write() as session:
            if noted is not None:
                audit.note(session, noted.act, connection=connection.name, subject=noted.subject, details=noted.details)
            at = clock.now()
            if leads is not None:
                wait = (desks.slot(session, connection.name, leads.pace(connection), at) - at).total_seconds()
            if wait > LONGEST_WAIT:
                busy = Unavailable(f"{connection.dialer} allows no more requests now; ask again in {wait:.0f} s.")
                busy.retry_after = wait
                raise busy  # the slot is given back: what was written is rolled back
        time.sleep(max(0.0, wait))
    client = clients.known(connection, clock.now()).client
    with masking.discreet(connection, client):
        return masking.masked(ask(client), connection, client)
