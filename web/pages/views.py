"""Saved views: the list, one with its links, saving what a page shows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lib import clock, ids
from lib.zones import Locale, named
from models import View
from models.views import KINDS, OF_OUTCOMES
from queries.reports.catalogue import REPORTS
from queries.selection import TIME_FILTERS
from queries.views import reading, saved
from queries.views.answering import FORMS
from queries.views.periods import PERIODS, span
from queries.views.reading import Broken
from web import viewed
from web.errors import ApiError, invalid
from web.pages import sentences, session, zones

Pairs = list[tuple[str, str]]
# Of an address that is saved: which page of the list it was, and how it was shown.
_NOT_KEPT = ("kind", "report", "cursor", "limit", "order", "format")
_DAYS = {"30 days": 30, "90 days": 90, "365 days": 365}  # after which a link may expire


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/views", view_func=views)
    blueprint.add_url_rule("/views/new", view_func=save_view, methods=["GET", "POST"])
    blueprint.add_url_rule("/views/<uuid:view_id>", view_func=view)
    blueprint.add_url_rule("/views/<uuid:view_id>/file", view_func=view_file)
    blueprint.add_url_rule("/views/<uuid:view_id>/change", view_func=change_view, methods=["POST"])
    blueprint.add_url_rule("/views/<uuid:view_id>/delete", view_func=delete_view, methods=["POST"])
    blueprint.add_url_rule("/views/<uuid:view_id>/links", view_func=make_link, methods=["POST"])
    blueprint.add_url_rule("/views/<uuid:view_id>/links/<uuid:link_id>", view_func=revoke_link, methods=["POST"])


def views() -> str:
    """All that the reader may see."""
    own, means = viewed.who(), viewed.means()
    with session.database().read() as asked:
        found = saved.views(asked, own.name, own.is_admin)
        shown = [_shown(one, viewed.answering.problem(asked, means, one)) for one in found]
    return render_template("pages/views.html", views=shown)


def _shown(found: View, problem: str | None) -> dict[str, Any]:
    return {**saved.shown(found, problem), "mine": viewed.who().may_change(found), "address": _address(found, problem)}


def _address(found: View, problem: str | None) -> str | None:
    """The page that shows what the view asks; its period is that of now."""
    return _page_of(found, found.query) if problem is None else None


def _left(asked: Session, found: View) -> str | None:
    """The page that shows what a broken view asks, without what is broken in it. None where nothing of it can be asked."""
    query = dict(found.query)
    for _ in found.query:
        rest = saved.made(found.name, found.kind, found.report, query, found.created_by)
        try:
            viewed.answering.check(asked, viewed.means(), rest)
        except Broken as error:
            query.pop(error.parameter, None)
        else:
            return _page_of(found, query)
    return None


def _page_of(found: View, query_of: Mapping[str, Sequence[str]]) -> str | None:
    endpoint = "pages.calls" if found.kind == OF_OUTCOMES else "pages.report"
    if endpoint not in current_app.view_functions:
        return None
    query = {name: list(values) for name, values in query_of.items()}
    if period := query.pop(reading.PERIOD, None):
        times = span(period[0], next(iter(query.get("tz", [])), "UTC"), clock.now())
        query |= {name: [clock.iso(at) or ""] for name, at in zip(("since", "until"), times, strict=True)}
    if endpoint == "pages.calls" and "figure" not in query:
        query.pop("tz", None)  # times are in UTC, and shown in the reader's zone
    path = url_for(endpoint) if found.report is None else url_for(endpoint, name=found.report)
    return f"{path}?{urlencode(query, doseq=True)}"


def save_view() -> Response | str:
    """A form with what another page shows; and its being kept."""
    kind, report = request.values.get("kind", ""), request.values.get("report") or None
    if kind not in KINDS or (report is not None and report not in REPORTS):
        abort(404)
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in _NOT_KEPT]
    # The clocks of a figure's row are those of its report, and UTC where the address says none.
    pairs += [] if any(name in ("tz", "figure") for name, _ in pairs) else [("tz", zones.chosen())]
    if request.method == "GET":
        return _form(kind, report, pairs)
    query = _query(pairs)
    if period := request.form.get(reading.PERIOD):
        query = {name: values for name, values in query.items() if name not in ("since", "until")}
        query[reading.PERIOD] = [period]
    try:
        if instead := ids.parse(request.form.get("instead") or ""):
            name = {"name": _name()} if request.form.get("name", "").strip() else {}
            kept = viewed.change(instead, {"query": query} | name)
        else:
            kept = viewed.keep(_name(), kind, report, query, "shared" in request.form)
    except ApiError as error:
        told = [sentence for sentences_ in error.details.values() for sentence in sentences_]
        html = _form(kind, report, pairs, " ".join(told) or str(error.description))
        return make_response(html, error.code or 422)
    flash(f"{kept['name']} is saved.")
    return redirect(url_for("pages.view", view_id=kept["id"]), 303)


def _form(kind: str, report: str | None, pairs: Pairs, wrong: str | None = None) -> str:
    told, own = dict(reversed(pairs)), viewed.who()
    with session.database().read() as asked:
        others = [one for one in saved.views(asked, own.name, own.is_admin) if own.may_change(one)]
    return render_template(
        "pages/save_view.html",
        kind=kind,
        report=REPORTS[report] if report else None,
        told=_told(_query(pairs)),
        query=urlencode(pairs),
        periods=PERIODS,
        has_times="since" in told or "until" in told,
        given=request.form,
        others=[one for one in others if (one.kind, one.report) == (kind, report)],
        wrong=wrong,
    )


def _query(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _told(query: dict[str, list[str]]) -> list[tuple[str, str]]:
    """The query in words; times in the reader's zone."""
    zone = zones.chosen()
    theirs = Locale(named(next(iter(query.get("tz", [])), "UTC")))

    def said(name: str, value: str) -> str:
        moment = clock.parse(value, theirs) if name in TIME_FILTERS else None
        value = sentences.plain(value) if name == reading.PERIOD else value
        return value if moment is None else f"{zones.moment(moment, zone, 'full')} ({zone})"

    return [(sentences.plain(name), said(name, value)) for name, values in query.items() for value in values]


