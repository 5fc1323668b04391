"""VoIPEX's call list, kept as it is. IpexCloud/voipex-docs, "Get call list": GET /calls, with filters that have defaults.

Neither the filters nor the answer's shape are public, so it is asked for only where ``poll_calls`` says so, and nothing is
read out of it: the records wait in the evidence until somebody knows them.
"""

from collections.abc import Iterator
from datetime import timedelta

from dialers import rows
from dialers.asking import Layer, Record, Report, ReportPage
from dialers.base import Connection
from dialers.voipex import words
from dialers.voipex.api import Client

PATH = "/calls"


def calls(client: Client, connection: Connection, asked: None) -> Iterator[ReportPage]:
    """One page: the elements of an array, or the whole answer as one record."""
    yield ReportPage([Record(one) for one in rows.cut(client.ask(PATH), f"GET {PATH}", alone=True)])


REPORTS = (Report(words.CALLS, (Layer("now", every=timedelta(minutes=1)),), calls, switch="poll_calls"),)
