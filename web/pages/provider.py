"""Signing in at a provider (OpenID Connect): there, back again, and what went wrong in a sentence."""

from typing import Any

import structlog
from flask import Blueprint, abort, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response

from lib import clock, secrets
from lib import text as texts
from lib.openid import Away, Begun, Provider, Untrusted
from models import ApiKey
from web import origin, people
from web.context import context
from web.pages import session as sessions
from web.pages import signin
from web.sign_in_settings import Oidc

log = structlog.get_logger(__name__)

_BEGUN = "provider"
LASTS = 600.0  # seconds that a person may take there
# A browser may be on its way there from several windows. A cookie of more than 4,096 bytes is dropped by browsers, with all that
# it holds: an address to come back to that is longer is left with its path, and what was begun first makes room.
LONGEST_BACK, MOST_CHARACTERS = 1_000, 2_000
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
    now = clock.now().timestamp()
    others = [one for one in _kept() if now - one[4] <= LASTS]
    _keep([*others, [begun.state, begun.nonce, begun.verifier, _short(back), now]])
    return redirect(begun.url, 303)


@sessions.public
def come_back() -> Response:
    """Whoever comes back from the provider, with a code or a no."""
    oidc, provider = _configured()
    begun, back = _begun()
    if begun is None:
        # Whoever is signed in has gone back in the browser's history, say: it has been here with this address before.
        return redirect(back, 303) if sessions.signed_in() else _refused(NOT_BEGUN, back)
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
    others = _kept()
    sessions.begin(person, clock.now() + oidc.lasts)
    _keep(others)  # of this browser's other windows
    return redirect(back, 303)


def _named(oidc: Oidc, claims: dict[str, Any]) -> tuple[ApiKey | None, str]:
    own = context()
    with own.database.write() as writing:
        person = people.named(writing, oidc, claims, list(own.settings.connections), clock.now())
        if person is not None:
            writing.expunge(person)
            return person, ""
    with own.database.read() as reading:
        why = people.why_not(people.find(reading, oidc, claims)) or people.NO_ROLE
        return None, people.ELSEWHERE if why != people.REVOKED and oidc.are_elsewhere(claims) else why


def _begun() -> tuple[Begun | None, str]:
    """The sign-in that comes back, among those that this browser has begun, each of which counts once; and where it wanted to
    go."""
    kept = _kept()
    back = sessions.local(kept[-1][3]) if kept else "/"
    for one in kept:
        state, nonce, verifier, wanted, at = one
        if secrets.same(request.args.get("state", ""), state):
            _keep([other for other in kept if other is not one])
            back = sessions.local(wanted)
            return (Begun(state, nonce, verifier, "") if clock.now().timestamp() - at <= LASTS else None), back
    return None, back


def _kept() -> list[list[Any]]:
    """[state, nonce, verifier, where it wants to go, when it began] of each sign-in that is under way, the latest last."""
    found = session.get(_BEGUN)
    return [one for one in found if isinstance(one, list) and len(one) == 5] if isinstance(found, list) else []


def _keep(begun: list[list[Any]]) -> None:
    while len(begun) > 1 and sum(len(str(one)) for one in begun) > MOST_CHARACTERS:
        begun = begun[1:]
    session.pop(_BEGUN, None)
    if begun:
        session[_BEGUN] = begun


def _short(back: str) -> str:
    if len(back) <= LONGEST_BACK:
        return back
    path = back.partition("?")[0]
    return path if len(path) <= LONGEST_BACK else "/"


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
