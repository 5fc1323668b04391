"""An app that is connected by OAuth: its access token lives for an hour, and is renewed with a refresh token that stays.

zoho.com/accounts/protocol/oauth: the vendor's own client posts a form. Ten tokens may be asked for in ten minutes; what is
wrong stands in ``error``, often in a 200.
"""

import re
from collections.abc import Mapping
from typing import Any

from crm.base import Granted
from crm.destination import Destination
from crm.granting import WHAT, renewed
from crm.zoho.centers import CENTERS, named_by
from lib.http.errors import CredentialsRefused, Unavailable
from lib.http.exchange import host_of

GRANTS = "/oauth/v2/token"
WINDOW = 600.0  # seconds, in which only so many tokens are given
TODO = (
    "Check client_id, client_secret and refresh_token, and that data_center ({}) is the one where the account lives: an app's "
    "tokens are good in no other."
)
_TOO_OFTEN = re.compile(r"too many|access denied", re.IGNORECASE)
_WORD = re.compile(r"[a-zA-Z_ ]{1,60}\Z")


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``. A refresh token may be used again, so that nothing is in doubt."""
    own = destination.settings
    center = str(own["data_center"])
    url = address(own)
    todo = TODO.format(center)

    def heard(said: Mapping[str, Any]) -> None:
        if error := said.get("error"):
            raise _refused(host_of(url), str(error), str(said.get("error_description") or ""), todo)
        other = named_by(said.get("api_domain"))
        if other is not None and other != center:
            raise CredentialsRefused(
                f"The refresh token is one of the data centre {other}, and data_center says {center}. Set "
                f'data_center = "{other}".'
            )

    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    form |= {name: str(own[name]) for name in ("client_id", "client_secret")}
    return renewed(destination, url, form, todo, heard=heard)


def address(own: Mapping[str, Any]) -> str:
    """Where tokens are renewed."""
    return str(own["accounts_url"] or CENTERS[own["data_center"]].accounts).rstrip("/") + GRANTS


def _refused(host: str, error: str, more: str, todo: str) -> CredentialsRefused | Unavailable:
    if _TOO_OFTEN.search(f"{error} {more}"):
        found = Unavailable(f"{host} gives no more access tokens for now: ten may be asked for in ten minutes.")
        found.retry_after = WINDOW
        return found
    word = f" ({error})" if _WORD.match(error) else ""
    return CredentialsRefused(f"{host} refused {WHAT}{word}. {todo}")
