"""A mapping of outcomes to statuses, and calls that it is about."""

from crm.destination import Rule
from tests.factories import NOON, minutes

NUMBER = "+919810012345"
UPSERT, UPDATE = "calls/batch/upsert", "contacts/batch/update"
RULES = (
    Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}),
    Rule("disposition", "Wrong number", {"hs_lead_status": "BAD_TIMING"}),
    Rule("connect_outcome", "no_answer", {"hs_lead_status": "ATTEMPTED_TO_CONTACT"}, ("NEW", "OPEN")),
)
ORDER = {"hs_lead_status": ("NEW", "OPEN", "ATTEMPTED_TO_CONTACT", "CONNECTED")}


def sale(minute: float = 0, **given):
    return {"customer_number": NUMBER, "started_at": NOON + minutes(minute), "flags": ["sale"], **given}


def unanswered(minute: float = 0):
    return sale(minute, flags=[], connect_outcome="no_answer")
