"""What tests of where leads and calls meet stand on: leads that were sent, calls that were told of, and everything looked at."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from dialers.base import Connection
from dialers.giving import Verdict
from dialers.registry import DIALERS
from leads import loads, orders
from leads.loading import Loading
from models import CampaignName, LoadedLead
from outcomes.meeting import Meeting
from tests.evidence import RYNG, START, keep, normalize, receipt

JAICP = Connection(
    "jaicp-bot", "jaicp", {"campaigns": {"renewals": "t1", "winback": "t2"}, "crm_reference_field": None}
)
RINGOSTAT = Connection("ringostat-kyiv", "ringostat", {"timezone": "UTC", "webhook_fields": {}}, default_country="UA")
QVOICE = Connection("qvoice-main", "qvoice", {"hangup_causes": {}, "crm_reference_field": None}, default_country="US")
RYNG_GIVING = replace(RYNG, settings=RYNG.settings | {"api_url": "https://acme.ryng.in", "access_token": "t"})
LATER = START + timedelta(minutes=5)
CONNECTIONS = {one.name: one for one in (JAICP, RINGOSTAT, QVOICE, RYNG_GIVING)}
NUMBER = "+380935550001"


def loaded(database, connection, *leads, campaign="renewals", at=START) -> list:
    """Loads, and sends as far as writing down that the request leaves: what is returned is to be settled."""
    rows = enumerate(({"number": NUMBER, **lead} for lead in leads), 1)
    Loading(connection, campaign, rows).keep(database)
    with database.write() as session:
        session.execute(update(loads.LOADS).values(created_at=at))
    taken = []
    while True:
        with database.write() as session:
            order = orders.take(session, connection.name, DIALERS[connection.dialer].leads, at)
        if order is None or (taken and order.key == taken[-1].key):
            return taken
        taken.append(order)
        if DIALERS[connection.dialer].leads.most > 1:
            return taken


def settled(database, order, *verdicts, at=START) -> None:
    with database.write() as session:
        orders.settle(session, order, verdicts or [Verdict()] * len(order.leads), at)


def told(database, *bodies, connection=JAICP, at=START + timedelta(minutes=1)) -> None:
    more = {"source": "report", "context": {"campaign": "renewals"}, "method": None} if connection is JAICP else {}
    kind = {"jaicp": "jobs", "ringostat": "call", "ryng": "terminal"}[connection.dialer]
    keep(database, *(receipt(body, kind, at, connection, **more) for body in bodies))
    normalize(database, CONNECTIONS)


def met(database) -> int:
    """Everything is looked at that there is to look at; how many calls."""
    loop, looked = Meeting(database, CONNECTIONS), 0
    while some := loop.step():
        looked += some
    with database.read() as session:
        for table in (LoadedLead, CampaignName):
            assert not session.scalars(select(table.news_at).where(table.news_at.is_not(None))).all()
    return looked
