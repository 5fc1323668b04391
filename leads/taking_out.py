"""Leads that dialers have and whose numbers must not be called are taken out there; what a dialer cannot, or refuses, is told to
a person. Asked for twice it does no harm, so what may have been done is asked for again until there is an answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.giving import LISTED, TOLD, CannotDo, Refused, TakingOut
from dialers.registry import DIALERS
from leads import commands
from leads.spreading import NO_ID
from lib import clock, ids
from lib import text as texts
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError
from models import Lead, LeadLoad, LoadedLead, TakeOut, audit
from models.bulk import insert_new
from models.database import Database, changed
from models.loads import PENDING as NOT_SENT
from models.loads import REJECTED
from models.loads import SENDING as BEING_SENT
from models.take_outs import BY_HAND, DONE, LEFT, PENDING, SENDING, TO_BE_DONE
from outcomes import suppressions

log = structlog.get_logger(__name__)

TABLE = TakeOut.__table__
LEASE = timedelta(minutes=2)  # of whoever asks; afterwards it has died
PATIENCE = timedelta(hours=24)  # then a person is told
BACKOFF, LONGEST_BACKOFF = timedelta(seconds=5), timedelta(minutes=10)
LOOK_AGAIN = timedelta(minutes=5)  # at the dialer's list
SOON = timedelta(seconds=30)
NOT_TAKEN = "The dialer did not take it."
NOT_LISTED = "The dialer's list of leads has not shown it for a day; look for its number there."
NOTHING = "It was not waiting there any more."


@dataclass(frozen=True)
class Fate:
    """What becomes of one now. ``due_at``: it is looked at again then; ``others_at``: others of the connection no sooner."""

    state: str
    reason: str | None = None
    due_at: datetime | None = None
    others_at: datetime | None = None


def take_out_next(database: Database, connection: Connection) -> bool:
    """Take out the lead of the connection that is due; False where none is. Raises SQLAlchemyError."""
    offered = DIALERS[connection.dialer].leads
    way, at = offered.takes_out if offered else None, clock.now()
    if way is None:
        return False
    due = select(TakeOut.id).where(TakeOut.connection == connection.name, text(TO_BE_DONE), TakeOut.due_at <= at)
    first = due.order_by(TakeOut.due_at, TakeOut.id).limit(1)
    with database.read() as session:
        if session.scalar(first) is None:
            return False
    with database.write() as session:
        row = session.scalar(select(TakeOut).where(TakeOut.id.in_(first.with_for_update(skip_locked=True))))
        if row is None:
            return False
        fate = _fate(session, row, way, at)
        if fate is not None:
            _settle(session, row.id, fate, at)
            return fate.due_at is None
        row.state, row.sent_at, row.due_at, row.attempts = SENDING, at, at + LEASE, row.attempts + 1
    fate = _asked(database, connection, way, row)
    with database.write() as session:
        _settle(session, row.id, fate, clock.now())
        if fate.others_at is not None:
            waiting = (TABLE.c.connection == connection.name, text(TO_BE_DONE), TABLE.c.due_at < fate.others_at)
            session.execute(update(TABLE).where(*waiting, TABLE.c.state == PENDING).values(due_at=fate.others_at))
    log.info("lead_taken_out", connection=connection.name, take_out=str(row.id), state=fate.state)
    return True


def settle_by_hand(database: Database, take_out: UUID, by: str) -> TakeOut | None:
    """A person says that it is taken out. None where there is none; one that does not wait for a person stays as it is."""
    with database.write() as session:
        waits = update(TakeOut).where(TakeOut.id == take_out, TakeOut.state == BY_HAND)
        if changed(session, waits.values(state=DONE, settled_at=clock.now(), settled_by=by)):
            audit.note(session, "take_out.done", subject=take_out)
            log.info("lead_taken_out_by_hand", take_out=str(take_out), key=by)
        return session.get(TakeOut, take_out)


def _fate(session: Session, row: TakeOut, way: TakingOut, at: datetime) -> Fate | None:
    """What becomes of it before the dialer is asked; None: the dialer is to be asked."""
    if not suppressions.reasons(session, {row.number}, at):
        return Fate(LEFT, suppressions.MAY_BE_CALLED)
    lead = session.get(LoadedLead, row.loaded_lead) if row.loaded_lead else None
    if lead is not None and lead.state == REJECTED:
        return Fate(LEFT, NOT_TAKEN)
    if lead is not None and lead.state in (BEING_SENT, NOT_SENT):
        return Fate(PENDING, row.reason, at + SOON)
    if row.target is None and way.by == LISTED:
        return _look(session, row, lead, way, at)
    if row.target is None and way.by == TOLD and lead is not None and lead.dialer_id is not None:
        load = session.get_one(LeadLoad, lead.load_id)
        row.target = way.named(load.campaign, lead.dialer_id)
    return None if row.target is not None else Fate(BY_HAND, NO_ID.format(row.connection))


def _look(session: Session, row: TakeOut, lead: LoadedLead | None, way: TakingOut, at: datetime) -> Fate:
    """Whether the dialer's list has the lead by now: what has come there with the number since it was sent is taken out."""
    mine = [Lead.connection == row.connection, Lead.number == row.number]
    if lead is not None and lead.sent_at is not None:
        mine.append(Lead.first_seen_at >= lead.sent_at)
    listed = session.execute(select(Lead.lead_id, Lead.status).where(*mine)).all()
    if not listed:
        over = at - row.made_at > PATIENCE
        return Fate(BY_HAND, NOT_LISTED) if over else Fate(PENDING, row.reason, at + LOOK_AGAIN)
    same = {"connection": row.connection, "number": row.number, "suppression_id": row.suppression_id}
    fresh = {"state": PENDING, "attempts": 0, "made_at": at, "due_at": at}
    rows = [
        {"id": ids.new(), "ref": f"listed:{one.lead_id}", "target": one.lead_id, **same, **fresh}
        for one in listed
        if one.status not in way.over
    ]
    insert_new(session, TABLE, rows)
    return Fate(LEFT, "The dialer's list has it: see its row there.")


def _asked(database: Database, connection: Connection, way: TakingOut, row: TakeOut) -> Fate:
    """Ask the dialer; what became of it."""
    try:
        said: Any = commands.act(database, connection, way.act, {way.given: row.target}, {})
    except (CannotDo, Refused, Declined, AskedWrongly) as error:
        return Fate(BY_HAND, texts.clean(str(error)))
    except ExchangeError as error:
        at, told = clock.now(), texts.clean(str(error))
        if at - row.made_at > PATIENCE:
            return Fate(BY_HAND, told)
        if isinstance(error, CredentialsRefused):
            # Of all of them; one that is refused by itself lets the others come before it is asked for again.
            return Fate(PENDING, told, at + 2 * LONGEST_BACKOFF, others_at=at + LONGEST_BACKOFF)
        wait = min(BACKOFF * 2 ** min(row.attempts, 10), LONGEST_BACKOFF)
        return Fate(PENDING, told, at + max(wait, timedelta(seconds=error.retry_after or 0)))
    return Fate(DONE, NOTHING if said == [] else None)


def _settle(session: Session, take_out: UUID, fate: Fate, at: datetime) -> None:
    values: dict[str, Any] = {"state": fate.state, "reason": fate.reason}
    values |= {"settled_at": at} if fate.due_at is None else {"due_at": fate.due_at}
    session.execute(update(TABLE).where(TABLE.c.id == take_out).values(values))
