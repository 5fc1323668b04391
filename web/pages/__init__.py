"""The dashboard: pages for people, drawn on the server. What they show is asked of ``queries``, as the API does.

Every route here belongs to one blueprint, and that blueprint asks for a session before it looks at anything else
(``session.guard``); a view that is for everybody says so.
"""

from flask import Blueprint, Flask

from web import sign_ins
from web.pages import (
    audit,
    calls,
    checks,
    connections,
    counted_leads,
    destinations,
    erasures,
    errors,
    exporting,
    keyring,
    loads,
    openings,
    overview,
    policy,
    provider,
    quarantine,
    receipts,
    reports,
    schedules,
    sentences,
    session,
    signin,
    suppressions,
    views,
    zone,
    zones,
)


def register(app: Flask) -> None:
    """Add the pages to the application."""
    https = app.config.get("PUBLIC_URL", "").startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-wrapup_session" if https else "wrapup_session",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sign_ins.LASTS,
        # Written only when it changes: a refresh of the live table that is under way while somebody signs out would
        # otherwise bring the session back.
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    blueprint = Blueprint("pages", __name__)
    blueprint.before_request(session.guard)
    blueprint.after_request(policy.headers)
    blueprint.context_processor(session.for_templates)
    for module in (
        signin,
        provider,
        zone,
        overview,
        connections,
        checks,
        calls,
        exporting,
        loads,
        reports,
        counted_leads,
        receipts,
        quarantine,
        destinations,
        views,
        schedules,
        suppressions,
        erasures,
        audit,
        keyring,
    ):
        module.add_routes(blueprint)
    for function in (*sentences.FILTERS, *zones.FILTERS, openings.coded):
        blueprint.add_app_template_filter(function, function.__name__)
    errors.register(blueprint, app)
    app.register_blueprint(blueprint)
