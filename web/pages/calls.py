"""Calls: the list with its filters, and one call with everything that is known of it and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, g, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dialers.vocabulary import ANSWERED_BY, COMPUTED, CONNECT_OUTCOMES, FLAGS, OBSERVED, SETTLINGS, STATED
from lib import ids
from models import CallOutcome
from models.database import AnyRow
from models.retention import DELIVERIES
from models.shown import COLUMNS
from queries import deliveries, evidence, keyset, loaded, selection, shape
from queries import kept as retention
from queries.reports import gone
from queries.reports.base import WrongQuestion
from web import limits, opening
from web.auth import API
from web.context import context
from web.pages import bodies, columns, exporting, filters, openings, session, zones
from web.turns import SEARCHES

# The fields of an outcome as a person looks for them. Every one is in here; a test sees to it.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Result": (
        "connect_outcome",
        "answered_by",
        "disposition",
        "disposition_parent",
        "flags",
        "notes",
        "callback_at",
        "status_raw",
        "hangup_cause",
        "recording_url",
    ),
    "Customer": (
        "customer_number",
        "customer_number_raw",
        "customer_name",
        "caller_number",
        "direction",
        "lead_id",
        "lead_status",
    ),
    "Agent": ("agent_id", "agent_name", "agent_username", "agent_email", "agent_number", "agent_extension"),
    "Times": (
        "occurred_at",
        "created_at",
        "started_at",
        "answered_at",
        "ended_at",
        "disposed_at",
        "ring_seconds",
        "talk_seconds",
        "talk_source",
        "duration_seconds",
        "duration_source",
    ),
    "Campaign and queue": ("campaign_id", "campaign_name", "queue_id", "queue_name", "crm_reference", "custom_fields"),
    "This row": (
        "id",
        "connection",
        "dialer",
        "call_id",
        "attempt_id",
        "sources",
        "settling",
        "is_final",
        "revision",
        "position",
        "first_seen_at",
        "corrected_at",
        "changed_at",
        "merged_into",
    ),
}
# What is said of each source of a duration.
SOURCES: Mapping[str, str] = {
    STATED: "stated by the dialer",
    COMPUTED: "computed from two times that the dialer states",
    OBSERVED: "observed: from the arrival of two callbacks, because the dialer states no times",
}
# A call has a handful of receipts, but nothing forbids a dialer a thousand; the rest have pages of their own.
WHOLE_RECEIPTS = 20


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/calls", view_func=calls)
    blueprint.add_url_rule("/calls/<uuid:outcome_id>", view_func=call)


@session.limited
def calls() -> Response | str:
    """The list."""
    given, zone = list(request.args.items(multi=True)), zones.chosen()
    pairs = columns.tidied(filters.tidied(given, zone))
    if pairs != given:
        return redirect(f"{request.path}?{urlencode(pairs)}", 302)
    wanted, rest, wrong = filters.read(request, columns.CallsQuery)
    names = columns.chosen(rest.pop(columns.NAME, ()))
    opened = openings.told(rest, g.get("row", {}), pairs)
    page, missing = None, dict[str, Any]()
    if not wrong:
        try:
            page, missing = _found(wanted, rest, opened, zone)
        except keyset.BadCursor as error:
            wrong = {"cursor": [str(error)]}
        except WrongQuestion as error:
            wrong = {error.parameter: [str(error)]}
    kept = [pair for pair in pairs if pair[0] != "cursor"]
    asked = [pair for pair in kept if pair[0] != columns.NAME]  # the API lists whole outcomes
    drawn = columns.cells if names else shape.outcome
    html = render_template(
        "pages/calls.html",
        rows=[(drawn(row), row.sort_key) for row in page.rows] if page else [],
        columns=names,
        sections=SECTIONS,
        source_words=SOURCES,
        exports=exporting.links(pairs, zone),
        following=urlencode([*kept, ("cursor", page.next)]) if page and page.next else None,
        first=not any(name == "cursor" for name, _ in pairs),
        order=rest.get("order", selection.DEFAULT_ORDER),
        query=urlencode(kept),
        asked=urlencode(asked),
        given=dict(reversed(pairs)),
        chips=filters.chips(pairs, zone),
        kept=[pair for pair in kept if pair[0] in filters.WITHOUT_FIELD],
        campaigns=filters.campaigns(wanted),
        **missing,
        opened=opened,
        wrong=wrong,
        choices={
            "connection": [name for name in context().connections if limits.may_see(name)],
            "connect_outcome": CONNECT_OUTCOMES,
            "answered_by": ANSWERED_BY,
            "settling": SETTLINGS,
            "flag": FLAGS,
        },
        for_input=filters.for_input,
        api=f"{API}/outcomes",
    )
    return make_response(html, 422 if wrong else 200)


def _found(
    wanted: dict[str, Any], rest: dict[str, Any], opened: Mapping[str, Any] | None, zone: str
) -> tuple[keyset.Page[AnyRow], dict[str, Any]]:
    """(the page, what is to be said of calls that may be missing in it). Raises BadCursor and WrongQuestion."""
    with SEARCHES.turn(), session.reading().read() as reading:
        counted = opening.with_figure(reading, wanted, rest)  # which takes out of the rest what is about the figure
        page = selection.page(reading, counted, **rest)
        asks_for_time = wanted.get("since") or wanted.get("until")
        return page, {
            "left_out": filters.left_out(reading, wanted),
            "unsure": filters.unsure(reading, wanted, g.get("row", {}), opened),
            "deleted": gone.note(wanted, gone.calls_before(reading), zone) if asks_for_time else None,
        }


@session.limited
def call(outcome_id: UUID) -> str:
    """One call: every field and the receipt that set it, its timeline, and the receipts as they came."""
    with session.database().read() as reading:
        row = selection.find(reading, outcome_id)
        if row is None or not limits.may_see(row.connection):
            abort(404)
        events = selection.events(reading, outcome_id)
        receipts = evidence.of_outcome(reading, outcome_id, row.set_by)
        shown = {
            str(whole.id): bodies.of_receipt(whole, bodies.EXCERPT)
            for receipt in receipts[:WHOLE_RECEIPTS]
            if (whole := evidence.find(reading, receipt.id)) is not None
        }
        sees_all = limits.allowed() is None  # else destinations are none of the reader's business
        return render_template(
            "pages/call.html",
            row=row,
            fields=dict(zip(COLUMNS, shape.flat([getattr(row, name) for name in COLUMNS]), strict=True)),
            sections=SECTIONS,
            source_words=SOURCES,
            events=events,
            receipts=receipts,
            numbers={str(receipt.id): at for at, receipt in enumerate(receipts, 1)},
            bodies=shown,
            outlived=retention.has_outlived(reading, row),
            lead=loaded.of_outcome(reading, row),
            others=_others(row),
            deliveries=deliveries.of_outcome(reading, outcome_id) if sees_all else (),
            delivered_since=_delivered_since(reading, row) if sees_all else None,
            retried=deliveries.STEERED,
            merged_into=ids.parse(row.merged_into) if row.merged_into else None,
        )


def _delivered_since(reading: Session, row: CallOutcome) -> datetime | None:
    """Where the call has not changed since deliveries are kept: from when on they are."""
    since = retention.since(reading, DELIVERIES)
    return since if since is not None and row.changed_at < since else None


def _others(row: CallOutcome) -> dict[str, dict[str, str]]:
    """By what the same customer's other calls are found -> the filters of their list."""
    number, own = row.customer_number or row.customer_number_raw, {"connection": row.connection}
    found = {
        "this number": {"number": number} if number else None,
        "this lead": own | {"lead_id": row.lead_id} if row.lead_id else None,
        "this CRM reference": {"crm_reference": row.crm_reference} if row.crm_reference else None,
    }
    return {by: filters for by, filters in found.items() if filters}
