"""What ``wrapup crm check`` asks of a webhook: whether its URL leads to somebody, and to a public address. No event is sent."""

from collections.abc import Iterator

from crm.base import Line
from crm.destination import Destination
from crm.webhook.posting import Client
from lib.http.errors import AddressRefused, ExchangeError, NotTrusted
from lib.text import many

_ALLOW = "If it is meant so, set allow_private_addresses = true."


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    own = destination.settings
    yield Line(f"events are signed with {many(len(own['secrets']), 'secret')}", True)
    if own["allow_private_addresses"]:
        yield Line("url may lead to private addresses (allow_private_addresses)", True)
    try:
        answer = client.knock()
    except AddressRefused as error:
        yield Line("url leads to a public address", False, f"{error} {_ALLOW}")
        return
    except NotTrusted as error:
        yield Line("the certificate can be verified", False, f"{error} A private authority is named in ca_file.")
        return
    except ExchangeError as error:
        yield Line("somebody answers at url", False, str(error))
        return
    wants = answer.status != 410
    yield Line("somebody answers at url", True)
    yield Line("the receiver wants events", wants, None if wants else "It answers 410. Ask whoever runs it.")
