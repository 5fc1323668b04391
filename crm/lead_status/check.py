"""``wrapup crm check`` of statuses of leads: whether the dialer's list can be read, and which statuses stand there."""

from collections.abc import Iterator

from crm.base import Line
from crm.destination import Destination
from crm.lead_status.leads import STATUS, Client
from crm.lines import guarded, some


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``. Which statuses a dialer takes nobody can ask; nothing is written, and nothing made."""
    yield from guarded(client.connection.name, lambda: _listed(client, destination))


def _listed(client: Client, destination: Destination) -> Iterator[Line]:
    leads = client.listed(0).values()
    yield Line(f"The list of leads can be read: {len(leads):,} seen", True)
    there = sorted({lead.status for lead in leads if lead.status})
    for status in dict.fromkeys(rule.sets[STATUS] for rule in destination.status):
        seen = status in there
        yield Line(f"{status} is {'' if seen else 'not yet '}the status of leads there; there are {some(there)}", True)
