"""What a receiver itself answers to whoever is no dialer, in the form of every error of the API."""

from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson

from lib import ids
from lib.shared_counts import SharedCounts

# What ``wrapup_refused`` counts, by receivers and the reader together. New ones go to the end: the file knows their places.
COUNTED = (
    "busy",
    "too_large",
    "cut_off",
    "http_1_1_needed",
    "key_required",
    "key_refused",
    "sign_in_refused",
    "sign_in_throttled",
    "too_many_exports",
    "too_many_reports",
    "too_many_searches",
    "too_many_looks",
    "too_many_scrapes",
    "too_many_lists",
    "link_refused",
    "link_throttled",
    "key_expired",
    "address_refused",
    "provider_refused",
)


def tally(data_dir: Path) -> SharedCounts:
    return SharedCounts(data_dir / "refused", COUNTED)


class TurnedAway(Exception):
    """An answer: ``"503 Service Unavailable"``, its ``error_id``, a sentence."""

    def __init__(self, status: str, error_id: str, message: str):
        super().__init__(message)
        self.status, self.error_id, self.message = status, error_id, message

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        request = str(ids.new())
        body = orjson.dumps({"error_id": self.error_id, "message": self.message, "details": {}, "request_id": request})
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("X-Request-Id", request)]
        if self.status.startswith("503"):
            headers.append(("Retry-After", "1" if self.error_id == "unavailable" else "5"))
        start_response(self.status, headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


class Denied(TurnedAway):
    """The reader's own answer, which is passed on."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes):
        super().__init__(status, "denied", "")
        self._headers, self._body = headers, body

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(self.status, self._headers)
        return [self._body]
