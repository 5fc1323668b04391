"""Every route of the API, of exports and of pages, in one application."""

from flask import Blueprint, Flask, Response, request
from werkzeug.http import parse_date

from web import (
    acts,
    audit,
    auth,
    behind,
    catalogue,
    checks,
    connections,
    destinations,
    erasures,
    errors,
    idle,
    keyring,
    leads,
    links,
    metrics,
    openapi,
    outcomes,
    pages,
    receipts,
    reports,
    schedules,
    sessions,
    suppressions,
    unread,
    uploads,
    views,
    words,
)

# Pages may allow themselves more; what is not said is forbidden.
_CONTENT_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_LARGEST_BODY = 1024 * 1024  # read at once, a MiB of JSON may become twenty; lists of leads have their own bounds

assets = Blueprint("assets", __name__, static_folder="static", static_url_path="/static", template_folder="templates")


# A date that is none is passed over (RFC 9110, section 13.1.3); werkzeug fails for one whose year no calendar has.
_DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


@assets.before_request
def _readable_dates() -> None:
    for name in _DATES:
        try:
            parse_date(request.environ.get(name))
        except OverflowError:
            del request.environ[name]


def register(app: Flask) -> None:
    """Add every route to the application, but those of callbacks and probes (``callbacks.routes``)."""
    app.config["MAX_CONTENT_LENGTH"] = app.config.get("MAX_CONTENT_LENGTH") or _LARGEST_BODY
    errors.register(app)
    idle.register(app)
    behind.register(app)
    auth.register(app)
    unread.register(app)
    app.after_request(_headers)
    app.register_blueprint(assets)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(links.blueprint)
    questions = (outcomes, reports, catalogue, connections, words, checks, receipts)
    modules = (
        *questions,
        leads,
        acts,
        suppressions,
        erasures,
        destinations,
        views,
        schedules,
        audit,
        keyring,
        sessions,
    )
    openapi.register(app, [module.blueprint for module in modules])
    pages.register(app)
    app.before_request(uploads.answer)  # after the key was looked at


def _headers(response: Response) -> Response:
    response.headers["X-Request-Id"] = errors.request_id()
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", _CONTENT_POLICY)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith(auth.API):
        response.headers["Cache-Control"] = "no-store"
    return response
