"""What goes over the line, and what is meant when that fails. Imported when something is asked: requests takes megabytes."""

import ssl
from collections.abc import Iterator

import requests
from requests import exceptions as failures
from urllib3 import exceptions as wire_failures

from lib.http.connections import Adapter
from lib.http.deadlines import Deadline
from lib.http.errors import AddressRefused, AskedWrongly, Broken, ExchangeError, NotTrusted, Unavailable, Uncertain
from lib.http.pinned import Admits, NotAdmitted, PinnedAdapter

__all__ = ["FAILURES", "Deadline", "causes", "failure", "opened"]

FAILURES = (failures.RequestException, wire_failures.HTTPError)

# What TLS says while it shakes hands, which is before anything of ours is sent.
HANDSHAKE = ("CERTIFICATE", "HANDSHAKE", "VERSION", "PROTOCOL", "HTTP_REQUEST", "UNRECOGNIZED_NAME")


class _Session(requests.Session):
    """One that goes nowhere else."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere. Where redirects are not to be followed, requests works out the next request all the same, and for that it
        reads all of the redirect's body at once, inflated, however large it is."""
        return None


def opened(ca_file: str | None, admits: Admits | None = None) -> requests.Session:
    """A session of its own, which goes where it is told, says what it is told, and keeps nothing. As of ``Http``."""
    session = _Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, PinnedAdapter(admits) if admits else Adapter())
    # The environment's .netrc would replace our Authorization header, and its CA bundle ours.
    session.trust_env = False
    session.auth = _unchanged  # and a name in the URL would too
    session.verify = ca_file or True
    session.headers["Accept"] = "application/json"
    return session


def failure(error: Exception, host: str, what: str) -> ExchangeError:
    """What a failed exchange means: whether the request may have arrived is all that matters."""
    if isinstance(error, failures.InvalidURL | failures.InvalidHeader | failures.InvalidSchema):
        return AskedWrongly(f"{what} cannot be sent to {host}. Check the connection's settings.")
    found = list(causes(error))
    for cause in found:
        if isinstance(cause, NotAdmitted):
            return AddressRefused(
                f"{host} was not asked ({what}): its name leads to an address that is not public, or is no plain name."
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(
                f"The certificate of {host} could not be verified ({cause.verify_message.rstrip('.')}); nothing was sent."
            )
        if isinstance(cause, ssl.SSLError) and any(word in (cause.reason or "") for word in HANDSHAKE):
            return Unavailable(f"The TLS connection to {host} failed.")
    kinds = {type(cause).__name__ for cause in found}
    if "NameResolutionError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): its name cannot be resolved.")
    if "ConnectionRefusedError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): the connection was refused.")
    if kinds & {"ConnectTimeoutError", "ConnectTimeout"}:
        return Unavailable(f"{host} could not be asked ({what}): it did not accept the connection in time.")
    if "NewConnectionError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): the connection failed.")
    if isinstance(error, failures.Timeout | wire_failures.TimeoutError) or "ReadTimeoutError" in kinds:
        return Uncertain(f"{host} did not answer {what} in time.")
    if kinds & {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"}:
        return Uncertain(f"{host} closed the connection before it had answered {what}.")
    return Broken(f"{host}'s answer to {what} broke off.")


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it wraps: requests and urllib3 put causes into four different places."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
