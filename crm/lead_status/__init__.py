"""The status of leads at a dialer that takes one: what an outcome, of whichever dialer, means for the leads with its number
there. docs/crms/lead_status.md."""

from collections.abc import Mapping, Sequence

from marshmallow import Schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.lead_status.check import check
from crm.lead_status.leads import LEADS, Client, connection_of
from dialers import masking
from dialers.registry import DIALERS

REQUESTS = "requests"


class Settings(Schema):
    """None: all is said by the connection, and by its table ``[writeback.<connection>]``."""


def _limits(destination: Destination) -> Mapping[str, Limit]:
    connection = connection_of(destination)
    leads = DIALERS[connection.dialer].leads
    assert leads is not None
    pace = leads.pace(connection)
    return {REQUESTS: Limit(pace.requests, pace.seconds)}


def _secrets(destination: Destination) -> Sequence[str]:
    return sorted(masking.secrets_of(connection_of(destination)))


CRM = Crm(
    name="lead_status",
    settings=Settings,
    client=Client,
    portal=lambda destination: f"lead_status {connection_of(destination).name}",
    limits=_limits,
    records=LEADS,
    check=check,
    secrets=_secrets,
)
