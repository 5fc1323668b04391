"""Export links: an address with a secret in it answers one view, for programs that send no headers.

Whatever is wrong with the secret, the answer is that of an address at which there is nothing. The address is in no log
(``lib.addresses``), and proxies keep it out of theirs (deploy/nginx.conf).
"""

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from lib import clock
from lib import text as texts
from queries.views import saved
from web.context import context
from web.errors import ApiError
from web.viewed import sent

blueprint = Blueprint("links", __name__)


@blueprint.after_request
def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/x/<secret>.<any(csv, xlsx, ndjson):form>")
def follow(secret: str, form: str) -> Response:
    """The view's answer as a file. Parameters are passed over: some programs add one of their own against caches."""
    own = context()
    with own.database.read() as session:
        found = saved.opened(session, secret, clock.now()) if texts.storable(secret) else None
        if found is None:
            own.refuse("link_refused")
            raise NotFound
        link, view = found
        session.expunge_all()
    if wait := own.link_asks.take(str(link.id)):
        sentence = "This link is asked too often; come back later."
        raise ApiError(429, "link_throttled", sentence, headers={"Retry-After": str(wait)})
    return sent(view, form, link.for_spreadsheet)
