"""How HubSpot may misbehave, besides what every sandbox does; ``sandbox.faults`` says how a fault is switched on."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import wire
from sandbox.faults import COMMON
from sandbox.hubspot import limits
from sandbox.hubspot.refusals import Refusal, missing_scopes, too_many, unauthorized

# Nothing is done, and HubSpot says why in its own words.
ANSWERS: Mapping[str, Callable[[Any], Refusal]] = {
    "token_expired": lambda value: unauthorized("EXPIRED_AUTHENTICATION"),
    "token_revoked": lambda value: unauthorized(),
    "scope_missing": lambda value: missing_scopes([str(value or "crm.objects.contacts.write")]),
    "ten_secondly": lambda value: too_many(limits.TEN_SECONDS),  # value: the Retry-After header
    "secondly": lambda value: too_many(limits.SECOND),  # value: the Retry-After header
    "daily_spent": lambda value: too_many(limits.DAY),
    "locked": lambda value: Refusal(423, "LOCKED", "The object is locked by another request."),
    # The value is its Retry-After.
    "migrating": lambda value: Refusal(477, "MIGRATION_IN_PROGRESS", "This account is being moved."),
    "gateway_timeout": lambda value: Refusal(504, "TIMEOUT", "The request timed out."),
}
DONE = {
    "partial": "every second input of a batch fails for now; value: its category (default INTERNAL_ERROR)",
    "whole_batch": "one bad input refuses a batch as a whole, and the first is named, also where inputs have traces",
    "results_missing": "a batch is done, and every second result is not told of",
    "shuffled": "the results of a batch come in another order",
    "no_association": "an association is said to be made, and is not",
    "search_delay": "search is so many seconds behind: value",
    "required_field": "the account wants a field: value {object, when: {name: value}, need: [names]}",
    "duplicate_rule": "no two records may have the same: value (a property; default phone)",
    "deleted": "the records with these ids are gone: value (a list)",
    "lists_find_nothing": "a search for one of several numbers finds nobody by the calculated properties",
    "tidied": "the HTML of a call's body is kept in other words than it was written",
}
ERRORS = {
    "error_in_200": "nothing is done, and the answer is a 200 with an error in it",
    "error_in_200_after": "it is done, and the answer is a 200 with an error in it",
}
FAULTS = (*COMMON, *wire.FAULTS, *ANSWERS, *DONE, *ERRORS)
RULE = {"object": "calls", "when": {"hs_call_status": "COMPLETED"}, "need": ["hs_call_body"]}
