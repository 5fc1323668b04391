"""Loading: a list that was checked becomes a load; what sends it takes it from the tables.

A long list is stored in several transactions, so that callbacks do not wait for it; nothing is sent before all of it is there.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.giving import BadList, CannotDo, Lead, Leads, Order, Refused, one_of_each
from dialers.registry import DIALERS
from leads import checking
from leads.bounds import Row
from leads.checking import Checked
from lib import clock, ids
from models import LeadLoad, LoadedLead, audit
from models.database import Database, chunks
from models.loads import PARKED, PENDING, REJECTED, RUNNING
from outcomes import suppressions

LONGEST_CAMPAIGN = 200  # characters that its column holds
MOST_SHOWN = 20  # requests of a dry run
MOST_DOUBTS = 1_000  # leads of which it is said what is doubtful, or why they are not sent
AT_ONCE = 1_000  # rows of one transaction; on SQLite whoever writes waits for it
STORING = "Its leads are being stored. Where this stays, nothing is sent, and the list must be loaded again."
APART = ("number", "number_raw", "reference", "mark")  # of a lead, in columns of their own


def offered(connection: Connection, campaign: str | None) -> Leads:
    """How the connection's dialer takes leads for this campaign (None: for a new one). Raises CannotDo."""
    dialer = DIALERS[connection.dialer]
    leads = checking.taken_by(connection)
    if campaign is None and not leads.most_new:
        raise CannotDo(f"{connection.dialer} has no way to make a campaign; make it there, and load into its id.")
    if campaign is not None and leads.appends is not None:
        raise CannotDo(leads.appends)
    dialer.ready(connection)
    return leads


class Loading:
    """One list for one campaign, or for a new one: checked as a whole, then shown or kept."""

    def __init__(
        self,
        connection: Connection,
        campaign: str | None,
        rows: Iterable[Row],
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        """Raises CannotDo, Refused, BadList and BadLeads."""
        self.connection, self.campaign, self.name = connection, campaign, name
        self._offered = offered(connection, campaign)
        _check_names(campaign, name)
        self.options = checking.check_options(connection, options or {})
        self.checked: Checked = checking.check(connection, campaign, rows, self.options)
        self.suppressed: dict[str, str] = {}  # numbers that must not be called, with the reason, as far as was looked
        if self._offered.fixed:
            self.options = self._offered.fixed(connection, self.checked.leads, self.options)
        most = self._offered.most_new if campaign is None else None
        if most and len(self.checked.leads) > most:
            raise BadList(f"{connection.dialer} makes a campaign of {most:,} leads at most, in one request.", most + 1)
        # What depends on all leads of a request, such as their custom fields, is found out now and not half-way.
        for order in self._orders({}):
            self._offered.shown(connection, order)

    def dry(self, database: Database, callbacks: Mapping[str, str]) -> dict[str, Any]:
        """What would be sent; our URLs with ``...`` for the token, since whoever knows it can make up outcomes."""
        with database.read() as session:
            for some in chunks(self.checked.leads, AT_ONCE):
                self._look(session, some, clock.now())
        for token in self.connection.callback_tokens:
            callbacks = {kind: url.replace(f"/{token}/", "/.../") for kind, url in callbacks.items()}
        return self.shown(callbacks)

    def _look(self, session: Session, leads: Iterable[Lead], at: datetime) -> None:
        self.suppressed |= suppressions.reasons(session, {lead.number for lead in leads}, at)

    def shown(self, callbacks: Mapping[str, str]) -> dict[str, Any]:
        """What would be sent."""
        orders = list(self._orders(callbacks))
        requests = [self._offered.shown(self.connection, order) for order in orders[:MOST_SHOWN]]
        return {
            "leads": len(self.checked.leads),
            "requests": len(orders),
            **self.noticed(),
            "shown": requests,
        }

    def noticed(self) -> dict[str, Any]:
        """What is no fault of the list, and what somebody may want to look at."""
        doubts = self.checked.doubts
        refused = [
            {"row": at, "number": lead.number, "reason": self.suppressed[lead.number]}
            for at, lead in zip(self.checked.rows, self.checked.leads, strict=True)
            if lead.number in self.suppressed
        ]
        return {
            "repeated": self.checked.repeated,
            "doubtful": len(doubts),
            "doubts": doubts[:MOST_DOUBTS],
            "suppressed": len(refused),
            "suppressions": refused[:MOST_DOUBTS],
        }

    def keep(self, database: Database) -> UUID:
        """Store it to be sent; the load's id. A lead whose number must not be called is stored as rejected."""
        load_id, at = ids.new(), clock.now()
        load = {
            "id": load_id,
            "connection": self.connection.name,
            "campaign": self.campaign,
            "makes_campaign": self.campaign is None,
            "name": self.name,
            "options": self.options,
            "total": len(self.checked.leads),
            "state": PARKED,  # without a moment in parked_at nobody lets it go on but we
            "reason": STORING,
            "created_at": at,
        }
        with database.write() as session:
            session.execute(insert(LeadLoad).values(load))
            audit.note(
                session,
                "load.create",
                connection=self.connection.name,
                subject=load_id,
                count=len(self.checked.leads),
                details={"campaign": self.campaign, "makes_campaign": self.campaign is None},
            )
        numbered = list(enumerate(self.checked.leads, 1))
        for some in chunks(numbered, AT_ONCE):
            with database.write() as session:
                self._look(session, (lead for _, lead in some), at)
                rows = [_row(load_id, self.connection.name, place, lead) for place, lead in some]
                session.execute(insert(LoadedLead), [row | self._fate(row["number"], at) for row in rows])
        with database.write() as session:
            session.execute(update(LeadLoad).where(LeadLoad.id == load_id).values(state=RUNNING, reason=None))
        return load_id

    def _fate(self, number: str, at: datetime) -> dict[str, Any]:
        reason = self.suppressed.get(number)
        state, settled_at = (PENDING, None) if reason is None else (REJECTED, at)
        return {"state": state, "reason": reason, "settled_at": settled_at}

    def _orders(self, callbacks: Mapping[str, str]) -> Iterable[Order]:
        most = self._offered.most_new if self.campaign is None else self._offered.most
        leads = deque(lead for lead in self.checked.leads if lead.number not in self.suppressed)
        while leads:
            some = [leads.popleft() for _ in range(min(most or len(leads), len(leads)))]
            if self._offered.apart:
                first = {lead.mark for lead in one_of_each(some)}
                leads.extendleft(lead for lead in reversed(some) if lead.mark not in first)
                some = [lead for lead in some if lead.mark in first]
            yield Order(self.campaign, self.name, self.options, some, str(ids.new()), callbacks)


def _check_names(campaign: str | None, name: str | None) -> None:
    checking.check_storable(campaign, "campaign")
    checking.check_storable(name, "name")
    if campaign is not None and not 0 < len(campaign) <= LONGEST_CAMPAIGN:
        raise Refused("campaign", f"A campaign's id has 1 to {LONGEST_CAMPAIGN} characters.")


def _row(load_id: UUID, connection: str, place: int, lead: Lead) -> dict[str, Any]:
    return {
        "id": UUID(lead.mark),
        "load_id": load_id,
        "connection": connection,
        "ordinal": place,
        "number": lead.number,
        "number_raw": lead.number_raw,
        "reference": lead.reference,
        "given": {k: v for k, v in asdict(lead).items() if k not in APART and v not in (None, (), {})},
        "tries": 0,
    }
