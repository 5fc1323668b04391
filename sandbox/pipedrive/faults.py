"""How Pipedrive may misbehave, besides what every sandbox does; ``sandbox.faults`` says how a fault is switched on."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import wire
from sandbox.faults import COMMON
from sandbox.pipedrive.refusals import (
    Refusal,
    day_spent,
    missing_scope,
    not_allowed,
    shut_out,
    too_often,
    unauthorized,
)

# Nothing is done, and Pipedrive says why in its own words.
ANSWERS: Mapping[str, Callable[[Any], Refusal]] = {
    "token_revoked": lambda value: unauthorized(),
    "scope_missing": lambda value: missing_scope(),
    "permission_denied": lambda value: not_allowed(),
    "too_often": lambda value: too_often(str(value or "2")),  # value: the seconds until there is room again
    "day_spent": lambda value: day_spent(),
    "shut_out": lambda value: shut_out(),
    "gateway_timeout": lambda value: Refusal(504, "gateway timeout", page="<html>Gateway timeout</html>"),
}
DONE = {
    "no_note": "an activity that a call log makes is without its note",
    "no_link": "an activity that a call log makes stands on no record",
    "not_told": "a call log is made, and the answer does not tell of it",
    "same_cursor": "a page names itself as the next one",
    "search_delay": "search is so many seconds behind: value",
    "required_field": "the account wants a member of call logs: value",
    "deleted": "the records with these ids are gone: value (a list)",
}
ERRORS = {
    "error_in_200": "nothing is done, and the answer is a 200 with an error in it",
    "error_in_200_after": "it is done, and the answer is a 200 with an error in it",
}
FAULTS = (*COMMON, *wire.FAULTS, *ANSWERS, *DONE, *ERRORS)
