"""What stands beside a call's events and completes its outcome: the lead that was loaded for it, and the dialer's list of
campaigns. Pure: a function of the draft that the events gave, of the leads and of the list.

The dialer's own words about the call come first: only what they leave open is taken from here. And nothing is guessed: of
what could be several leads' or several campaigns', nothing is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dialers.vocabulary import DIRECTIONS
from models.loads import ACCEPTED, SENDING, UNKNOWN
from outcomes.fold import Draft

SOURCE = "lead"  # among an outcome's sources; before the lead's id where ``set_by`` names it
OUTBOUND = DIRECTIONS[0]
MAY_BE_CALLED = (SENDING, ACCEPTED, UNKNOWN)

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
    number and time. The twin of ``loaded``, which is asked the other way round and answers for leads that were accepted;
    of leads that share a number, those whose campaign is another than the one that the call names are left out here."""
    lead_id = values["lead_id"]
    if lead_id is not None:
        if mine := [lead for lead in leads if str(lead.id) == lead_id]:
            return BY_MARK, mine
        of_id = [lead for lead in leads if lead.dialer_id == lead_id and lead.state in MAY_BE_CALLED]
        if mine := [lead for lead in of_id if _same(values["campaign_id"], lead.campaign)]:
            return BY_DIALER_ID, mine
    mine = [
        lead
        for lead in leads
        if lead.dialer_id is None
        and lead.state in MAY_BE_CALLED
        and lead.number == values["customer_number"]
        and lead.sent_at is not None
        and values["occurred_at"] >= lead.sent_at.replace(microsecond=0)  # the twin of loaded.whole_second
        and values["direction"] in (None, OUTBOUND)
        and _same(values["campaign_id"], lead.named)
        and (values["campaign_id"] is not None or _same(values["campaign_name"], lead.campaign_name))
    ]
    return (BY_NUMBER, mine) if mine else (None, [])


def _same(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def ambiguous(leads: Sequence[LeadFact]) -> bool:
    """Whether these leads are not one and the same to the CRM that loaded them: then none of them is taken."""
    return len({lead.reference for lead in leads}) > 1


def with_leads(draft: Draft, leads: Sequence[LeadFact]) -> Draft:
    """The draft, completed by the lead that it is a call of; the same draft where there is none, or more than one."""
    values = draft.values
    _, mine = matched(values, leads)
    if not mine or ambiguous(mine):
        return draft
    taken = {
        name: given[0]
        for name, given in _given(values, mine).items()
        if not values[name] and given[0] and all(one == given[0] for one in given)
    }
    if not taken:
        return draft
    last = max(mine, key=lambda lead: (lead.sent_at is not None, lead.sent_at, lead.id))
    set_by = values["set_by"] | dict.fromkeys(taken, f"{SOURCE}:{last.id}")
    sources = sorted({*values["sources"], SOURCE})
    return replace(draft, values={**values, **taken, "set_by": set_by, "sources": sources})


def _given(values: Mapping[str, Any], leads: Sequence[LeadFact]) -> dict[str, list[Any]]:
    """What each of the leads gives, by field."""
    return {
        "crm_reference": [lead.reference for lead in leads],
        # Not beside a name of which nobody knows that it is this campaign's: see ``with_campaign``.
        "campaign_id": [
            lead.named if values["campaign_name"] in (None, lead.campaign_name) else None for lead in leads
        ],
        # The name of a campaign that the load made; not beside the id of another one.
        "campaign_name": [lead.campaign_name if _same(values["campaign_id"], lead.named) else None for lead in leads],
        "customer_name": [lead.customer_name for lead in leads],
        "custom_fields": [dict(lead.fields) for lead in leads],
    }


def with_campaign(draft: Draft, known: Mapping[str, tuple[str, UUID]]) -> Draft:
    """The draft with the id of the campaign of which it has the name only. ``known``: name -> (id, the receipt that told it),
    of names that one campaign alone has ever had."""
    values = draft.values
    if values["campaign_id"] is not None or values["campaign_name"] not in known:
        return draft
    campaign_id, receipt = known[values["campaign_name"]]
    set_by = values["set_by"] | {"campaign_id": str(receipt)}
    return replace(draft, values={**values, "campaign_id": campaign_id, "set_by": set_by})
