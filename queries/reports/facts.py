"""What reports count calls by: each said once, as a condition on an outcome."""

from sqlalchemy import case, false, func, or_, true

from dialers.vocabulary import ABANDONED, CONNECTED, VOICEMAIL
from models import CallOutcome
from queries.expressions import has_member, made, seconds_between

# Every call, and none. What is not null of every call would be read of each to find that out.
EVERY, NONE = true(), false()
FINAL = CallOutcome.is_final.is_(True)
ANSWERED = CallOutcome.connect_outcome == CONNECTED
DROPPED = CallOutcome.connect_outcome == ABANDONED
MACHINE = CallOutcome.connect_outcome == VOICEMAIL
BY_MACHINE = CallOutcome.answered_by.in_(("machine", "fax"))
# Of a call that connected it is mostly not told who answered: what is not known to be a machine is taken for a person.
HUMAN = ANSWERED & func.coalesce(BY_MACHINE, False).is_(False)
CONTACT = has_member(CallOutcome.flags, "contact")
SALE = has_member(CallOutcome.flags, "sale")
DNC = has_member(CallOutcome.flags, "dnc")
HAS_NUMBER = CallOutcome.customer_number.is_not(None)
DISPOSED = CallOutcome.disposition.is_not(None)
CLOSING_FLAGS = ("sale", "dnc", "not_interested", "wrong_number")
CLOSING = or_(*(has_member(CallOutcome.flags, flag) for flag in CLOSING_FLAGS))
OUTBOUND = func.coalesce(CallOutcome.direction, "outbound") == "outbound"

# A lead is who the dialer names so; where it names none, who has the number.
LEAD = func.coalesce(
    CallOutcome.connection + "/lead/" + CallOutcome.lead_id,
    CallOutcome.connection + "/number/" + CallOutcome.customer_number,
)
HAS_LEAD = LEAD.is_not(None)

LONGEST_WRAP = 3600  # seconds: who disposes of a call later did something else in between

_WRAP = seconds_between(CallOutcome.disposed_at, CallOutcome.ended_at)
_HAS_WRAP = (CallOutcome.disposed_at >= CallOutcome.ended_at) & (_WRAP < LONGEST_WRAP)
# Seconds, null where they are not known. From the end of the call to its disposition is null, too, where it is no wrap-up.
CONVERSATION = made("conversation_seconds", case((ANSWERED, CallOutcome.talk_seconds)))
WRAP = made("wrap_seconds", case((_HAS_WRAP, _WRAP)))
HANDLING = made("handling_seconds", CONVERSATION + WRAP)
