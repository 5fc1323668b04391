"""One connection: what its dialer can do, how fresh it is, how sending goes, and the words that nobody has mapped."""

from flask import Blueprint, abort, current_app, render_template

from lib import clock
from outcomes import health
from web.pages import session, words, zones


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/connections/<name>", view_func=connection)


def connection(name: str) -> str:
    """The connection of that name, configured or not."""
    now = clock.now()
    with session.database().read() as reading:
        found = health.connections(reading, current_app.extensions["connections"], now)
    own = next((one for one in found if one["name"] == name), None)
    if own is None:
        abort(404)
    return render_template(
        "pages/connection.html",
        connection=own,
        freshness=words.freshness(own, zones.chosen()),
        troubles=words.troubles(own, now),
        links=[words.link(own, word) for word in own["unmapped_words"]],
    )
