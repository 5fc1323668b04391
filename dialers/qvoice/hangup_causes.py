"""Hangup causes, as FreeSWITCH names them, and what they say of a call that nobody answered.

Q.850 and FreeSWITCH's "Hangup Cause Code Table". A cause alone never proves an answer: ``BY_ANSWER`` stands where only the
answer time can tell, and ``activity.connect_outcome`` asks for it first.
"""

from typing import Final

from dialers import vocabulary as ours
from dialers.connection import plain

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
    # Of Q.850's classes "service or option not available", "not implemented", "invalid message" and "protocol error", and their
    # like: the network could not do it.
    "CHANNEL_UNACCEPTABLE": ours.FAILED,
    "EXCHANGE_ROUTING_ERROR": ours.FAILED,
    "FACILITY_REJECTED": ours.FAILED,
    "ACCESS_INFO_DISCARDED": ours.FAILED,
    "FACILITY_NOT_SUBSCRIBED": ours.FAILED,
    "SERVICE_UNAVAILABLE": ours.FAILED,
    "BEARERCAPABILITY_NOTIMPL": ours.FAILED,
    "CHAN_NOT_IMPLEMENTED": ours.FAILED,
    "FACILITY_NOT_IMPLEMENTED": ours.FAILED,
    "SERVICE_NOT_IMPLEMENTED": ours.FAILED,
    "INVALID_CALL_REFERENCE": ours.FAILED,
    "INCOMPATIBLE_DESTINATION": ours.FAILED,
    "INVALID_MSG_UNSPECIFIED": ours.FAILED,
    "MANDATORY_IE_MISSING": ours.FAILED,
    "MESSAGE_TYPE_NONEXIST": ours.FAILED,
    "WRONG_MESSAGE": ours.FAILED,
    "IE_NONEXIST": ours.FAILED,
    "INVALID_IE_CONTENTS": ours.FAILED,
    "WRONG_CALL_STATE": ours.FAILED,
    "MANDATORY_IE_LENGTH_ERROR": ours.FAILED,
    "PROTOCOL_ERROR": ours.FAILED,
    # Above 127 the causes are FreeSWITCH's own.
    "ORIGINATOR_CANCEL": ours.CANCELED,
    "LOSE_RACE": ours.CANCELED,
    "PICKED_OFF": ours.CANCELED,
    "USER_NOT_REGISTERED": ours.AGENT_UNAVAILABLE,  # only an agent's phone can be registered
    "ALLOTTED_TIMEOUT": ours.NO_ANSWER,
    "BUSY_EVERYWHERE": ours.BUSY,  # SIP 600
    "DECLINE": ours.REJECTED,  # SIP 603
    "DOES_NOT_EXIST_ANYWHERE": ours.INVALID_NUMBER,  # SIP 604
    "INVALID_GATEWAY": ours.FAILED,
    "GATEWAY_DOWN": ours.FAILED,
    "CRASH": ours.FAILED,
    "SYSTEM_SHUTDOWN": ours.FAILED,
    "47": ours.FAILED,  # no resource is free; FreeSWITCH has no name for it
}

# Some carriers' gateways write the number of the cause instead of its name.
NUMBERS: Final = {
    "1": "UNALLOCATED_NUMBER",
    "2": "NO_ROUTE_TRANSIT_NET",
    "3": "NO_ROUTE_DESTINATION",
    "6": "CHANNEL_UNACCEPTABLE",
    "16": "NORMAL_CLEARING",
    "17": "USER_BUSY",
    "18": "NO_USER_RESPONSE",
    "19": "NO_ANSWER",
    "20": "SUBSCRIBER_ABSENT",
    "21": "CALL_REJECTED",
    "22": "NUMBER_CHANGED",
    "25": "EXCHANGE_ROUTING_ERROR",
    "27": "DESTINATION_OUT_OF_ORDER",
    "28": "INVALID_NUMBER_FORMAT",
    "29": "FACILITY_REJECTED",
    "31": "NORMAL_UNSPECIFIED",
    "34": "NORMAL_CIRCUIT_CONGESTION",
    "38": "NETWORK_OUT_OF_ORDER",
    "41": "NORMAL_TEMPORARY_FAILURE",
    "42": "SWITCH_CONGESTION",
    "43": "ACCESS_INFO_DISCARDED",
    "44": "REQUESTED_CHAN_UNAVAIL",
    "50": "FACILITY_NOT_SUBSCRIBED",
    "57": "BEARERCAPABILITY_NOTAUTH",
    "58": "BEARERCAPABILITY_NOTAVAIL",
    "63": "SERVICE_UNAVAILABLE",
    "65": "BEARERCAPABILITY_NOTIMPL",
    "66": "CHAN_NOT_IMPLEMENTED",
    "69": "FACILITY_NOT_IMPLEMENTED",
    "79": "SERVICE_NOT_IMPLEMENTED",
    "81": "INVALID_CALL_REFERENCE",
    "88": "INCOMPATIBLE_DESTINATION",
    "95": "INVALID_MSG_UNSPECIFIED",
    "96": "MANDATORY_IE_MISSING",
    "97": "MESSAGE_TYPE_NONEXIST",
    "98": "WRONG_MESSAGE",
    "99": "IE_NONEXIST",
    "100": "INVALID_IE_CONTENTS",
    "101": "WRONG_CALL_STATE",
    "102": "RECOVERY_ON_TIMER_EXPIRE",
    "103": "MANDATORY_IE_LENGTH_ERROR",
    "111": "PROTOCOL_ERROR",
    "127": "INTERWORKING",
}
_BY_WORD = {plain(name): meaning for name, meaning in CAUSES.items()}
_BY_WORD |= {number: CAUSES[name] for number, name in NUMBERS.items()}


def meaning(cause: str | None) -> str | None:
    """One of our connect outcomes, ``BY_ANSWER``, ``BY_ANSWER_ELSE_FAILED``, or None for a cause that nobody listed. Compared as
    the tenant's words are: ``Normal Clearing`` is NORMAL_CLEARING."""
    return _BY_WORD.get(plain(cause)) if cause else None
