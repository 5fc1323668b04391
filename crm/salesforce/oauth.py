"""An app's access token, which lives as long as the session timeout of its user says; there is no refresh token.

help.salesforce.com: "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration", "OAuth 2.0 JWT Bearer Flow for
Server-to-Server Integration". Both post a form to the org's My Domain.
"""

from collections.abc import Mapping
from typing import Any

from crm.base import Granted
from crm.destination import Destination
from crm.granting import renewed
from crm.salesforce import signing
from lib import clock
from lib import text as texts
from lib.http.errors import CredentialsRefused
from lib.http.exchange import host_of

GRANTS = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SECONDS = 180  # for which a signed request is good: Salesforce takes five minutes, and two clocks differ
WORDS = (
    "invalid_client",
    "invalid_client_id",
    "invalid_grant",
    "invalid_request",
    "unauthorized_client",
    "inactive_user",
)
LONGEST_WORDS = 200
OF_APP = (
    "Check api_url (the org's My Domain), client_id and client_secret, and that the app allows the client credentials flow and "
    "names a user to run as."
)
BY_KEY = (
    "Check api_url, client_id, username, audience and this machine's clock, that the app has the certificate of "
    "private_key_file, and that it is approved for the user."
)


def given(destination: Destination) -> str:
    """What the settings say of who asks: where it comes to be something else, a new token is asked for."""
    own = destination.settings
    names = ("api_url", "client_id", "client_secret", "username", "private_key_file", "audience")
    return "\n".join(str(own[name] or "") for name in names)


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``. It may be asked for again, so that nothing is in doubt."""
    own = destination.settings
    url = str(own["api_url"]).rstrip("/") + GRANTS
    if own["private_key_file"] is None:
        form = {
            "grant_type": "client_credentials",
            "client_id": own["client_id"],
            "client_secret": own["client_secret"],
        }
        return renewed(destination, url, form, OF_APP, heard=lambda said: _hear(said, url, OF_APP))
    try:
        key = signing.read(own["private_key_file"])
        until = int(clock.now().timestamp()) + SECONDS
        claims = {"iss": own["client_id"], "sub": own["username"], "aud": own["audience"], "exp": until}
        assertion = signing.token(key, claims)
    except ValueError as error:
        raise CredentialsRefused(f"private_key_file: {error}") from None
    form = {"grant_type": JWT_BEARER, "assertion": assertion}
    return renewed(destination, url, form, BY_KEY, heard=lambda said: _hear(said, url, BY_KEY))


def _hear(said: Mapping[str, Any], url: str, todo: str) -> None:
    """Salesforce says in a word what is wrong, and in a sentence without secrets why."""
    if said.get("error") in WORDS:
        why = texts.visible(str(said.get("error_description") or "")[:LONGEST_WORDS])
        raise CredentialsRefused(f"{host_of(url)} gives no access token ({said['error']}: {why}). {todo}")
