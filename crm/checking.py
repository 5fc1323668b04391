"""Whether a destination can work: everything that its kind can ask the CRM about."""

from collections.abc import Iterator

from crm import budgets
from crm.base import Line
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
    try:
        for line in crm.check(crm.client(destination, turns), destination, repair):
            yield Line(masking.masked(line.what, secrets), line.fine, masking.masked(line.todo, secrets))
    except ExchangeError as error:
        yield Line("it answers", False, masking.masked(str(error), secrets))
