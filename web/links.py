"""Export links: an address with a secret in it answers one view, for programs that send no headers.

Whatever is wrong with the secret, the answer is that of an address at which there is nothing; who asks for many such is told to
come back later, and links that are good still answer there. The address is in no log
(``lib.addresses``), and proxies keep it out of theirs (deploy/nginx.conf).
"""

from datetime import datetime

import structlog
from flask import Blueprint, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from lib import clock
from lib import text as texts
from lib.buckets import Buckets
from models import ApiKey, ExportLink
from queries.views import saved
from web import keys, origin
from web.context import context
from web.errors import ApiError
from web.viewed import as_file

blueprint = Blueprint("links", __name__)
log = structlog.get_logger(__name__)


@blueprint.after_request
def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/x/<secret>.<any(csv, xlsx, ndjson):form>")
def follow(secret: str, form: str) -> Response:
    """The view's answer as a file. Parameters are passed over: some programs add one of their own against caches."""
    own, now = context(), clock.now()
    with own.database.read() as session:
        found = saved.opened(session, secret, now) if texts.storable(secret) else None
        if found is None or _refused(session, found[0], now):
            own.refuse("link_refused")
            _throttle(own.link_guesses, origin.counted())
            raise NotFound
        link, view = found
        session.expunge_all()
    _throttle(own.link_asks, str(link.id))
    if not saved.asked_lately(link, now):
        _note(link, now)
    return as_file(view, form, link.for_spreadsheet)


def _refused(session: Session, link: ExportLink, now: datetime) -> bool:
    """Whether the key that made it is not taken from here: a link goes no further than its key."""
    return keys.refusal(session.get_one(ApiKey, link.key_id), origin.client(), now) is not None


def _throttle(asks: Buckets, name: str) -> None:
    if wait := asks.take(name):
        sentence = "Links are asked too often; come back later."
        raise ApiError(429, "link_throttled", sentence, headers={"Retry-After": str(wait)})


def _note(link: ExportLink, now: datetime) -> None:
    """Keep when it was asked. Where that cannot be written just now, the answer does not wait for it."""
    try:
        with context().database.write() as session:
            saved.note_use(session, link.id, now)
    except DBAPIError as error:
        log.warning("link_use_not_kept", link_id=str(link.id), error=type(error).__name__)
