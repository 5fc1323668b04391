"""The kinds of CRM that Wrapup knows: an explicit table, so that a kind that fails to load stops the start."""

from crm import bitrix24, hubspot, lead_status, pipedrive, salesforce, webhook, zoho
from crm.base import Crm
from crm.destination import Destination

_ALL = (hubspot.CRM, pipedrive.CRM, bitrix24.CRM, zoho.CRM, salesforce.CRM, webhook.CRM, lead_status.CRM)
CRMS: dict[str, Crm] = {crm.name: crm for crm in _ALL}


def asks_whom_not_to_call(destination: Destination) -> bool:
    """Whether the destination's table asks for it."""
    refusals = CRMS[destination.kind].refusals
    return refusals is not None and refusals.wanted(destination)
