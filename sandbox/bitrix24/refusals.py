"""How Bitrix24 says no."""

from typing import Any

NOT_FOUND_CALL = "Call is not found (call should be registered prior to finishing"


class Refusal(Exception):
    """A request, or a command of a batch, that is refused. ``wrong``: it would be so in every account, so that its sender is to
    blame. ``page``: HTML in the place of JSON."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str = "",
        wrong: bool = False,
        page: str | None = None,
        wait: Any = None,
    ):
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description
        self.wrong = wrong
        self.page = page
        self.headers = {} if wait is None else {"Retry-After": str(wait)}

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description}


def wrong(why: str) -> Refusal:
    """Of a request that is not as documented."""
    return Refusal(400, "ERROR_ARGUMENT", why, wrong=True)


def core(why: str) -> Refusal:
    """Of the telephony's methods."""
    return Refusal(400, "ERROR_CORE", why)


def invalid(field: str) -> Refusal:
    return Refusal(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f'The value of the field "{field}" is not valid')


def not_found() -> Refusal:
    return Refusal(400, "NOT_FOUND", "Element not found")


def expired() -> Refusal:
    return Refusal(401, "expired_token", "The access token provided has expired")


def no_auth() -> Refusal:
    return Refusal(401, "NO_AUTH_FOUND", "Wrong authorization data")


def scope_missing() -> Refusal:
    text = "The request requires higher privileges than provided by the access token"
    return Refusal(403, "insufficient_scope", text)


def wrong_auth_type() -> Refusal:
    return Refusal(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method")


def denied() -> Refusal:
    return Refusal(403, "ACCESS_DENIED", "Access denied!")


def query_limit() -> Refusal:
    return Refusal(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")


def operation_limit(wait: Any = None) -> Refusal:
    return Refusal(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit", wait=wait)


def overload() -> Refusal:
    return Refusal(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload")


def internal() -> Refusal:
    return Refusal(500, "INTERNAL_SERVER_ERROR", "Internal server error")


def plan() -> Refusal:
    return Refusal(403, "ACCESS_DENIED", "REST API is available only on commercial plans")


def gateway() -> Refusal:
    return Refusal(504, "", page="<html>Gateway timeout</html>")
