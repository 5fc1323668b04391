"""An app that is connected by OAuth: its access token lives for an hour, and is renewed with a refresh token.

apidocs.bitrix24.com, "Automatic renewal of OAuth 2.0 tokens": asked by GET, at a server that all portals share. Each refresh
token is used once, and another one is given with each access token.
"""

from collections.abc import Mapping
from typing import Any

from crm.base import Granted
from crm.destination import Destination
from crm.granting import renewed
from lib.http.errors import CredentialsRefused

GRANTS = "/oauth/token/"
TODO = (
    "Check client_id and client_secret, and that the app is installed and paid for; else install it again and put its refresh "
    "token into refresh_token."
)

REFUSALS = ("invalid_grant", "invalid_client", "wrong_client", "invalid_request", "not_installed", "payment_required")


def _heard(said: Mapping[str, Any]) -> None:
    """Whatever status stands beside it."""
    if str(said.get("error")).lower() in REFUSALS:
        raise CredentialsRefused(f"Bitrix24 gives no token ({said['error']}). {TODO}")


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``."""
    own = destination.settings
    form = {"grant_type": "refresh_token", "client_id": str(own["client_id"])}
    form |= {"client_secret": str(own["client_secret"]), "refresh_token": refresh}
    url = str(own["oauth_url"]).rstrip("/") + GRANTS
    return renewed(destination, url, form, TODO, heard=_heard, verb="GET", rotates=True)
