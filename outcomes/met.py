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


def complete(session: Session, drafts: dict[UUID, list[Folded]], names: Mapping[UUID, tuple[str, str]]) -> None:
    """Replace the drafts of groups that a loaded lead or a list of campaigns completes. ``names``: group -> (connection,
    dialer)."""
    by_connection: dict[tuple[str, str], list[UUID]] = {}
    for group in drafts:
        by_connection.setdefault(names[group], []).append(group)
    for (connection, dialer), groups in by_connection.items():
        _campaigns(session, connection, drafts, groups)
        if has_leads(session, connection):
            _leads(session, connection, dialer, drafts, groups)


def _campaigns(session: Session, connection: str, drafts: dict[UUID, list[Folded]], groups: list[UUID]) -> None:
    wanted = {
        draft.values["campaign_name"]
        for group in groups
        for draft in drafts[group]
        if draft.values["campaign_name"] is not None and draft.values["campaign_id"] is None
    }
    if wanted and (known := campaign_ids(session, connection, wanted)):
        for group in groups:
            drafts[group] = [besides.with_campaign(draft, known) for draft in drafts[group]]


def campaign_ids(session: Session, connection: str, wanted: Iterable[str]) -> dict[str, tuple[str, UUID]]:
    """name -> (id, the receipt that told it), of those names that one campaign alone has ever had."""
    columns = (CampaignName.name, CampaignName.campaign_id, CampaignName.receipt_id)
    statement = select(*columns).where(CampaignName.connection == connection)
    found: dict[str, list[tuple[str, UUID]]] = {}
    statement = statement.where(bulk.among(session, CampaignName.name, sorted(wanted)))
    for name, campaign, receipt in session.execute(statement):
        found.setdefault(name, []).append((campaign, receipt))
    return {name: told[0] for name, told in found.items() if len(told) == 1}


def _leads(
    session: Session, connection: str, dialer: str, drafts: dict[UUID, list[Folded]], groups: list[UUID]
) -> None:
    every = [draft.values for group in groups for draft in drafts[group]]
    found = leads_of(session, connection, dialer, every)
    if not any(found):
        return
    by_id, by_number = found
    for group in groups:
        drafts[group] = [
            besides.with_leads(draft, candidates(draft.values, by_id, by_number)) for draft in drafts[group]
        ]
