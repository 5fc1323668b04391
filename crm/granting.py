"""Tokens of apps that are connected by OAuth, renewed with a refresh token.

A form is posted, or stands in the address, and the answer has ``access_token``, ``expires_in`` in seconds and ``refresh_token``.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from crm.base import Granted
from crm.destination import Destination
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, Unavailable, Uncertain
from lib.http.exchange import Http, Patience, asking, cannot_now, host_of
from lib.http.tokens import granted, sendable

WHAT = "the request for an access token"
MOST_BYTES = 64 * 1024
REFUSED = (400, 401, 402, 403)
KEYS = ("client_id", "client_secret", "refresh_token")


def renewed(
    destination: Destination,
    url: str,
    form: Mapping[str, str],
    todo: str,
    headers: Mapping[str, str] | None = None,
    heard: Callable[[Mapping[str, Any]], None] = lambda said: None,
    verb: str = "POST",
    rotates: bool = False,
) -> Granted:
    """What the CRM gives for the form, which stands in the address of a GET; ``todo``: what to check where it refuses. ``heard``
    is given what an answer says, whatever its status, and raises where that means something of its own. Raises
    CredentialsRefused, Unavailable. Where the refresh token ``rotates``, a request that was not answered may have used it up:
    Uncertain."""
    own = destination.settings
    seconds = float(own["timeout_seconds"])
    http = Http(Patience(read=seconds, whole=seconds, most_bytes=MOST_BYTES), own["ca_file"])
    host = host_of(url)
    content = {"params" if verb == "GET" else "data": dict(form)}
    try:
        with nullcontext() if rotates else asking():
            answer = http.exchange(verb, url, what=WHAT, headers=headers, alone=rotates, **content)
        said = answer.plain()
        if isinstance(said, Mapping) and answer.status < 500:
            heard(said)
        if answer.status in REFUSED:
            raise CredentialsRefused(f"{host} refused {WHAT} ({answer.status}). {todo}")
        if rotates and answer.status >= 500:
            raise Uncertain(f"{host} failed to answer {WHAT} ({answer.status}).")
        if answer.status != 200:
            raise cannot_now(answer, host, WHAT)
        access, said = granted(answer.body, host, WHAT)
    except (Garbled, AskedWrongly) as error:
        is_open = rotates and isinstance(error, Garbled)
        raise (Uncertain if is_open else Unavailable)(str(error)) from None  # nothing that is to be written is at fault
    lasts = said.get("expires_in")
    lasts = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else None
    return Granted(access, lasts, sendable(said.get("refresh_token")))
