"""Calls and leads whose reports are looked at, and how each report's page is asked for."""

from datetime import timedelta

from lib import clock
from tests import factories
from tests.queries.reports import generated
from tests.web.pages.shown import text

NASTY = "<script>alert('x')</script> & \"co\""
SINCE, UNTIL = (clock.iso(generated.FIRST + timedelta(days=at)) for at in (1, 39))
# What is asked of a report, so that every kind of row and of link is among them.
ASKED = {
    "attempts": "group_by=flag,direction&flag=contact",
    "attempts_per_lead": "group_by=agent&agent=Priya",
    "connect_rate": "group_by=campaign,hour&connection=ryng-main&connection=mute",
    "contact_rate": "group_by=hour&compare=week",
    "dispositions": "compare=previous",
    "best_time": "zone=customer",
    "agents": "group_by=agent,connection&connection=ryng-main",
    "penetration": "group_by=campaign",
    "speed_to_lead": "group_by=connection,weekday",
}


def stored(database, calls: int = 200):
    with database.write() as session:
        own = generated.calls(17, calls)
        for call in own[::9]:
            call["campaign_id"], call["campaign_name"] = None, NASTY
        generated.store(session, own)
        for connection, campaign in (("ryng-main", "6541"), ("qvoice-main", None)):
            load = factories.load(session, (), connection=connection, campaign=campaign, name=NASTY)
            for at, number in enumerate(generated.NUMBERS):
                lead = {"number": number, "state": "accepted", "sent_at": generated.FIRST + timedelta(days=2, hours=at)}
                factories.lead(session, load, ordinal=at + 1, **lead)


def page_of(name, tz="Asia/Kathmandu"):
    more = ASKED.get(name, "")
    return f"/reports/{name}?since={SINCE}&until={UNTIL}&tz={tz}&{more}"


def followed(browser, path):
    """The page, where the address is written in another way as we write it."""
    response = browser.get(path)
    return text(browser, response.location) if response.status_code == 302 else text(browser, path)
