"""How Bitrix24 may misbehave, besides what every sandbox does; ``sandbox.faults`` says how a fault is switched on. The methods of
a batch are part of its address, so that they can be struck by their names."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import wire
from sandbox.bitrix24 import refusals
from sandbox.bitrix24.refusals import Refusal
from sandbox.faults import COMMON

# Nothing is done, and Bitrix24 says why in its own words.
ANSWERS: Mapping[str, Callable[[Any], Refusal]] = {
    "token_expired": lambda value: refusals.expired(),
    "no_auth": lambda value: refusals.no_auth(),
    "scope_missing": lambda value: refusals.scope_missing(),
    "wrong_auth_type": lambda value: refusals.wrong_auth_type(),
    "query_limit": lambda value: refusals.query_limit(),
    "operation_limit": refusals.operation_limit,  # value: the Retry-After header
    "overload": lambda value: refusals.overload(),
    "internal_error": lambda value: refusals.internal(),
    "plan": lambda value: refusals.plan(),
    "gateway_timeout": lambda value: refusals.gateway(),
}
DONE = {
    "time_out": "after so many commands of a batch its minute is over, the rest is not done, and the answer is a 504: value (1)",
    "failing": "after so many commands of a batch the rest is not done, and fails by itself: value (1)",
    "within_limit": "each command of a batch meets the limit of its method, and nothing is done",
    "ended_within": "each command of a batch says that the token has ended, and nothing is done",
    "not_told": "the answer to a batch does not tell of the commands with this method: value",
    "no_activity": "a finished call becomes no activity",
    "no_link": "the activity of a finished call stands on no record",
    "no_note": "a note is not saved",
    "search_delay": "search is so many seconds behind: value",
    "deleted": "the records with these ids are gone: value (a list)",
}
ERRORS = {
    "error_in_200": "nothing is done, and the answer is a 200 with an error in it",
    "error_in_200_after": "it is done, and the answer is a 200 with an error in it",
}
FAULTS = (*COMMON, *wire.FAULTS, *ANSWERS, *DONE, *ERRORS)
