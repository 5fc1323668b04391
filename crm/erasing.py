"""A destination is told that a person was erased: what was written of their calls is taken back, and their records are erased
where the CRM's API can. What it cannot is for a person, who is told the records' ids."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from crm import budgets, tokens
from crm.base import AnyClient, Crm, Done, Refused
from crm.destination import Destination
from crm.registry import CRMS
from lib import masking
from lib.http.errors import ExchangeError
from models.database import Database, chunks

log = structlog.get_logger(__name__)

DONE, BY_HAND, POSTED = "done", "by_hand", "posted"
NO_WAY = "{} has no way over its API to erase a record for good: erase it there yourself."
UNSET = "The settings name no such destination any more: erase it there yourself."
FOLLOWS = "It is told by the event of the call's new revision."


def tell(
    database: Database,
    destinations: Mapping[str, Destination],
    name: str,
    records: Sequence[str],
    made: Sequence[str],
) -> Mapping[str, Any]:
    """Tell it; ``{"state", "said"}``. Nothing is raised: what did not work is for a person. ``made``: what was made there for
    calls."""
    destination = destinations.get(name)
    if destination is None:
        return {"state": BY_HAND, "said": UNSET}
    crm: Crm = CRMS[destination.kind]
    if crm.events is not None:
        return {"state": POSTED, "said": FOLLOWS}
    if crm.erase is None:
        return {"state": BY_HAND, "said": NO_WAY.format(destination.kind)}
    try:
        turns = budgets.turns_of(database, crm, destination)
        client = tokens.opened(database, crm, destination, turns)
        said = _erased(crm, client, records, made)
    except ExchangeError as error:
        said = [str(masking.masked(str(error), crm.secrets(destination)))]
    log.info("destination_told", destination=name, records=len(records), refused=len(said))
    return {"state": BY_HAND, "said": " ".join(said)} if said else {"state": DONE, "said": None}


def _erased(crm: Crm, client: AnyClient, records: Sequence[str], made: Sequence[str]) -> list[str]:
    """What it refused, in its words. Raises ExchangeError."""
    said: list[str] = []
    if crm.calls is not None:
        for some in chunks(list(made), crm.batch):
            said += [one.answer for one in crm.calls.remove(client, some) if not _is_gone(one) and one.answer]
    assert crm.erase is not None
    said += [one.answer for one in crm.erase(client, records) if not _is_gone(one) and one.answer]
    return said


def _is_gone(result: Any) -> bool:
    return isinstance(result, Done) or (isinstance(result, Refused) and result.reason == "record_deleted")
