"""The first page: how fresh everything is, today's calls, the last outcomes as they come.

Its parts are also served alone, at ``/live/<part>``: a small script of ours asks for them again and again and says
so when it gets no answer. Without the script the page is what it is when it is loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template
from sqlalchemy.orm import Session

from dialers.vocabulary import CONNECT_OUTCOMES
from lib import clock
from queries import days, health, schedules, selection, shape, strangers, suppressions, take_outs
from queries import destinations as at_destinations
from queries import summary as sums
from queries.destination_lag import for_a_person
from queries.recent_counts import NotYet
from web import spooled, steered, viewed
from web.context import context
from web.pages import at_work, connection_words, figures, sentences, session, strips, zones
from web.turns import LOOKS

SHOWN = 50
# Seconds for what is counted of all receipts: of the connections shown, all that are configured are known.
PATIENCE = 1.0
SHOWN_WORDS = 5  # of each connection; its page has all of them


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", view_func=overview)
    blueprint.add_url_rule("/live", view_func=live_outcomes)
    blueprint.add_url_rule("/live/<part>", view_func=live)


def overview() -> str:
    """Everything at a glance. Where the database fails, this is an error page and not a page of zeros."""
    now = clock.now()
    with LOOKS.turn(), session.database().read() as reading:
        parts = {name: make(reading, now, zones.chosen()) for name, make in PARTS.items()}
    callback_urls = context().settings.callback_urls()
    return render_template("pages/overview.html", parts=parts, as_of=now, callback_urls=callback_urls)


@session.fragment
def live(part: str) -> Response:
    """One part of the page, as it is now."""
    make = PARTS.get(part)
    if make is None:
        abort(404)
    now = clock.now()
    with LOOKS.turn(), session.database().read() as reading:
        found = make(reading, now, zones.chosen())
    response = make_response(render_template(f"pages/_{part}.html", part=found))
    response.headers["X-As-Of"] = zones.moment(now, zones.chosen())
    return response


@session.fragment
def live_outcomes() -> Response:
    """The part that is asked for most."""
    return live("outcomes")


def _outcomes(reading: Session, now: datetime, zone: str) -> list[dict[str, Any]]:
    rows = selection.page(reading, {}, order="-changed_at", limit=SHOWN).rows
    return [shape.outcome(row) for row in rows]


def _today(reading: Session, now: datetime, zone: str) -> dict[str, Any]:
    """Today's six figures beside those of last week, and today's calls by connect outcome, in the order of the vocabulary, those
    that occurred only."""
    since, until = zones.today(now, zone)
    configured = context().connections
    summary = sums.summary(reading, {"since": since, "until": until}, ["connection"], zone, configured)
    totals = summary["totals"]
    undecided = [
        (row["connection"], row["unmapped_dispositions"]["calls"])
        for row in summary["rows"]
        if row["unmapped_dispositions"]["calls"]
    ]
    found = [(word, totals["connect_outcomes"][word]) for word in CONNECT_OUTCOMES]
    most = max((calls for _, calls in found), default=0)
    bars = [
        {"word": word, "calls": calls, "share": calls / totals["calls"], "width": f"{100 * calls / most:.1f}%"}
        for word, calls in found
        if calls
    ]
    span = _span(since, until)
    before, compared = _week_before(reading, since, now, zone)
    tiles = figures.tiles(totals, span, before, compared["span"])
    return {"totals": totals, "tiles": tiles, "compared": compared, "bars": bars, "undecided": undecided, "span": span}


def _week_before(
    reading: Session, begun: datetime, now: datetime, zone: str
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The totals of the same weekday last week up to the same hour, None where nothing is known of that time; and when that was,
    with the first call that is known here, where that was later than its beginning."""
    since, until = (figures.week_before(moment, zone) for moment in (begun, now.replace(microsecond=0)))
    first = days.first(reading)
    told = {"span": _span(since, until), "since": since, "until": until}
    told["first"] = first if first is not None and first > since else None
    if first is None or first >= until:
        return None, told
    wanted = {"since": since, "until": until}
    before: dict[str, Any] = sums.summary(reading, wanted, [], zone, context().connections)["totals"]
    return before, told


def _span(since: datetime, until: datetime) -> dict[str, str]:
    return {"since": clock.iso(since), "until": clock.iso(until)}


def _day(reading: Session, now: datetime, zone: str) -> dict[str, Any]:
    return strips.day(reading, context().connections, now, zone)


def _connections(reading: Session, now: datetime, zone: str) -> dict[str, Any]:
    unmapped = context().recent_words.unmapped
    waiting = spooled.waiting()
    counts, _ = context().recent_counts.known_receipts(reading, context().connections, PATIENCE)
    found = health.connections(reading, context().connections, now, unmapped, waiting, counts)
    settings = context().settings
    for connection in found:
        connection["unheard"] = connection_words.unheard(connection)
        connection["freshness"] = connection_words.freshness(connection, zone)
        connection["troubles"] = connection_words.troubles(connection, now)
        connection["unmapped_links"] = [
            sentences.link(connection, word) for word in connection["unmapped_words"][:SHOWN_WORDS]
        ]
    told = asdict(at_work.at_work(reading, now)) | asdict(at_work.unread(reading, now))
    told |= {
        "spooled": sentences.spooled(waiting),
        "unsent": sentences.unsent(schedules.oldest_waiting(reading, now), now),
        "by_hand": sentences.by_hand(sum(take_outs.by_hand(reading).values())),
        "not_taken_out": sentences.not_taken_out(suppressions.waiting_since(reading, now), now),
        "unasked": sentences.unasked(suppressions.destinations_asked(reading, steered.asked_whom_not_to_call()), now),
    }
    kinds = {name: one.kind for name, one in settings.destinations.items()}
    destinations = at_destinations.troubled(reading, kinds, now)
    own = viewed.who()
    failing = schedules.in_trouble(reading, own.name, own.is_admin)
    said = (told[name] for name in ("no_worker", "waiting", "unsent", "by_hand", "not_taken_out", "unasked"))
    sending = (*said, *failing, *destinations.values())
    still = (told["newer"],) if told["newer"] else sending
    wrong = sum(map(bool, (told["spooled"], told["unwritable"], *still, *(one["troubles"] for one in found))))
    return told | {
        "title": f"({wrong}) Wrapup" if wrong else "Wrapup",
        "connections": found,
        "destinations": destinations,
        "deliveries": _deliveries(),
        "schedules": failing,
        "suppressed": sentences.suppressed(*suppressions.counted(reading, now)),
        "strangers": strangers.known(
            reading, settings.connections, settings.stranger_receipts, settings.stranger_bytes
        ),
    }


def _deliveries() -> dict[str, str]:
    """Destination of the settings -> which of its calls wait for a person, in words; of those alone that have any. Nothing while
    they are counted for the first time."""
    try:
        counts, _ = context().recent_counts.deliveries(PATIENCE)
    except NotYet:
        return {}
    own = {name: for_a_person(counts[name]) for name in context().settings.destinations if name in counts}
    return {name: f"of its calls {' and '.join(said)}" for name, said in own.items() if said}


PARTS: Mapping[str, Callable[[Session, datetime, str], Any]] = {
    "outcomes": _outcomes,
    "today": _today,
    "day": _day,
    "connections": _connections,
}
