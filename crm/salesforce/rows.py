"""Records by their ids, and what became of leads: a converted one takes no calls any more and cannot be changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crm.base import Refused
from crm.salesforce import ids
from crm.salesforce.answers import CONVERTED, Row
from crm.salesforce.api import Client

CONVERTED_LEAD = "The lead was converted, and can be changed no more. {} is who it is now: choose or name that record."
SOMEBODY = "A contact of which Salesforce does not say who it is"


@dataclass(frozen=True)
class Life:
    """A record that is there. ``converted_to``: of a converted lead, the contact that it has become; empty where nobody says."""

    id: str
    converted_to: str | None = None


Lives: TypeAlias = Mapping[str, Life]


def by_id(client: Client, wanted: Iterable[str], names: Mapping[str, Sequence[str]]) -> dict[str, Row]:
    """Those that are there, by the keys of their ids; ``names``: the fields that are wanted, by object. Raises ExchangeError."""
    found: dict[str, Row] = {}
    for kind, some in ids.by_object(wanted).items():
        shown = ", ".join(dict.fromkeys(["Id", *names.get(kind, ())]))
        for row in client.among(f"SELECT {shown} FROM {kind} WHERE Id IN", some):
            if row.get("Id"):
                found[ids.key(str(row["Id"]))] = row
    return found


def lives(client: Client, wanted: Iterable[str]) -> Lives:
    """Raises ExchangeError."""
    rows = by_id(client, wanted, {ids.LEAD: ("IsConverted", "ConvertedContactId")})
    return {key: Life(str(row["Id"]), _became(row)) for key, row in rows.items()}


def _became(row: Row) -> str | None:
    return str(row.get("ConvertedContactId") or "") if row.get("IsConverted") is True else None


def refused(life: Life) -> Refused:
    """Of a converted lead."""
    return Refused(
        CONVERTED, CONVERTED_LEAD.format(f"The contact {life.converted_to}" if life.converted_to else SOMEBODY)
    )
