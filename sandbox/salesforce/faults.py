"""How Salesforce may misbehave, besides what every sandbox does; ``sandbox.faults`` says how a fault is switched on."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import wire
from sandbox.faults import COMMON
from sandbox.salesforce.refusals import (
    Refusal,
    api_disabled,
    requests_spent,
    session_ended,
    too_many_at_once,
    unavailable,
)

# Nothing is done, and Salesforce says why in its own words.
ANSWERS: Mapping[str, Callable[[Any], Refusal]] = {
    "session_ended": lambda value: session_ended(),
    "requests_spent": lambda value: requests_spent(),
    "too_many_at_once": lambda value: too_many_at_once(),
    "server_unavailable": unavailable,  # value: the Retry-After header
    "api_disabled": lambda value: api_disabled(),
    "gateway_timeout": lambda value: Refusal(504, "", "gateway timeout", page="<html>Gateway timeout</html>"),
}
DONE = {
    "row_locked": "of the records of a collection each value-th (default 1) is locked by somebody else, and not taken",
    "who_dropped": "a Task that is made stands on no record",
    "not_told": "a collection is done, and the answer tells of none of its records",
    "search_delay": "search is so many seconds behind: value",
    "required_field": "the org wants a field of Tasks: value",
    "deleted": "the records with these ids are gone: value (a list)",
}
ERRORS = {
    "error_in_200": "nothing is done, and the answer is a 200 with an error in it",
    "error_in_200_after": "it is done, and the answer is a 200 with an error in it",
}
FAULTS = (*COMMON, *wire.FAULTS, *ANSWERS, *DONE, *ERRORS)
