"""What stands beside a call's events and completes its outcome: the lead that was loaded for it, and the dialer's list of
campaigns. Pure: a function of the attempt that the events gave, of the leads and of the list.

The dialer's own words about the call come first: only what they leave open is taken from here. And nothing is guessed: of
what could be several leads' or several campaigns', nothing is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from outcomes.fold import Folded
from outcomes.lead_match import LEAD, LeadFact, ambiguous, matched, same


def with_leads(attempt: Folded, leads: Sequence[LeadFact]) -> Folded:
    """The attempt, completed by the lead that it is a call of; the same attempt where there is none, or more than one."""
    values = attempt.values
    _, mine = matched(values, leads)
    if not mine or ambiguous(mine):
        return attempt
    taken = {
        name: given[0]
        for name, given in _given(values, mine).items()
        if not values[name] and given[0] and all(one == given[0] for one in given)
    }
    if not taken:
        return attempt
    last = max(mine, key=lambda lead: (lead.sent_at is not None, lead.sent_at, lead.id))
    set_by = values["set_by"] | dict.fromkeys(taken, f"{LEAD}:{last.id}")
    sources = sorted({*values["sources"], LEAD})
    return replace(attempt, values={**values, **taken, "set_by": set_by, "sources": sources})


def _given(values: Mapping[str, Any], leads: Sequence[LeadFact]) -> dict[str, list[Any]]:
    """What each of the leads gives, by field."""
    return {
        "crm_reference": [lead.reference for lead in leads],
        # Not beside a name of which nobody knows that it is this campaign's: see ``with_campaign``.
        "campaign_id": [
            lead.named if values["campaign_name"] in (None, lead.campaign_name) else None for lead in leads
        ],
        # The name of a campaign that the load made; not beside the id of another one.
        "campaign_name": [lead.campaign_name if same(values["campaign_id"], lead.named) else None for lead in leads],
        "customer_name": [lead.customer_name for lead in leads],
        "custom_fields": [dict(lead.fields) for lead in leads],
    }


def with_campaign(attempt: Folded, known: Mapping[str, tuple[str, UUID]]) -> Folded:
    """The attempt with the id of the campaign of which it has the name only. ``known``: name -> (id, the receipt that told it),
    of names that one campaign alone has ever had."""
    values = attempt.values
    if values["campaign_id"] is not None or values["campaign_name"] not in known:
        return attempt
    campaign_id, receipt = known[values["campaign_name"]]
    set_by = values["set_by"] | {"campaign_id": str(receipt)}
    return replace(attempt, values={**values, "campaign_id": campaign_id, "set_by": set_by})
