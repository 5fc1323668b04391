"""An app that is connected by OAuth: its access token lives for an hour, and is renewed with a refresh token.

pipedrive.readme.io, "OAuth authorization": a form is posted, client_id and client_secret stand in the header Authorization
(Basic), and the answer has ``access_token``, ``expires_in`` in seconds and ``refresh_token``.
"""

import base64

from crm.base import Granted
from crm.destination import Destination
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, Unavailable
from lib.http.exchange import Http, Patience, asking, cannot_now, host_of
from lib.http.tokens import granted, sendable

GRANTS = "/oauth/token"
WHAT = "the request for an access token"
MOST_BYTES = 64 * 1024
REFUSED = (400, 401, 403)
KEYS = ("client_id", "client_secret", "refresh_token")


def renew(destination: Destination, refresh: str) -> Granted:
    """As of ``crm.base.Crm``. A refresh token may be used again, so that nothing is in doubt."""
    own = destination.settings
    seconds = float(own["timeout_seconds"])
    http = Http(Patience(read=seconds, whole=seconds, most_bytes=MOST_BYTES), own["ca_file"])
    url = str(own["oauth_url"]).rstrip("/") + GRANTS
    host = host_of(url)
    known = base64.b64encode(f"{own['client_id']}:{own['client_secret']}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    try:
        with asking():
            answer = http.exchange("POST", url, what=WHAT, data=form, headers={"Authorization": f"Basic {known}"})
        if answer.status in REFUSED:
            raise CredentialsRefused(
                f"{host} refused {WHAT} ({answer.status}). Check client_id and client_secret; where the app was uninstalled, "
                "install it again and put its refresh token into refresh_token."
            )
        if answer.status != 200:
            raise cannot_now(answer, host, WHAT)
        access, said = granted(answer.body, host, WHAT)
    except (Garbled, AskedWrongly) as error:
        raise Unavailable(str(error)) from None  # of this address: nothing that is to be written is at fault
    lasts = said.get("expires_in")
    lasts = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else None
    return Granted(access, lasts, sendable(said.get("refresh_token")))
