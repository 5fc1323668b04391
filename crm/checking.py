"""Whether a destination can work: everything that its kind can ask the CRM about."""

from collections.abc import Iterator

from crm import accounts, budgets, tokens
from crm.base import AnyClient, Crm, Line
from crm.destination import Destination
from crm.registry import CRMS
from lib import masking
from lib.http.errors import ExchangeError
from models.database import Database


def check(database: Database, destination: Destination, repair: bool = False) -> Iterator[Line]:
    """Line by line, as it is found; what keeps the rest from being asked is the last one. ``repair``: make what the API lets us
    make."""
    crm = CRMS[destination.kind]
    turns = budgets.turns_of(database, crm, destination)
    secrets = crm.secrets(destination)
    client = tokens.opened(database, crm, destination, turns)
    try:
        for line in crm.check(client, destination, repair):
            yield Line(masking.masked(line.what, secrets), line.fine, masking.masked(line.todo, secrets))
        yield from _account(database, destination, crm, client)
    except ExchangeError as error:
        yield Line("it answers", False, masking.masked(str(error), secrets))


def _account(database: Database, destination: Destination, crm: Crm, client: AnyClient) -> Iterator[Line]:
    """Whether it is the one to which the destination has written."""
    try:
        known = accounts.check(database, destination, crm, client)
    except accounts.OtherAccount as error:
        yield Line("The account is the one that was written to before", False, str(error))
    except ExchangeError:
        return  # which was said above
    else:
        if known is not None:
            yield Line(f"The account is the one that was written to before ({known})", True)
