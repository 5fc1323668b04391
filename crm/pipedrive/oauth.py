"""An app that is connected by OAuth: its access token lives for an hour, and is renewed with a refresh token.

pipedrive.readme.io, "OAuth authorization": client_id and client_secret stand in the header Authorization (Basic).
"""

import base64

from crm.base import Granted
from crm.destination import Destination
from crm.granting import renewed

GRANTS = "/oauth/token"
TODO = (
    "Check client_id and client_secret; where the app was uninstalled, install it again and put its refresh token into "
    "refresh_token."
)


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``. A refresh token may be used again, so that nothing is in doubt."""
    own = destination.settings
    known = base64.b64encode(f"{own['client_id']}:{own['client_secret']}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    url = str(own["oauth_url"]).rstrip("/") + GRANTS
    return renewed(destination, url, form, TODO, {"Authorization": f"Basic {known}"})
