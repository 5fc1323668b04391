"""How HubSpot says no: of a whole request, and of one input of a batch."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

VALIDATION = "VALIDATION_ERROR"
NOT_FOUND = "OBJECT_NOT_FOUND"
CONFLICT = "CONFLICT"


class Refusal(Exception):
    """A request that is refused as a whole. ``wrong``: it would be so in every account, so that its sender is to blame."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        errors: Sequence[Mapping[str, Any]] = (),
        wrong: bool = False,
        **more: Any,
    ):
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.errors = errors
        self.wrong = wrong
        self.more = more

    def body(self) -> dict[str, Any]:
        found = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
        }
        return found | ({"errors": list(self.errors)} if self.errors else {}) | self.more


def wrong(why: str) -> Refusal:
    """Of a request that is not as documented."""
    return Refusal(400, VALIDATION, f"Invalid input JSON: {why}", wrong=True)


def unauthorized(category: str = "INVALID_AUTHENTICATION") -> Refusal:
    message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
    if category == "EXPIRED_AUTHENTICATION":
        message = "The OAuth token used to make this call expired 1 day(s) ago."
    return Refusal(401, category, message)


def missing_scopes(scopes: Sequence[str]) -> Refusal:
    needed = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": scopes},
    }
    message = "This app hasn't been granted all required scopes to make this call."
    return Refusal(403, "MISSING_SCOPES", message, [needed], links={"scopes": "https://developers.hubspot.com/scopes"})


def too_many(policy: str) -> Refusal:
    limit = {"DAILY": "daily", "SECONDLY": "secondly", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling"}.get(
        policy, policy
    )
    message = f"You have reached your {limit} limit."
    return Refusal(429, "RATE_LIMITS", message, errorType="RATE_LIMIT", policyName=policy, requestId=str(uuid.uuid4()))


def not_found(kind: str, id_: str) -> Refusal:
    return Refusal(404, NOT_FOUND, f"Object not found.  objectId are usually numeric. ({kind} {id_})")


def of_input(error: Refusal, trace: str | None, ids: Sequence[str] = ()) -> dict[str, Any]:
    """The entry of a batch's ``errors``. What is not there is named by its id, everything else by the input's trace."""
    context = {"ids": list(ids)} if ids else {"objectWriteTraceId": [trace]} if trace else {}
    return {
        "status": "error",
        "id": str(uuid.uuid4()),
        "category": error.category,
        "message": error.message,
        "errors": list(error.errors),
        "context": context,
        "links": {},
    }
