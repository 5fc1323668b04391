"""How Salesforce says no."""

from typing import Any

LIMIT = "REQUEST_LIMIT_EXCEEDED"


class Refusal(Exception):
    """A request that is refused. ``wrong``: it would be so in every org, so that its sender is to blame. ``page``: HTML in the
    place of JSON."""

    def __init__(
        self, status: int, code: str, message: str, wrong: bool = False, page: str | None = None, **headers: str
    ):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.wrong = wrong
        self.page = page
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> list[dict[str, Any]]:
        return [{"message": self.message, "errorCode": self.code}]


class Unfit(Exception):
    """A record of a collection that is not taken; the others are."""

    def __init__(self, code: str, message: str, *fields: str):
        super().__init__(message)
        self.error = {"statusCode": code, "message": message, "fields": list(fields)}


def wrong(message: str, code: str = "JSON_PARSER_ERROR") -> Refusal:
    """Of a request that is not as documented."""
    return Refusal(400, code, message, wrong=True)


def no_column(name: str, kind: str) -> Refusal:
    """Of a field that this org does not have, or that the user does not see."""
    return Refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}")


def session_ended() -> Refusal:
    return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")


def requests_spent() -> Refusal:
    return Refusal(403, LIMIT, "TotalRequests Limit exceeded.")


def too_many_at_once() -> Refusal:
    return Refusal(403, LIMIT, "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")


def unavailable(seconds: Any) -> Refusal:
    found = Refusal(503, "SERVER_UNAVAILABLE", "We are unable to process your request at this time")
    found.headers |= {} if seconds is None else {"Retry-After": str(seconds)}
    return found


def api_disabled() -> Refusal:
    return Refusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
