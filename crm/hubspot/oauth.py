"""An app that is connected by OAuth: its access token lives for half an hour, and is renewed with a refresh token.

developers.hubspot.com, "Manage OAuth access tokens", 2026-03: all of it stands in the form; as a rule the refresh token stays the
same.
"""

from crm.base import Granted
from crm.destination import Destination
from crm.granting import renewed

GRANTS = "/oauth/2026-03/token"
TODO = (
    "Check client_id and client_secret; where the app was disconnected, connect it again and put its refresh token into "
    "refresh_token."
)


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``. A refresh token may be used again, so that nothing is in doubt."""
    own = destination.settings
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    form |= {name: str(own[name]) for name in ("client_id", "client_secret")}
    return renewed(destination, str(own["api_url"]).rstrip("/") + GRANTS, form, TODO)
