"""What is put on the list of numbers that must not be called reaches the dialers: leads that they have with such a number are
found, to be taken out (``leads.taking_out``) or told to a person."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.giving import CALLED, LISTED, TOLD, TakingOut
from dialers.registry import DIALERS
from dialers.vocabulary import CONNECTED
from lib import clock, ids
from models import CallOutcome, Lead, LeadLoad, LoadedLead, Suppression, TakeOut
from models.bulk import among, insert_new, update_rows
from models.database import AnyRow, Database
from models.holding import WRITING, holders
from models.loads import PENDING as TO_BE_SENT
from models.loads import SENDING
from models.take_outs import BY_HAND, DONE, LEFT, PENDING
from outcomes import suppressions
from outcomes.lead_match import MAY_BE_CALLED
from queries.loaded import calls_of

PIECE = 100  # numbers at once
TIDY_SECONDS = 60.0
NO_WAY = "{} has no way to take a lead out over its API; take it out there."
NO_ID = "Nobody can tell under which id {} has it: look for its number there."

_TABLE, _NEWS = TakeOut.__table__, Suppression.__table__
_ANEW = {"sent_at": None, "settled_at": None, "settled_by": None}
Found = dict[str, Any]


class Spreading:
    """The worker's loop of it. ``step`` looks for the leads of some numbers; how many numbers it were, 0 where none is new. Now
    and then it lets go of those whose end has come."""

    def __init__(self, database: Database, connections: Mapping[str, Connection]):
        self._database = database
        self._connections = connections
        self._news: Sequence[AnyRow] = ()
        self._sending: set[str] = set()
        self._tidied = time.monotonic()

    def step(self) -> int:
        if not self._news:
            with self._database.read() as session:
                self._news = _unspread(session)
                self._sending = _sending(session) if self._news else set()
            if not self._news:
                self._let_go()
                return 0
        # Whoever writes a lead down at this moment may have looked at the list before: what comes of it is seen then.
        if self._sending:
            with self._database.read() as session:
                self._sending &= _sending(session)
            if self._sending:
                return 0
        news, self._news = self._news, ()
        with self._database.write() as session:
            at = clock.now()
            standing = suppressions.reasons(session, {row.number for row in news}, at)
            numbers = {row.number: row.id for row in news if row.number in standing}
            for connection in self._connections.values():
                _note(session, _found(session, connection, numbers, at))
            spread = among(session, _NEWS.c.id, [row.id for row in news])
            session.execute(update(_NEWS).where(spread).values(spread_at=at))
        return len(news)

    def _let_go(self) -> None:
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            with self._database.write() as session:
                suppressions.let_go(session, clock.now())


def _unspread(session: Session) -> Sequence[AnyRow]:
    new = select(_NEWS.c.id, _NEWS.c.number).where(_NEWS.c.spread_at.is_(None))
    return session.execute(new.order_by(_NEWS.c.id).limit(PIECE)).all()


def _sending(session: Session) -> set[str]:
    """Who sends leads at this moment, or writes down which a dialer lists."""
    return holders(session, LeadLoad.__tablename__) | holders(session, Lead.__tablename__, WRITING)


def _found(session: Session, connection: Connection, numbers: Mapping[str, UUID], at: datetime) -> list[Found]:
    """The connection's leads with these numbers, as rows of ``TakeOut``."""
    offered = DIALERS[connection.dialer].leads
    if offered is None:
        return []
    way = offered.takes_out
    listed = _listed(session, connection.name, numbers) if way is not None and way.by == LISTED else []
    found = [
        _row(connection, f"listed:{row.lead_id}", row.number, at, target=row.lead_id)
        for row in listed
        if way is None or row.status not in way.over
    ]
    loaded = [lead for lead in _loaded(session, connection.name, numbers) if not _is_listed(lead, listed)]
    calls = _calls(session, [lead.id for lead in loaded])
    for lead in loaded:
        found += _of_loaded(connection, way, lead, calls.get(lead.id, []), at)
    return [one | {"suppression_id": numbers[one["number"]]} for one in found]


def _is_listed(lead: AnyRow, listed: Sequence[AnyRow]) -> bool:
    """Whether the dialer's list has shown one with the number for the first time since the lead was sent."""
    return any(row.number == lead.number and lead.sent_at and row.first_seen_at >= lead.sent_at for row in listed)


