"""VoIPEX's call list, kept as it is. IpexCloud/voipex-docs, "Get call list": GET /calls, with filters that have defaults.

Neither the filters nor the answer's shape are public, so it is asked for only where ``poll_calls`` says so, and nothing is
read out of it: the records wait in the evidence until somebody knows them.
"""

from collections.abc import Iterator
from datetime import timedelta

from dialers.asking import Layer, Page, Record, Report
from dialers.base import Connection
from dialers.errors import Garbled
from dialers.voipex import words
from dialers.voipex.api import Client
from lib import rawjson

PATH = "/calls"


def calls(client: Client, connection: Connection, asked: None) -> Iterator[Page]:
    """One page: the elements of an array, or the whole answer as one record."""
    body = client.ask(PATH)
    try:
        text, encoding = rawjson.page(body)
        if text.lstrip()[:1] == "[":
            spans = rawjson.elements(text)
            rawjson.nothing_after(text, spans[-1][1] if spans else 0, "[]")
        else:
            rawjson.loads(body)
            spans = [(0, len(text))]
    except rawjson.TooMuch as error:
        raise Garbled(f"The answer to GET {PATH} holds {error}; nothing of it was read.") from None
    except rawjson.NotJson as error:
        raise Garbled(f"The answer to GET {PATH} is not JSON: {error}.") from None
    yield Page([Record(text[start:end].encode(encoding)) for start, end in spans])


REPORTS = (Report(words.CALLS, (Layer("now", every=timedelta(minutes=1)),), calls, switch="poll_calls"),)
