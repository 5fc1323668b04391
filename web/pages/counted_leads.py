"""The leads that a figure of a report counts: what the list of calls is for figures of calls."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from leads import loads
from queries import keyset, loaded, shape
from queries.reports.base import WrongQuestion
from web import catalogue
from web.auth import API
from web.context import context
from web.pages import filters, openings, report_query, session, zones
from web.pages.loads import TONES
from web.turns import SEARCHES

MOST_CALLS = 100  # of a lead


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/leads", view_func=counted_leads)
    blueprint.add_url_rule("/leads/<uuid:lead_id>", view_func=loaded_lead)


def counted_leads() -> Response | str:
    """A page of them."""
    given, zone = list(request.args.items(multi=True)), zones.chosen()
    if not given:
        return redirect(url_for("pages.reports"), 302)
    pairs = report_query.canonical(given, zone)
    if pairs != given:
        return redirect(f"{request.path}?{urlencode(pairs)}", 302)
    wanted, rest, wrong = filters.read(request, catalogue.LeadQuery)
    page: keyset.Page[dict[str, Any]] | None = None
    unsure, opened = None, openings.told(rest, g.get("row", {}), pairs)
    if not wrong:
        try:
            page = catalogue.leads_page(wanted, rest)
            with SEARCHES.turn(), session.database().read() as reading:
                unsure = filters.unsure(reading, wanted, g.get("row", {}), opened)
        except WrongQuestion as error:
            wrong = {error.parameter: [str(error)]}
        except keyset.BadCursor as error:
            wrong = {"cursor": [str(error)]}
    kept = [pair for pair in pairs if pair[0] != "cursor"]
    html = render_template(
        "pages/counted_leads.html",
        leads=[(lead, _calls(lead)) for lead in page.rows] if page else [],
        following=urlencode([*kept, ("cursor", page.next)]) if page and page.next else None,
        first=kept == pairs,
        query=urlencode(kept),
        chips=filters.chips(pairs, rest.get("tz", zone)),
        opened=opened,
        unsure=unsure,
        wrong=wrong,
        api=f"{API}/leads",
        address=request.url,
    )
    return make_response(html, 422 if wrong else 200)


def _calls(lead: dict[str, Any]) -> str:
    """Where the lead's calls are listed. Of one that was loaded they meet by more than an id: it has a page of its own."""
    if lead["loaded_lead"]:
        return url_for("pages.loaded_lead", lead_id=lead["loaded_lead"])
    query = {"connection": lead["connection"]}
    if lead["lead_id"]:
        return url_for("pages.calls", **query, lead_id=lead["lead_id"])
    # Calls with the number that name a lead are that lead's.
    return url_for("pages.calls", figure="attempts.attempts", row="lead_id:", **query, number=lead["number"])


def loaded_lead(lead_id: UUID) -> str:
    """One that was loaded, and its calls, each with its evidence."""
    with SEARCHES.turn(), session.database().read() as reading:
        load = loads.lead(reading, context().settings.connections, lead_id) or abort(404)
        rows = loaded.calls(reading, lead_id, MOST_CALLS + 1)
    return render_template(
        "pages/loaded_lead.html",
        lead=load["leads"][0],
        load=load,
        rows=[(shape.outcome(row), row.sort_key) for row in rows[:MOST_CALLS]],
        more=len(rows) > MOST_CALLS,
        most=MOST_CALLS,
        tones=TONES,
    )
