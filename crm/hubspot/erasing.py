"""Contacts erased for good.

developers.hubspot.com, "Permanently delete a contact (GDPR-compliant)": POST /crm/v3/objects/contacts/gdpr-delete with
``{"objectId"}``, answered with 204. It takes the contact and what it is associated with by; calls are no part of it, and are
archived one by one."""

from collections.abc import Sequence

from crm.base import Done, Result
from crm.halving import WholeRefused
from crm.hubspot.api import Client

GDPR_DELETE = "/crm/v3/objects/contacts/gdpr-delete"


def erase(client: Client, ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Crm.erase``."""
    return [_erased(client, one) for one in ids]


def _erased(client: Client, contact: str) -> Result:
    try:
        client.tell(GDPR_DELETE, {"objectId": contact})
    except WholeRefused as error:
        return error.refused
    return Done(contact)
