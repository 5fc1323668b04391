"""Reading what stands beside the events of calls (``besides``): loaded leads, and the campaigns that dialers have listed.

Folding is a hot path: a batch of calls asks once for each connection, and for leads only where any were loaded.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CampaignName, bulk
from outcomes import besides
from outcomes.fold import Folded
from outcomes.lead_facts import candidates, has_leads, leads_of

ByGroup = dict[UUID, list[Folded]]  # by group


def completed(session: Session, folded: ByGroup, names: Mapping[UUID, tuple[str, str]]) -> ByGroup:
    """The attempts, completed where a loaded lead or a list of campaigns does it. ``names``: group -> (connection, dialer)."""
    by_connection: dict[tuple[str, str], ByGroup] = {}
    for group, own in folded.items():
        by_connection.setdefault(names[group], {})[group] = own
    found: ByGroup = {}
    for (connection, dialer), mine in by_connection.items():
        mine = _with_campaigns(session, connection, mine)
        found |= _with_leads(session, connection, dialer, mine) if has_leads(session, connection) else mine
    return found


def _with_campaigns(session: Session, connection: str, folded: ByGroup) -> ByGroup:
    wanted = {
        attempt.values["campaign_name"]
        for own in folded.values()
        for attempt in own
        if attempt.values["campaign_name"] is not None and attempt.values["campaign_id"] is None
    }
    if not wanted or not (known := campaign_ids(session, connection, wanted)):
        return folded
    return {group: [besides.with_campaign(attempt, known) for attempt in own] for group, own in folded.items()}


def campaign_ids(session: Session, connection: str, wanted: Iterable[str]) -> dict[str, tuple[str, UUID]]:
    """name -> (id, the receipt that told it), of those names that one campaign alone has ever had."""
    columns = (CampaignName.name, CampaignName.campaign_id, CampaignName.receipt_id)
    statement = select(*columns).where(CampaignName.connection == connection)
    found: dict[str, list[tuple[str, UUID]]] = {}
    statement = statement.where(bulk.among(session, CampaignName.name, sorted(wanted)))
    for name, campaign, receipt in session.execute(statement):
        found.setdefault(name, []).append((campaign, receipt))
    return {name: told[0] for name, told in found.items() if len(told) == 1}


def _with_leads(session: Session, connection: str, dialer: str, folded: ByGroup) -> ByGroup:
    every = [attempt.values for own in folded.values() for attempt in own]
    found = leads_of(session, connection, dialer, every)
    if not any(found):
        return folded
    return {
        group: [besides.with_leads(attempt, candidates(attempt.values, *found)) for attempt in own]
        for group, own in folded.items()
    }
