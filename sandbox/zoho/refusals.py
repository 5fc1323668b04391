"""How Zoho says no."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request that is refused as a whole. ``wrong``: it would be so in every account, so that its sender is to blame. ``page``:
    HTML in the place of JSON."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str = "",
        details: Mapping[str, Any] | None = None,
        wrong: bool = False,
        page: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.wrong = wrong
        self.page = page
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        return error(self.code, self.message, self.details)


def error(code: str, message: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Of a request, or of one of its records."""
    return {"code": code, "details": dict(details or {}), "message": message, "status": "error"}


def wrong(why: str) -> Refusal:
    """Of a request that is not as documented."""
    return Refusal(400, "INVALID_DATA", why, wrong=True)


def unauthorized() -> Refusal:
    return Refusal(401, "INVALID_TOKEN", "invalid oauth token")


def missing_scope() -> Refusal:
    return Refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")


def not_allowed() -> Refusal:
    return Refusal(403, "NO_PERMISSION", "permission denied")


def too_often(value: Any = None) -> Refusal:
    headers = {"Retry-After": str(value)} if value else {}
    return Refusal(429, "TOO_MANY_REQUESTS", "You have reached the limit of calls at once", headers=headers)


def credits_spent() -> Refusal:
    headers = {"X-API-CREDITS-REMAINING": "0"}
    return Refusal(429, "TOO_MANY_REQUESTS", "You have crossed the limit of API credits", headers=headers)
