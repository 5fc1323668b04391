"""How Pipedrive says no."""

from typing import Any

INFO = "Please check developers.pipedrive.com for more information about Pipedrive API."
SHUT_OUT = "<!doctype html><title>Access denied</title><p>This error is produced by Cloudflare."


class Refusal(Exception):
    """A request that is refused. ``wrong``: it would be so in every account, so that its sender is to blame. ``page``: HTML in
    the place of JSON."""

    def __init__(
        self, status: int, error: str, info: str = INFO, wrong: bool = False, page: str | None = None, **headers: str
    ):
        super().__init__(error)
        self.status = status
        self.error = error
        self.info = info
        self.wrong = wrong
        self.page = page
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        return {
            "success": False,
            "error": self.error,
            "error_info": self.info,
            "data": None,
            "additional_data": None,
        }


def wrong(why: str) -> Refusal:
    """Of a request that is not as documented."""
    return Refusal(400, f"Validation failed: {why}", wrong=True)


def invalid(why: str) -> Refusal:
    """Of a value that this account does not take."""
    return Refusal(400, f"Validation failed: {why}")


def unauthorized() -> Refusal:
    return Refusal(401, "unauthorized access")


def not_allowed() -> Refusal:
    return Refusal(403, "You don't have permission to change this resource.")


def missing_scope() -> Refusal:
    return Refusal(403, "Scope and URL mismatch")


def not_found(what: str = "A resource required for this operation") -> Refusal:
    return Refusal(404, f"{what} was not found.")


def gone() -> Refusal:
    return Refusal(410, "The callLog you are trying to access is no longer available")


def too_often(reset: str = "2") -> Refusal:
    return Refusal(429, "request over limit", x_ratelimit_reset=reset)


def day_spent() -> Refusal:
    return Refusal(429, "daily token budget exceeded", x_daily_ratelimit_token_remaining="0", Retry_After="3")


def shut_out() -> Refusal:
    return Refusal(403, "shut out", page=SHUT_OUT)
