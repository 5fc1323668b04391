"""The quarantine: what could not be understood or was not authorised, why, and the way back out."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from lib import clock
from models import Receipt, StrangerQuota
from models.receipts import DISMISSED, QUARANTINED
from outcomes import evidence, health, keyset
from outcomes import quarantine as reasons
from web.pages import session
from web.pages.words import many
from web.turns import SEARCHES

log = structlog.get_logger()

SHOWN = 100
_FILTERS = ("reason", "connection")


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/quarantine", view_func=quarantine)
    blueprint.add_url_rule("/quarantine/replay", view_func=replay_all, methods=["POST"])
    blueprint.add_url_rule("/quarantine/dismiss", view_func=dismiss_all, methods=["POST"])


def quarantine() -> Response:
    """Counts by reason and connection, and the receipts, newest first."""
    wanted = _wanted(request.args)
    wrong = None
    with SEARCHES.turn(), session.database().read() as reading:
        rows = counts(reading, wanted)
        dropped = reading.scalars(select(StrangerQuota.overflow)).one()
        dismissed = sum(row["receipts"] for row in counts(reading, wanted | {"state": DISMISSED}))
        try:
            page = evidence.page(reading, wanted, request.args.get("cursor"), SHOWN)
        except keyset.BadCursor as error:
            page, wrong = evidence.Page([], None), str(error)
    chosen = {name: value for name, value in wanted.items() if name in _FILTERS}
    html = render_template(
        "pages/quarantine.html",
        counts=rows,
        total=sum(row["receipts"] for row in rows),
        dismissed=dismissed,
        receipts=page.rows,
        following=urlencode(chosen | {"cursor": page.next}) if page.next else None,
        first="cursor" not in request.args,
        chosen=chosen,
        wrong=wrong,
        strangers_name=health.STRANGERS,
        dropped=dropped,
    )
    return make_response(html, 422 if wrong else 200)


@session.needs("admin")
def replay_all() -> Response:
    """Have every quarantined receipt of a reason read again; of one connection, where one is named."""
    wanted = _wanted(request.form)
    if "reason" not in wanted:
        flash("Choose a reason first: nothing was replayed.")
        return redirect(url_for("pages.quarantine"), 303)
    with session.database().write() as writing:
        replayed = evidence.replay(writing, wanted)
    log.info("receipts_replayed", receipts=replayed, filters=sorted(wanted))
    flash(f"{many(replayed, 'receipt')} sent back to be read again.")
    return redirect(url_for("pages.quarantine"), 303)


@session.needs("admin")
def dismiss_all() -> Response:
    """Say that every quarantined receipt of a reason is garbage; of one connection, where one is named."""
    wanted = _wanted(request.form)
    if "reason" not in wanted:
        flash("Choose a reason first: nothing was dismissed.")
        return redirect(url_for("pages.quarantine"), 303)
    mine = evidence.conditions(wanted)
    if request.form.get("made_up"):  # a row of names that strangers made up; what came with a token of ours has its own
        mine = [*mine, _made_up()]
    with session.database().write() as writing:
        dismissed = reasons.dismiss(writing, mine, g.reader.name, clock.now())
    log.info("receipts_dismissed", receipts=dismissed, filters=sorted(wanted))
    flash(f"{many(dismissed, 'receipt')} dismissed: kept and counted, but no trouble any more.")
    return redirect(url_for("pages.quarantine"), 303)


def counts(reading: Session, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``{"reason", "connection", "stranger", "ours", "detail", "receipts", "todo"}``, the most first. ``detail`` is one of the
    sentences; ``ours``: the name is none that is configured, and what came to it had a token of ours. Connections that strangers
    have made up are one row: their names are theirs to choose, and must not fill our page."""
    columns = (
        Receipt.reason.label("reason"),
        case((_made_up(), health.STRANGERS), else_=Receipt.connection).label("connection"),
        Receipt.stranger.label("stranger"),
        Receipt.detail.label("detail"),
    )
    inner = select(*columns).where(*evidence.conditions(wanted)).subquery()
    keys = (inner.c.reason, inner.c.connection, inner.c.stranger)
    found = select(*keys, func.max(inner.c.detail).label("detail"), func.count().label("receipts")).group_by(*keys)
    ordered = found.order_by(func.count().desc(), *keys)
    named = {health.STRANGERS, *current_app.extensions["connections"]}
    return [
        dict(row._mapping) | {"todo": reasons.todo(row.reason), "ours": row.stranger and row.connection not in named}
        for row in reading.execute(ordered)
    ]


def _made_up() -> ColumnElement[bool]:
    """A stranger chose the name. One that came with a token of ours is a connection's of another time, or has a slip."""
    configured = list(current_app.extensions["connections"])
    return and_(Receipt.stranger.is_(True), Receipt.known_sender.is_(False), Receipt.connection.not_in(configured))


def _wanted(given: Mapping[str, str]) -> dict[str, str]:
    return {"state": QUARANTINED} | {name: given[name] for name in _FILTERS if given.get(name)}
