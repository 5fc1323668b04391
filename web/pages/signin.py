"""Signing in with an API key, and out again. At a provider: ``web.pages.provider``."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web import origin
from web.context import context
from web.pages import session

# One sentence for every failure: it tells nobody whether a key exists.
REFUSED = "This key cannot sign in here: it is unknown, was revoked, or lacks the scope read."
NO_KEYS = "Keys do not sign in here; use the provider."
THROTTLED = "Too many keys that cannot sign in came from your address. Wait {}, then try again."


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login", view_func=login, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout", view_func=logout, methods=["POST"])


@session.public
def login() -> Response | str:
    """The form, and its answer."""
    back = session.local(request.values.get("next"))
    if request.method == "GET":
        if session.signed_in():
            return redirect(back, 303)
        return form(back, signed_out="out" in request.args)
    if not context().settings.sign_in.keys:
        return make_response(form(back, NO_KEYS), 403)
    failures, address = context().sign_in_failures, origin.counted()
    if wait := failures.take(address):  # before the key is looked at: several at once must not get past
        return throttled(wait, back)
    good = None
    try:
        good = session.sign_in(request.form.get("key", ""))
    finally:
        if good is not False:  # else it was a failure: not a good key, nor a database that is away
            failures.give_back(address)
    if good:
        return redirect(back, 303)
    context().refuse("sign_in_refused")
    return make_response(form(back, REFUSED), 401)


def form(back: str, refused: str | None = None, signed_out: bool = False) -> str:
    """Where people sign in: with a key, at the provider, or either."""
    own = context()
    oidc, provider = own.settings.sign_in.oidc, own.provider
    leave = None
    if signed_out and provider is not None:
        leave = provider.end_session_url(own.settings.public_url.rstrip("/") + url_for("pages.login"))
    return render_template(
        "pages/login.html",
        back=back,
        refused=refused,
        takes_keys=own.settings.sign_in.keys,
        label=oidc.label if oidc else None,
        leave=leave,
    )


def throttled(wait: int, back: str) -> Response:
    context().refuse("sign_in_throttled")
    sentence = THROTTLED.format(f"{wait} second{'s' if wait != 1 else ''}")
    response = make_response(form(back, sentence), 429)
    response.headers["Retry-After"] = str(wait)
    return response


@session.public
def logout() -> Response:
    """Sign out: of this session, or of all that were begun with its key."""
    session.sign_out(everywhere="everywhere" in request.form)
    return redirect(url_for("pages.login", out=1 if context().provider else None), 303)
