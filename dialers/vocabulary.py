"""Our words. Every dialer's words are translated into these, and only these."""

from typing import Final

# Connect outcome: the technical result of one call attempt.
CONNECTED: Final = "connected"
VOICEMAIL: Final = "voicemail"
NO_ANSWER: Final = "no_answer"
BUSY: Final = "busy"
REJECTED: Final = "rejected"
UNREACHABLE: Final = "unreachable"
INVALID_NUMBER: Final = "invalid_number"
FAILED: Final = "failed"
ABANDONED: Final = "abandoned"  # the customer answered, no agent did
AGENT_UNAVAILABLE: Final = "agent_unavailable"  # the agent's leg failed first
CANCELED: Final = "canceled"
BLOCKED: Final = "blocked"  # do-not-call list, forbidden hour
UNKNOWN: Final = "unknown"  # over, but in a word that nobody has mapped
PENDING: Final = "pending"
IN_PROGRESS: Final = "in_progress"
RETRY_SCHEDULED: Final = "retry_scheduled"

FINAL_OUTCOMES: Final = (
    CONNECTED,
    VOICEMAIL,
    NO_ANSWER,
    BUSY,
    REJECTED,
    UNREACHABLE,
    INVALID_NUMBER,
    FAILED,
    ABANDONED,
    AGENT_UNAVAILABLE,
    CANCELED,
    BLOCKED,
    UNKNOWN,
)
OPEN_OUTCOMES: Final = (PENDING, IN_PROGRESS, RETRY_SCHEDULED)
CONNECT_OUTCOMES: Final = FINAL_OUTCOMES + OPEN_OUTCOMES

# Which of two results of one call is the call's, where legs ended differently and no time tells: somebody talked; a machine
# did; then what says most of the other side, before what was missing, before what only one of several legs may have met.
RESULTS_BY_WEIGHT: Final = (
    CONNECTED,
    VOICEMAIL,
    ABANDONED,
    REJECTED,
    BUSY,
    INVALID_NUMBER,
    BLOCKED,
    NO_ANSWER,
    UNREACHABLE,
    FAILED,
    AGENT_UNAVAILABLE,
    CANCELED,
    UNKNOWN,
)
ANSWERED_OUTCOMES: Final = (CONNECTED, VOICEMAIL)

# After these an agent may still record what was said; after the others nobody has anything to record.
DISPOSABLE_OUTCOMES: Final = (CONNECTED, UNKNOWN)

ANSWERED_BY: Final = ("human", "machine", "fax", "unknown")

DNC: Final = "dnc"  # its number must not be called any more
FLAGS: Final = ("contact", "sale", "callback", "not_interested", DNC, "wrong_number")

# Settling: may the row still change?
PROVISIONAL: Final = "provisional"  # the call is not over
AWAITING_DISPOSITION: Final = "awaiting_disposition"
SETTLED: Final = "settled"
NEVER_DISPOSED: Final = "never_disposed"  # the window for it has passed
SETTLINGS: Final = (PROVISIONAL, AWAITING_DISPOSITION, SETTLED, NEVER_DISPOSED)

# Where a number of seconds comes from, the better before the worse.
STATED: Final = "stated"  # the dialer says it
COMPUTED: Final = "computed"  # from two times of the dialer
OBSERVED: Final = "observed"  # from the arrival of its callbacks, where it states no times at all
DURATION_SOURCES: Final = (STATED, COMPUTED, OBSERVED)

# The life of a call in callbacks, where a dialer posts each step as it happens and states no times.
ARRIVED_BEGUN: Final = 0
ARRIVED_RINGING: Final = 1
ARRIVED_ANSWERED: Final = 2
ARRIVED_ENDED: Final = 3
ARRIVED_RECORDED: Final = 4  # some time after the end

DIRECTIONS: Final = ("outbound", "inbound", "internal")

# Event kinds: one fact each, read out of a receipt.
DIALED: Final = "dialed"  # an agent or the customer was rung; for the timeline
AGENT_ANSWERED: Final = "agent_answered"
CUSTOMER_ANSWERED: Final = "customer_answered"
MILESTONE: Final = "milestone"  # something happened, in a word that nobody has mapped
CALL_ENDED: Final = "call_ended"
DISPOSED: Final = "disposed"
LEAD_STATUS_SEEN: Final = "lead_status_seen"
EVENT_KINDS: Final = (DIALED, AGENT_ANSWERED, CUSTOMER_ANSWERED, MILESTONE, CALL_ENDED, DISPOSED, LEAD_STATUS_SEEN)

# What a tenant may say of a word instead of a meaning: it has been looked at, and needs none.
DISMISSED: Final = "dismissed"
# What a tenant may say of a word: of a status how the call ended, of an event also what happened.
EVENT_MEANINGS: Final = (DIALED, AGENT_ANSWERED, CUSTOMER_ANSWERED, CALL_ENDED)
WORD_MEANINGS: Final = (*CONNECT_OUTCOMES, *EVENT_MEANINGS, DISMISSED)

# The facts an event may carry: the fields of an outcome that a dialer can say, by the names of ``models.shown.COLUMNS`` (a test
# compares them: words know no tables). Values are JSON values.
TIME_FACTS: Final = ("created_at", "started_at", "answered_at", "ended_at", "disposed_at", "callback_at")
INT_FACTS: Final = ("ring_seconds", "talk_seconds", "duration_seconds")
TEXT_FACTS: Final = (
    "call_id",
    "attempt_id",
    "lead_id",
    "campaign_id",
    "campaign_name",
    "queue_id",
    "queue_name",
    "direction",
    "customer_number",
    "customer_number_raw",
    "customer_name",
    "caller_number",
    "agent_id",
    "agent_name",
    "agent_username",
    "agent_email",
    "agent_number",
    "agent_extension",
    "connect_outcome",
    "answered_by",
    "disposition",
    "disposition_parent",
    "status_raw",
    "hangup_cause",
    "lead_status",
    "recording_url",
    "notes",
    "crm_reference",
)
OTHER_FACTS: Final = ("flags", "custom_fields")
FACTS: Final = TEXT_FACTS + TIME_FACTS + INT_FACTS + OTHER_FACTS

# Facts about the record itself, shown in the timeline and never folded: begin with an underscore.
#   _conflicts   keys written twice with different values, and those values
#   _unread      the dialer's fields that state something which cannot be read, with a sample each
#   _word        the dialer's word where we have none for it
#   _said        the same where the tenant has said what it means
#   _result      what an attempt left behind, while JAICP's job goes on
#   _scheduled_at, _leg_direction, _legs   what Ryng tells of a call besides
