"""What an HTTP answer means: an error with a sentence for the operator. Never a body, never a secret."""

from typing import Any

from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, Garbled, Uncertain
from lib.http.exchange import Answer, cannot_now, verdict

LONGEST_REASON = 200


def understood(answer: Answer, host: str, what: str) -> bytes:
    """The body of an answer to a question; only the 200 is documented. Raises what the others mean."""
    status = answer.status
    if status == 403:
        # Not remembered for other reports: a user may be allowed to read some of them.
        raise CredentialsRefused(f"{host} does not let us {what} (403). Check account_id and the rights of the user.")
    if status == 404:
        raise AskedWrongly(f"{host} has no {what} (404). Check portal_url and account_id.")
    if status == 400:
        raise AskedWrongly(f"{host} called {what} invalid (400). Check account_id and page_size.")
    if 300 <= status < 400:
        raise AskedWrongly(f"{host} sent {what} elsewhere ({status}). Check portal_url: redirects are not followed.")
    if status >= 500:
        raise cannot_now(answer, host, what)
    if status < 300 and status != 200:
        raise Garbled(f"{host} answered {what} with {status}, which no page of QVoice's mentions.")
    return verdict(answer, host, what)


def told(answer: Answer, host: str, what: str) -> Any:
    """The answer to a write that was done: its JSON, None where it is none; only the 200 is documented. Raises what the
    others mean."""
    said = answer.said()
    if answer.status == 400:
        reason = said.get("message") if isinstance(said, dict) else None
        reason = reason.strip()[:LONGEST_REASON] if isinstance(reason, str) else ""
        raise Declined(f"{host} called it invalid (400): {reason}" if reason else f"{host} called it invalid (400).")
    verdict(answer, host, what)
    if answer.body.lstrip()[:1] == b"<":
        raise Uncertain(f"{host} answered {what} with a web page.")
    if isinstance(said, dict) and said.get("status") == "error":
        raise Uncertain(f"{host} answered {what} with {answer.status} and an error in it.")
    return said