def _listed(session: Session, connection: str, numbers: Mapping[str, UUID]) -> list[AnyRow]:
    columns = select(Lead.lead_id, Lead.number, Lead.status, Lead.first_seen_at)
    return list(session.execute(columns.where(among(session, Lead.number, numbers), Lead.connection == connection)))


def _loaded(session: Session, connection: str, numbers: Mapping[str, UUID]) -> list[AnyRow]:
    columns = (LoadedLead.id, LoadedLead.number, LoadedLead.dialer_id, LoadedLead.sent_at, LoadedLead.state)
    mine = select(*columns, LeadLoad.campaign).join(LeadLoad, LeadLoad.id == LoadedLead.load_id)
    mine = mine.where(LoadedLead.connection == connection)
    # Of an order that an operator has sent again, all are sent again: see ``orders``.
    again = and_(LoadedLead.state == TO_BE_SENT, LoadedLead.order_key.is_not(None))
    had = mine.where(among(session, LoadedLead.number, numbers), or_(LoadedLead.state.in_(MAY_BE_CALLED), again))
    return list(session.execute(had.order_by(LoadedLead.id)))


def _calls(session: Session, leads: Sequence[UUID]) -> dict[UUID, list[AnyRow]]:
    found: dict[UUID, list[AnyRow]] = {}
    if leads:
        columns = (CallOutcome.call_id, CallOutcome.is_final, CallOutcome.connect_outcome)
        for row in session.execute(calls_of(columns, among(session, LoadedLead.id, leads))):
            found.setdefault(row.lead, []).append(row)
    return found


def _of_loaded(
    connection: Connection, way: TakingOut | None, lead: AnyRow, calls: Sequence[AnyRow], at: datetime
) -> Iterator[Found]:
    """What is to be done about a lead that the dialer may have. One that was talked to is not called again by itself."""
    if any(call.is_final and call.connect_outcome == CONNECTED for call in calls):
        return
    ref, open_calls = (
        f"loaded:{lead.id}",
        sorted({call.call_id for call in calls if call.call_id and not call.is_final}),
    )
    own = {"loaded_lead": lead.id}
    if way is None:
        yield _row(connection, ref, lead.number, at, reason=NO_WAY.format(connection.dialer)) | own
    elif way.by == LISTED or lead.state in (SENDING, TO_BE_SENT):
        yield _row(connection, ref, lead.number, at) | own | {"state": PENDING}  # its name will be known
    elif way.by == TOLD and lead.dialer_id is not None:
        yield _row(connection, ref, lead.number, at, target=way.named(lead.campaign, lead.dialer_id)) | own
    elif way.by == CALLED and open_calls:
        for call in open_calls:
            yield _row(connection, f"call:{call}", lead.number, at, target=call) | own
    else:
        yield _row(connection, ref, lead.number, at, reason=NO_ID.format(connection.dialer)) | own


def _row(
    connection: Connection, ref: str, number: str, at: datetime, target: str | None = None, reason: str | None = None
) -> Found:
    return {
        "id": ids.new(),
        "connection": connection.name,
        "ref": ref,
        "number": number,
        "loaded_lead": None,
        "target": target,
        "state": BY_HAND if target is None else PENDING,
        "reason": reason,
        "attempts": 0,
        "made_at": at,
        "due_at": at,
    }


def _note(session: Session, found: Sequence[Found]) -> None:
    """Write them down. One that is there already stays as it is, unless there was nothing to be done about it then, or the lead
    was sent again since it was done."""
    if not found:
        return
    same = (_TABLE.c.connection == found[0]["connection"], among(session, _TABLE.c.ref, [one["ref"] for one in found]))
    is_back = and_(_TABLE.c.state == DONE, LoadedLead.sent_at > _TABLE.c.settled_at)
    over = select(_TABLE.c.ref, _TABLE.c.id).outerjoin(LoadedLead, LoadedLead.id == _TABLE.c.loaded_lead)
    ids_of = {row.ref: row.id for row in session.execute(over.where(*same, or_(_TABLE.c.state == LEFT, is_back)))}
    again = [one | _ANEW | {"id": ids_of[one["ref"]]} for one in found if one["ref"] in ids_of]
    names = ("suppression_id", "target", "state", "reason", "attempts", "made_at", "due_at", *_ANEW)
    update_rows(session, _TABLE, again, names)
    insert_new(session, _TABLE, [one for one in found if one["ref"] not in ids_of])
