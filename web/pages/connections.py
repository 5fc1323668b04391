"""One connection: what its dialer can do, how fresh it is, how sending goes, which words nobody has decided; and deciding."""

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dialers.vocabulary import CONNECT_OUTCOMES, EVENT_MEANINGS, FLAGS
from lib import clock
from outcomes import decisions
from outcomes.undecided import DISPOSITION
from queries import health, words_seen
from web import spooled
from web import words as deciding
from web.context import context
from web.pages import at_work, connection_words, sentences, session, zones
from web.turns import LOOKS

PATIENCE = 1.0  # seconds for what is counted of all receipts

log = structlog.get_logger()


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/connections/<name>", view_func=connection)
    blueprint.add_url_rule("/connections/<name>/words", view_func=decide, methods=["POST"])


def connection(name: str) -> str:
    """The connection of that name, configured or not."""
    return _page(name)


@session.needs("admin")
def decide(name: str) -> Response | str:
    """Decide a word, or see first what that would change."""
    settings = context().settings.connections
    if name not in settings:
        abort(404)
    form = request.form
    order = {"field": form.get("field", ""), "word": form.get("word", "")}
    meaning: Any = None
    if "withdraw" not in form:
        meaning = form.getlist("flag") if order["field"] == DISPOSITION else form.get("outcome", "")
    try:
        if "look" in form:
            found = deciding.look(settings[name], **order, meaning=meaning)
            return _page(name, preview=found | order | {"meaning": meaning})
        made = deciding.decide(settings[name], **order, meaning=meaning, by=g.reader.name)
    except (decisions.BadDecision, decisions.DecidedInFile, decisions.NothingToWithdraw) as error:
        flash(f"Nothing was decided. {error}")
    else:
        log.info(
            "word_decided", connection=name, field=order["field"], decision_id=made["id"], withdrawn=meaning is None
        )
        flash(f"{'Withdrawn' if meaning is None else 'Decided'}: “{order['word']}”. A worker reads its calls again.")
    return redirect(url_for("pages.connection", name=name, _anchor="words-title"), 303)


def _page(name: str, preview: Mapping[str, Any] | None = None) -> str:
    now, own = clock.now(), context()
    configured = own.settings.connections.get(name)
    with LOOKS.turn(), session.database().read() as reading:
        counts, _ = own.recent_counts.known_receipts(reading, own.connections, PATIENCE)
        found = health.connections(reading, own.connections, now, spooled=spooled.waiting(), counts=counts)
        decided = decisions.effective(reading, configured) if configured else []
        if configured:
            left = words_seen.unapplied(reading, own.connections[name])
            decided = [one | {"left": left.get(decisions.key(one["field"], one["word"]), 0)} for one in decided]
        going_on = at_work.at_work(reading, now)
        history = [decisions.shown(one) for one in decisions.history(reading, name)]
    shown = next((one for one in found if one["name"] == name), None)
    if shown is None:
        abort(404)
    return render_template(
        "pages/connection.html",
        connection=shown,
        freshness=connection_words.freshness(shown, zones.chosen()),
        troubles=[
            *filter(None, [going_on.unwritable, going_on.newer, going_on.no_worker]),
            *connection_words.troubles(shown, now),
        ],
        none_known=going_on.none_known,
        links=[sentences.link(shown, word) for word in shown["unmapped_words"]],
        decided=decided,
        history=history,
        preview=preview,
        may_decide=configured is not None,
        flags=FLAGS,
        outcomes=CONNECT_OUTCOMES,
        kinds=EVENT_MEANINGS,
        stuck=any(sentences.late(one, now) for one in decided),
    )
