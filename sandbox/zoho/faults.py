"""How Zoho may misbehave, besides what every sandbox does; ``sandbox.faults`` says how a fault is switched on."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import wire
from sandbox.faults import COMMON
from sandbox.zoho.refusals import Refusal, credits_spent, missing_scope, not_allowed, too_often, unauthorized

# Nothing is done, and Zoho says why in its own words.
ANSWERS: Mapping[str, Callable[[Any], Refusal]] = {
    "token_revoked": lambda value: unauthorized(),
    "scope_missing": lambda value: missing_scope(),
    "permission_denied": lambda value: not_allowed(),
    "too_often": too_often,  # value: a Retry-After, which is documented nowhere
    "credits_spent": lambda value: credits_spent(),
    "gateway_timeout": lambda value: Refusal(504, "", page="<html>Gateway timeout</html>"),
    "whole_batch": lambda value: Refusal(400, "INVALID_DATA", "body"),
}
DONE = {
    "partial": "every second record of a request fails: value (a code)",
    "results_missing": "it is done, and the answer does not tell of every second record; of one, of none",
    "shuffled": "it is done, and the answer tells of the last record first",
    "no_link": "a call that is made stands on no record",
    "nameless_duplicate": "a duplicate is refused without the id of the record that is there",
    "ids_refused": "a question about an id that is not there is refused as a whole",
    "marks_hidden": "calls are shown without their descriptions and without fields that take no duplicates",
    "search_delay": "search is so many seconds behind: value",
    "required_field": "the account wants a field of calls: value",
    "deleted": "the records with these ids are gone: value (a list)",
}
ERRORS = {
    "error_in_200": "nothing is done, and the answer is a 200 with an error in it",
    "error_in_200_after": "it is done, and the answer is a 200 with an error in it",
}
TOKENS = {
    "grants_refused": "a token is asked for, and refused in a 200: value (a word of Zoho's)",
    "grants_too_often": "no more tokens are given for now",
    "other_center": "a token of another data centre is given: value",
}
FAULTS = (*COMMON, *wire.FAULTS, *ANSWERS, *DONE, *ERRORS, *TOKENS)