def _name() -> str:
    name = request.form.get("name", "").strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        invalid("name", "Give it a name of 1 to 200 characters.")
    return name


def view(view_id: UUID) -> str:
    """One view: what it asks, its files, its links."""
    return _page(view_id)


def _page(view_id: UUID, **more: Any) -> str:
    own = viewed.who()
    with session.database().read() as asked:
        found = viewed.find(asked, view_id)
        problem = viewed.answering.problem(asked, viewed.means(), found)
        links = [
            saved.shown_link(link, good) | {"may_revoke": good and own.may_revoke(link, found)}
            for link, good in saved.links(asked, view_id)
        ]
        return render_template(
            "pages/view.html",
            view=_shown(found, problem),
            left=_left(asked, found) if problem else None,
            told=_told(found.query),
            question=report.question if (report := REPORTS.get(found.report or "")) else None,
            links=links,
            forms=FORMS,
            days=_DAYS,
            **more,
        )


def view_file(view_id: UUID) -> Response:
    """What it answers, as a file."""
    form = request.args.get("format", "")
    if form not in FORMS:
        abort(404)
    with session.database().read() as asked:
        found = viewed.find(asked, view_id)
        asked.expunge(found)
    return viewed.as_file(found, form, form == "csv" and "spreadsheet" in request.args.getlist("for"))


def change_view(view_id: UUID) -> Response:
    """Another name, or other readers."""
    return _done(
        lambda: viewed.change(view_id, {"name": _name(), "shared": "shared" in request.form}), view_id, "It is changed."
    )


def delete_view(view_id: UUID) -> Response:
    """It goes, and its links with it."""
    try:
        viewed.remove(view_id)
    except ApiError as error:
        return _refused(error, view_id)
    flash("The view is deleted.")
    return redirect(url_for("pages.views"), 303)


def make_link(view_id: UUID) -> Response | str:
    """A link. Its address is on the answer alone: a page to come back to would have to keep it."""
    days = _DAYS.get(request.form.get("days", ""))
    expires_at = clock.now() + timedelta(days=days) if days else None
    try:
        link, secret = viewed.make_link(view_id, _name(), request.form.get("for") == "spreadsheet", expires_at)
    except ApiError as error:
        return _refused(error, view_id)
    return _page(view_id, made=link, urls={form: viewed.address(secret, form) for form in FORMS})


def revoke_link(view_id: UUID, link_id: UUID) -> Response:
    """It answers nothing any more."""
    return _done(lambda: viewed.revoke_link(link_id), view_id, "The link is revoked.")


def _done(act: Callable[[], object], view_id: UUID, told: str) -> Response:
    try:
        act()
    except ApiError as error:
        return _refused(error, view_id)
    flash(told)
    return redirect(url_for("pages.view", view_id=view_id), 303)


def _refused(error: ApiError, view_id: UUID) -> Response:
    if error.code == 404:
        raise error
    told = [sentence for some in error.details.values() for sentence in some]
    flash(f"Nothing was changed. {' '.join(told) or error.description}")
    return redirect(url_for("pages.view", view_id=view_id), 303)
