"""Erasing calls and leads that are there: rows stay, without the person. The only writer of outcomes besides folding.

Nothing is folded anew: the rules of today might say something else of the call than its row does, and totals are to stay as they
are. The events are reduced in the same way as the row, so that whatever folds them later makes the same row of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from dialers.base import KeptEvent
from lib.phone_spellings import Spellings
from models import CallEvent, CallKey, CallOutcome, Lead, LeadStatus, LoadedLead, Receipt, Suppression, TakeOut, bulk
from models.database import stand_ins
from models.loads import PENDING as TO_BE_SENT
from models.loads import REJECTED, UNKNOWN
from models.receipts import QUARANTINED
from outcomes import retold, rows
from outcomes.blanking import blank
from outcomes.erased import Reducer
from outcomes.groups import lock_groups
from outcomes.lead_match import LEAD
from outcomes.receipts import replay
from outcomes.revisions import Revisions
from outcomes.taken import Taken

Counts = dict[str, int]
NOT_SENT = "Erased before it was sent."
BY = "erasure"
_NEEDED = (
    Receipt.id,
    Receipt.connection,
    Receipt.source,
    Receipt.kind,
    Receipt.received_at,
    Receipt.seen_at,
    Receipt.readings,
)


def erase_calls(session: Session, groups: Collection[UUID], spellings: Spellings | None, at: datetime) -> Counts:
    """Take the person out of these calls: events, receipts, names and rows. Their dialers' names of leads that came with them go
    from the leads, too. Raises Raced."""
    locked = lock_groups(session, [], set(groups)).old
    names = rows.names(session, locked)
    reducers = {group: Reducer(stand_ins(session), name, spellings) for group, (name, _) in names.items()}
    events = rows.events(session, locked)
    known = rows.outcomes(session, locked)
    counts = _erase_leads(session, _leads_of(known, names), spellings, at)
    write_events(session, [reducers[group].kept(event) for group, event in events])
    rename_calls(session, reducers)
    counts["receipts"] = counts.get("receipts", 0) + blank_receipts(
        session, {event.receipt_id for _, event in events}, at, spellings
    )
    revisions = Revisions(at, corrects=False)
    for group, own in known.items():
        attempts = {event.attempt for where, event in events if where == group and event.attempt is not None}
        for row in own:
            revisions.compare(row, reducers[group].outcome(row, attempts))
    revisions.write(session)
    return counts | {"call_events": len(events), "call_outcomes": sum(map(len, known.values()))}


def _leads_of(
    known: Mapping[UUID, Sequence[Mapping[str, object]]], names: Mapping[UUID, tuple[str, str]]
) -> dict[str, set[str]]:
    """connection -> its names of the leads of these calls."""
    found: dict[str, set[str]] = {}
    for group, own in known.items():
        found.setdefault(names[group][0], set()).update(str(row["lead_id"]) for row in own if row["lead_id"])
    return found


def write_events(session: Session, events: Iterable[KeptEvent]) -> None:
    """What they say now, in place of what they said."""
    values = [{"id": event.id, "attempt": event.attempt, "facts": event.facts} for event in events]
    bulk.update_rows(session, CallEvent.__table__, values, ("attempt", "facts"))


def rename_calls(session: Session, reducers: Mapping[UUID, Reducer]) -> None:
    """The names under which dialers know these calls become keyed hashes."""
    mine = bulk.among(session, CallKey.group_id, reducers)
    found = session.execute(select(CallKey.connection, CallKey.key, CallKey.group_id).where(mine)).all()
    renamed = {(row.connection, reducers[row.group_id].key(row.key)): row.group_id for row in found}
    session.execute(delete(CallKey).where(mine), execution_options={"synchronize_session": False})
    if renamed:
        fresh = [{"connection": name, "key": key, "group_id": group} for (name, key), group in renamed.items()]
        session.execute(insert(CallKey), fresh)


def blank_receipts(
    session: Session, receipts: Collection[UUID], at: datetime, spellings: Spellings | None = None
) -> int:
    """Leave of these receipts what is left in the events that they told; of one that tells of several calls also what it told of
    the others, without the number; also of those that were blanked for somebody else. How many."""
    if not receipts:
        return 0
    mine = select(*_NEEDED).where(bulk.among(session, Receipt.id, receipts))
    taken = [Taken(*row) for row in session.execute(mine)]
    own = {receipt.id: Reducer(stand_ins(session), receipt.connection, spellings) for receipt in taken}
    left = retold.events(session, [receipt.id for receipt in taken])
    told = {receipt: [own[receipt].other_event(event) for event in events] for receipt, events in left.items()}
    done = blank(session, stand_ins(session), [(receipt, told[receipt.id]) for receipt in taken], at)
    garbage = (bulk.among(session, Receipt.id, told), Receipt.state == QUARANTINED, Receipt.dismissed_at.is_(None))
    session.execute(
        update(Receipt).where(*garbage).values(dismissed_at=at, dismissed_by=BY),
        execution_options={"synchronize_session": False},
    )
    return done


def erase_number(session: Session, number: str, spellings: Spellings | None, at: datetime) -> Counts:
    """Take the person out of whatever stands under the number beside calls: leads, loads, the list of those that must not be
    called, and what was asked of dialers because of that."""
    listed = select(Lead.connection, Lead.lead_id).where(Lead.number == number)
    leads: dict[str, set[str]] = {}
    for connection, lead_id in session.execute(listed):
        leads.setdefault(connection, set()).add(lead_id)
    counts = _erase_leads(session, leads, spellings, at)
    loaded = select(LoadedLead).where(LoadedLead.number == number)
    counts["loaded_leads"] = _erase_loaded(session, session.scalars(loaded).all(), at)
    _read_news_again(session, number)
    stand_in = stand_ins(session).number(number)
    taken = session.scalars(select(TakeOut).where(TakeOut.number == number)).all()
    for row in taken:
        own = Reducer(stand_ins(session), row.connection)
        row.number, row.target, row.reason = stand_in, row.target and own.lead(row.target), None
        kind, _, name = row.ref.partition(":")
        row.ref = f"{kind}:{own.lead(name)}"
    counts["take_outs"] = len(taken)
    said = session.scalars(select(Suppression).where(Suppression.number == number)).all()
    open_ones = select(Suppression.source, Suppression.origin).where(
        Suppression.number == stand_in, Suppression.taken_off_at.is_(None)
    )
    there = {tuple(row) for row in session.execute(open_ones)}
    for one in said:
        if one.taken_off_at is None and (one.source, one.origin) in there:  # each says it once
            one.taken_off_at, one.taken_off_by = at, BY
        one.number, one.number_raw, one.reason = stand_in, stand_in, None
    counts["suppressions"] = len(said)
    session.flush()
    return counts


def _erase_leads(
    session: Session, wanted: Mapping[str, Collection[str]], spellings: Spellings | None, at: datetime
) -> Counts:
    """Leads that dialers list, by connection and the dialer's names of them, and the receipts that told of them."""
    found: list[Lead] = []
    for connection, names in wanted.items():
        mine = (Lead.connection == connection, bulk.among(session, Lead.lead_id, names))
        found += session.scalars(select(Lead).where(*mine)).all()
    if not found:
        return {}
    told = select(LeadStatus.receipt_id).where(bulk.among(session, LeadStatus.lead_id, [lead.id for lead in found]))
    receipts = {*session.scalars(told), *(lead.receipt_id for lead in found)}
    for lead in found:
        own = Reducer(stand_ins(session), lead.connection, spellings)
        lead.lead_id = str(own.lead(lead.lead_id))
        lead.number = lead.number and own.stand_ins.number(lead.number)
        lead.number_raw = lead.first_name = lead.last_name = None
    session.flush()
    return {"leads": len(found), "receipts": blank_receipts(session, receipts, at, spellings)}


def _read_news_again(session: Session, number: str) -> None:
    """Calls that came after the erasure had begun stay, and may have taken a reference or a name from a lead that has none now:
    they are made anew, without."""
    news = session.execute(select(CallOutcome.id, CallOutcome.set_by).where(CallOutcome.customer_number == number))
    took = [row.id for row in news if any(str(by).startswith(f"{LEAD}:") for by in row.set_by.values())]
    told = set(session.scalars(select(CallEvent.receipt_id).where(bulk.among(session, CallEvent.outcome_id, took))))
    replay(session, [bulk.among(session, Receipt.id, told)])


def _erase_loaded(session: Session, found: Sequence[LoadedLead], at: datetime) -> int:
    for lead in found:
        own = Reducer(stand_ins(session), lead.connection)
        if lead.state == TO_BE_SENT:
            lead.state, lead.reason, lead.settled_at = REJECTED, NOT_SENT, at
        elif lead.state == UNKNOWN:
            lead.order_key = None  # whoever has the order sent again does not send this one
        lead.number = own.stand_ins.number(lead.number)
        lead.number_raw, lead.reference, lead.given = lead.number, None, {}
        lead.dialer_id = own.lead(lead.dialer_id)
    return len(found)
