"""Signing in at a provider (OpenID Connect): there, back again, and what went wrong in a sentence."""

from typing import Any

import structlog
from flask import Blueprint, abort, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response

from lib import clock, secrets
from lib import text as texts
from lib.openid import Away, Begun, Provider, Untrusted, ends
from models import ApiKey
from web import origin, people
from web.context import context
from web.pages import session as sessions
from web.pages import signin
from web.sign_in_settings import Oidc

log = structlog.get_logger(__name__)

_BEGUN = "provider"
LASTS = 600.0  # seconds that a person may take there
AWAY = "{} Sign in with a key, or try again later."
AWAY_ALONE = "{} Try again later."
NOT_BEGUN = "This sign-in was not begun in this browser, or took longer than ten minutes. Try again."
SAID_NO = "The provider did not sign you in ({})."


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login/provider", view_func=begin_there)
    blueprint.add_url_rule("/login/provider/back", view_func=come_back)


@sessions.public
def begin_there() -> Response:
    """Send the browser to the provider."""
    _, provider = _configured()
    back = sessions.local(request.args.get("next"))
    try:
        begun = provider.begin(_redirect_uri())
    except (Away, Untrusted) as error:
        return _failed(error, back)
    session[_BEGUN] = [begun.state, begun.nonce, begun.verifier, back, clock.now().timestamp()]
    return redirect(begun.url, 303)


@sessions.public
def come_back() -> Response:
    """Whoever comes back from the provider, with a code or a no."""
    oidc, provider = _configured()
    begun, back = _begun()
    if begun is None:
        return _refused(NOT_BEGUN, back)
    issuer = request.args.get("iss")
    if issuer is not None and issuer != oidc.client.issuer:  # RFC 9207: an answer of another provider's
        return _refused(NOT_BEGUN, back)
    code = request.args.get("code", "")
    if not code or len(code) > 4096:
        why = texts.visible(request.args.get("error", "no code"))[:100]
        return _refused(SAID_NO.format(why), back)
    failures, address = context().sign_in_failures, origin.counted()
    if wait := failures.take(address):
        return signin.throttled(wait, back)
    good = False
    try:
        claims = provider.redeem(code, begun.nonce, begun.verifier, _redirect_uri())
        person, why = _named(oidc, claims)
        good = person is not None
    except Away as error:
        good = True  # nobody has guessed anything
        return _failed(error, back)
    except Untrusted as error:
        return _failed(error, back)
    finally:
        if good:
            failures.give_back(address)
    if person is None:
        return _refused(why, back)
    sessions.begin(person, ends(claims))
    return redirect(back, 303)


def _named(oidc: Oidc, claims: dict[str, Any]) -> tuple[ApiKey | None, str]:
    own = context()
    with own.database.write() as writing:
        person = people.named(writing, oidc, claims, list(own.settings.connections), clock.now())
        if person is not None:
            writing.expunge(person)
            return person, ""
    with own.database.read() as reading:
        found = people.find(reading, oidc, claims)
        return None, people.why_not(found) or people.NO_ROLE


def _begun() -> tuple[Begun | None, str]:
    """The sign-in that this browser has begun, which counts once; and where it wanted to go."""
    kept = session.pop(_BEGUN, None)
    if not isinstance(kept, list) or len(kept) != 5:
        return None, "/"
    state, nonce, verifier, back, at = kept
    back = sessions.local(back)
    if clock.now().timestamp() - at > LASTS or not secrets.same(request.args.get("state", ""), state):
        return None, back
    return Begun(state, nonce, verifier, ""), back


def _configured() -> tuple[Oidc, Provider]:
    own = context()
    oidc = own.settings.sign_in.oidc
    if oidc is None or own.provider is None:
        abort(404)
    return oidc, own.provider


def _redirect_uri() -> str:
    return context().settings.public_url.rstrip("/") + url_for("pages.come_back")


def _failed(error: Away | Untrusted, back: str) -> Response:
    log.warning("provider_failed", kind=type(error).__name__, said=str(error))
    if isinstance(error, Untrusted):
        return _refused(str(error), back)
    sentence = (AWAY if context().settings.sign_in.keys else AWAY_ALONE).format(error)
    return make_response(signin.form(back, sentence), 503)


def _refused(sentence: str, back: str) -> Response:
    context().refuse("provider_refused")
    return make_response(signin.form(back, sentence), 401)
