"""Of which loaded lead is this the call? Pure: by what the call and the leads say. Asked when calls are folded (``besides``) and
when one is shown (``queries.loaded``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dialers.vocabulary import DIRECTIONS
from models.loads import ACCEPTED, SENDING, UNKNOWN

OUTBOUND = DIRECTIONS[0]
MAY_BE_CALLED = (SENDING, ACCEPTED, UNKNOWN)
LEAD = "lead"  # among an outcome's sources; before the lead's id where ``set_by`` names it

# How a call was found to be a lead's, the surest first.
BY_MARK, BY_DIALER_ID, BY_NUMBER = "mark", "dialer_id", "number"


@dataclass(frozen=True)
class LeadFact:
    """A loaded lead, as far as its calls may be asked about it. ``campaign`` is the load's, ``named`` the id by which calls
    name that campaign (None: by none), ``campaign_name`` what we called it where the load has made it."""

    id: UUID
    load_id: UUID
    row: int
    state: str
    sent_at: datetime | None
    dialer_id: str | None
    number: str
    campaign: str | None
    named: str | None
    campaign_name: str | None
    reference: str | None
    customer_name: str | None
    fields: Mapping[str, str]


def matched(values: Mapping[str, Any], leads: Sequence[LeadFact]) -> tuple[str | None, list[LeadFact]]:
    """(how, the leads that this may be a call of): by our mark; else by the dialer's id in the lead's campaign; else by
    number and time. The twin of ``queries.loaded``, which is asked the other way round and answers for leads that were accepted;
    of leads that share a number, those whose campaign is another than the one that the call names are left out here."""
    lead_id = values["lead_id"]
    if lead_id is not None:
        if mine := [lead for lead in leads if str(lead.id) == lead_id]:
            return BY_MARK, mine
        of_id = [lead for lead in leads if lead.dialer_id == lead_id and lead.state in MAY_BE_CALLED]
        if mine := [lead for lead in of_id if same(values["campaign_id"], lead.campaign)]:
            return BY_DIALER_ID, mine
    mine = [
        lead
        for lead in leads
        if lead.dialer_id is None
        and lead.state in MAY_BE_CALLED
        and lead.number == values["customer_number"]
        and lead.sent_at is not None
        and values["occurred_at"] >= lead.sent_at.replace(microsecond=0)  # the twin of queries.loaded.whole_second
        and values["direction"] in (None, OUTBOUND)
        and same(values["campaign_id"], lead.named)
        and (values["campaign_id"] is not None or same(values["campaign_name"], lead.campaign_name))
    ]
    return (BY_NUMBER, mine) if mine else (None, [])


def same(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def ambiguous(leads: Sequence[LeadFact]) -> bool:
    """Whether these leads are not one and the same to the CRM that loaded them: then none of them is taken."""
    return len({lead.reference for lead in leads}) > 1
