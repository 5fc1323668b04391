"""Leads at a dialer, found on its own list: their numbers, and their status. A list is asked for as a whole, so what it said a
moment ago is good enough to find a lead by; what stands there is read anew before it is changed."""

import time
from collections.abc import Mapping, Sequence

from crm.base import Again, Budget, Change, Done, NotSetUp, Record, Refused, Result, Unknown, Whom
from crm.destination import NUMBER, Destination
from dialers import clients, masking
from dialers.base import Connection, Evidence, LeadSeen, Unreadable
from dialers.connection import AnyClient
from dialers.giving import SET_LEAD_STATUS
from dialers.giving import Refused as NotAsked
from dialers.registry import DIALERS
from lib import clock
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Unavailable

STATUS = "status"
FOUND_FOR, READ_FOR = 60.0, 2.0  # seconds for which a list is good enough to find a lead on, and to say how it stands


def connection_of(destination: Destination) -> Connection:
    """At which it sets statuses; put there by the settings."""
    connection: Connection = destination.settings["connection"]
    return connection


class Client:
    """One connection, and its list of leads as it was asked for last."""

    def __init__(self, destination: Destination, budget: Budget):
        self.connection = connection_of(destination)
        self._budget = budget
        self._listed: Mapping[str, LeadSeen] = {}
        self._at = float("-inf")

    def listed(self, seconds: float) -> Mapping[str, LeadSeen]:
        """Every lead that the dialer has, by its id, as it was so many seconds ago at most. Raises ExchangeError."""
        if time.monotonic() - self._at > seconds:
            at = time.monotonic()
            with masking.discreet(self.connection, self._dialers()):
                self._listed = {lead.lead_id: lead for lead in self._walked()}
            self._at = at
        return self._listed

    def set(self, lead: str, status: str) -> None:
        """Raises ExchangeError, and NotAsked where the dialer cannot be asked so."""
        self._budget.take("requests")
        self._at = float("-inf")
        act, client = DIALERS[self.connection.dialer].acts[SET_LEAD_STATUS], self._dialers()
        with masking.discreet(self.connection, client):
            act.run(client, self.connection, act.given().load({"lead": lead, STATUS: status}))

    def _dialers(self) -> AnyClient:
        return clients.known(self.connection, clock.now()).client

    def _walked(self) -> list[LeadSeen]:
        dialer, now = DIALERS[self.connection.dialer], clock.now()
        found: list[LeadSeen] = []
        report = next(one for one in dialer.reports if dialer.leads and one.name == dialer.leads.listed)
        self._budget.take("requests")
        for page in report.walk(self._dialers(), self.connection, None):
            for record in page.records:
                said = Evidence("report", report.name, record.body, context=record.context, seen_at=now)
                try:
                    found += dialer.read(said, self.connection).leads
                except Unreadable:  # the poll puts it into quarantine
                    continue
            self._budget.take("requests")
        return found


class Leads:
    """As of ``crm.base.Records``."""

    def find(self, client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
        by_number: dict[str, list[Record]] = {}
        for lead in client.listed(FOUND_FOR).values():
            if lead.number is not None:
                by_number.setdefault(lead.number, []).append(_record(lead))
        return [by_number.get(one.value, []) if one.by == NUMBER else [] for one in wanted]

    def read(self, client: Client, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
        now = client.listed(READ_FOR)
        return [{name: _field(now[one], name) for name in names} if one in now else None for one in ids]

    def change(self, client: Client, changes: Sequence[Change]) -> list[Result]:
        return [_changed(client, one) for one in changes]


def _record(lead: LeadSeen) -> Record:
    name = " ".join(filter(None, (lead.first_name, lead.last_name)))
    return Record(lead.lead_id, name or None, None, (lead.number,) if lead.number else ())


def _field(lead: LeadSeen, name: str) -> str:
    return (lead.status or "") if name == STATUS else ""


def _changed(client: Client, change: Change) -> Result:
    try:
        client.set(change.record_id, change.fields[STATUS])
    except CredentialsRefused as error:
        raise NotSetUp(str(error)) from None
    except (Declined, AskedWrongly, NotAsked) as error:
        return Refused("declined", str(error))
    except Unavailable as error:
        return Again(str(error), error.retry_after)
    except ExchangeError as error:
        return Unknown(str(error))
    return Done(change.record_id)


LEADS = Leads()
