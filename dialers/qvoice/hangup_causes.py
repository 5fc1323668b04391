"""Hangup causes, as FreeSWITCH names them, and what they say of a call that nobody answered.

Q.850 and FreeSWITCH's "Hangup Cause Code Table". A cause alone never proves an answer: ``BY_ANSWER`` stands where only the
answer time can tell, and ``activity.connect_outcome`` asks for it first.
"""

from typing import Final

from dialers import vocabulary as ours

BY_ANSWER: Final = "by_answer"  # an ordinary end: no_answer where the dialer states that there was no answer
BY_ANSWER_ELSE_FAILED: Final = "by_answer_else_failed"

CAUSES: Final = {
    "UNALLOCATED_NUMBER": ours.INVALID_NUMBER,
    "NO_ROUTE_TRANSIT_NET": ours.FAILED,
    "NO_ROUTE_DESTINATION": ours.FAILED,
    "NORMAL_CLEARING": BY_ANSWER,
    "USER_BUSY": ours.BUSY,
    "NO_USER_RESPONSE": ours.NO_ANSWER,
    "NO_ANSWER": ours.NO_ANSWER,
    "SUBSCRIBER_ABSENT": ours.UNREACHABLE,
    "CALL_REJECTED": ours.REJECTED,
    "NUMBER_CHANGED": ours.INVALID_NUMBER,
    "DESTINATION_OUT_OF_ORDER": ours.UNREACHABLE,
    "INVALID_NUMBER_FORMAT": ours.INVALID_NUMBER,
    "NORMAL_UNSPECIFIED": BY_ANSWER_ELSE_FAILED,
    "NORMAL_CIRCUIT_CONGESTION": ours.FAILED,
    "NETWORK_OUT_OF_ORDER": ours.FAILED,
    "NORMAL_TEMPORARY_FAILURE": ours.FAILED,
    "SWITCH_CONGESTION": ours.FAILED,
    "REQUESTED_CHAN_UNAVAIL": ours.FAILED,
    "BEARERCAPABILITY_NOTAUTH": ours.FAILED,
    "BEARERCAPABILITY_NOTAVAIL": ours.FAILED,
    "RECOVERY_ON_TIMER_EXPIRE": ours.FAILED,
    "INTERWORKING": ours.FAILED,
    # Above 127 the causes are FreeSWITCH's own.
    "ORIGINATOR_CANCEL": ours.CANCELED,
    "LOSE_RACE": ours.CANCELED,
    "PICKED_OFF": ours.CANCELED,
    "USER_NOT_REGISTERED": ours.AGENT_UNAVAILABLE,  # only an agent's phone can be registered
    "ALLOTTED_TIMEOUT": ours.NO_ANSWER,
    "47": ours.FAILED,  # no resource is free; FreeSWITCH has no name for it
}

# Some carriers' gateways write the number of the cause instead of its name.
NUMBERS: Final = {
    "1": "UNALLOCATED_NUMBER",
    "2": "NO_ROUTE_TRANSIT_NET",
    "3": "NO_ROUTE_DESTINATION",
    "16": "NORMAL_CLEARING",
    "17": "USER_BUSY",
    "18": "NO_USER_RESPONSE",
    "19": "NO_ANSWER",
    "20": "SUBSCRIBER_ABSENT",
    "21": "CALL_REJECTED",
    "22": "NUMBER_CHANGED",
    "27": "DESTINATION_OUT_OF_ORDER",
    "28": "INVALID_NUMBER_FORMAT",
    "31": "NORMAL_UNSPECIFIED",
    "34": "NORMAL_CIRCUIT_CONGESTION",
    "38": "NETWORK_OUT_OF_ORDER",
    "41": "NORMAL_TEMPORARY_FAILURE",
    "42": "SWITCH_CONGESTION",
    "44": "REQUESTED_CHAN_UNAVAIL",
    "57": "BEARERCAPABILITY_NOTAUTH",
    "58": "BEARERCAPABILITY_NOTAVAIL",
    "102": "RECOVERY_ON_TIMER_EXPIRE",
    "127": "INTERWORKING",
}


def meaning(cause: str | None) -> str | None:
    """One of our connect outcomes, ``BY_ANSWER``, ``BY_ANSWER_ELSE_FAILED``, or None for a cause that nobody listed."""
    word = (cause or "").strip().upper()
    return CAUSES.get(NUMBERS.get(word, word))
