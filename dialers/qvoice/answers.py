"""What an HTTP answer, or the lack of one, means: an error with a sentence for the operator. Never a body, never a secret."""

import ssl
from typing import Any

from dialers.errors import AskedWrongly, CredentialsRefused, Declined, Garbled, ReportError, Unavailable, Uncertain
from dialers.http import Answer, causes, retry_after, verdict
from lib import rawjson

LONGEST_REASON = 200


class NotTrusted(Unavailable):
    """The portal's certificate could not be verified; nothing was sent."""

    error_id = "certificate_not_trusted"


def unhappy(answer: Answer, host: str, what: str) -> ReportError:
    """The error that an answer other than 200 is."""
    status = answer.status
    if status == 403:
        # Not remembered for other reports: a user may be allowed to read some of them.
        return CredentialsRefused(f"{host} does not let us {what} (403). Check account_id and the rights of the user.")
    if status == 404:
        return AskedWrongly(f"{host} has no {what} (404). Check portal_url and account_id.")
    if status == 400:
        return AskedWrongly(f"{host} called {what} invalid (400). Check account_id and page_size.")
    if 300 <= status < 400:
        return AskedWrongly(f"{host} sent {what} elsewhere ({status}). Check portal_url: redirects are not followed.")
    if status == 429 or status >= 500 or status in (408, 425):
        words = "says that we ask too often" if status == 429 else "cannot answer now"
        error = Unavailable(f"{host} {words} ({status} to {what}).")
        error.retry_after = retry_after(answer.headers.get("Retry-After"))
        return error
    if status < 300:
        return Garbled(f"{host} answered {what} with {status}, which no page of QVoice's mentions.")
    return AskedWrongly(f"{host} refused {what} ({status}).")


def told(answer: Answer, host: str, what: str) -> Any:
    """The answer to a write that was done: its JSON, None where it is none; only the 200 is documented. Raises what the
    others mean."""
    said = _json(answer.body)
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


def _json(body: bytes) -> Any:
    try:
        return rawjson.loads(body)
    except rawjson.NotJson:
        return None


def tls_error(error: Exception, host: str) -> Unavailable:
    """A failure of TLS: a certificate that cannot be verified, or a handshake that broke off."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(
                f"The certificate of {host} could not be verified ({cause.verify_message.rstrip('.')}). If the portal "
                "has a certificate of its own authority, name that authority's file in ca_file."
            )
    return Unavailable(f"The TLS connection to {host} failed.")


def connection_words(error: Exception) -> str:
    """Why a connection failed, in words."""
    kinds = {type(cause).__name__ for cause in causes(error)}
    if "NameResolutionError" in kinds:
        return "its name cannot be resolved"
    if "ConnectionRefusedError" in kinds:
        return "the connection was refused"
    if kinds & {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "ProtocolError"}:
        return "it closed the connection"
    return "the connection failed"
