"""The kinds of CRM that Wrapup knows: an explicit table, so that a kind that fails to load stops the start."""

from crm import hubspot, lead_status, pipedrive, webhook
from crm.base import Crm

CRMS: dict[str, Crm] = {crm.name: crm for crm in (hubspot.CRM, pipedrive.CRM, webhook.CRM, lead_status.CRM)}
