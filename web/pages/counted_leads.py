"""The leads that a figure of a report counts: what the list of calls is for figures of calls."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from queries import keyset
from queries.reports.base import WrongQuestion
from web import catalogue
from web.auth import API
from web.pages import filters, openings, report_query, zones


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/leads", view_func=counted_leads)


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
    if not wrong:
        try:
            page = catalogue.leads_page(wanted, rest)
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
        opened=openings.told(rest, g.get("row", {}), pairs),
        wrong=wrong,
        api=f"{API}/leads",
        address=request.url,
    )
    return make_response(html, 422 if wrong else 200)


def _calls(lead: dict[str, Any]) -> str | None:
    """The list of the lead's calls. Of one that was loaded they meet by more than an id: its load has them."""
    if lead["loaded_lead"]:
        return None
    query = {"connection": lead["connection"]}
    if lead["lead_id"]:
        return url_for("pages.calls", **query, lead_id=lead["lead_id"])
    # Calls with the number that name a lead are that lead's.
    return url_for("pages.calls", figure="attempts.attempts", row="lead_id:", **query, number=lead["number"])
