"""Words of a connection over HTTP: which nobody has decided, what was decided, and deciding."""

from typing import Any

from flask import Response, g

from dialers.base import Connection
from outcomes import applying, decisions
from queries import words_seen
from web import limits
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.openapi import Blueprint
from web.schemas import words as answers
from web.schemas.decisions import WordDecision, meaning_of
from web.schemas.errors import Error
from web.turns import LOOKS

blueprint = Blueprint("words", __name__, description="What the dialers' words mean, decided without the settings file")


@blueprint.route("/connections/<name>/words")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Words)
def show_words(name: str) -> Response:
    """Words that nobody has decided, what was decided and where, and every decision that was made here"""
    connection = configured(name)
    now = context().connections
    with LOOKS.turn(), context().database.read() as session:
        return answer(
            {
                "connection": name,
                "unmapped_words": words_seen.unmapped(session, now).get(name, []),
                "decided": decisions.effective(session, connection),
                "history": [decisions.shown(one) for one in decisions.history(session, name)],
            }
        )


@blueprint.route("/connections/<name>/words", methods=["PUT"])
@scope("admin", act="mapping.decide", limited=True)
@blueprint.order(WordDecision)
@blueprint.response(200, answers.DecisionPreview)
@blueprint.alt_response(202, schema=answers.WordDecided, description="Decided; a worker applies it to the past.")
@blueprint.alt_response(
    409, schema=Error, description="The settings file decides the word, or there is nothing to withdraw."
)
def decide_word(order: dict[str, Any], name: str) -> Response:
    """Decide what a word means, or withdraw that

    It holds at once for what comes in, within a second in every process; the past is read again by a worker. With `dry_run` only
    what would change is shown. The settings file wins: a word that it decides is a 409.
    """
    connection = configured(name)
    field, word, meaning = order["field"], order["word"], meaning_of(order)
    try:
        if order["dry_run"]:
            return answer(look(connection, field, word, meaning))
        return answer({"decision": decide(connection, field, word, meaning, g.key_name)}, 202)
    except decisions.BadDecision as error:
        invalid(error.field, str(error))
    except decisions.DecidedInFile as error:
        raise ApiError(409, "decided_in_file", str(error)) from None
    except decisions.NothingToWithdraw as error:
        raise ApiError(409, "nothing_to_withdraw", str(error)) from None


def configured(name: str) -> Connection:
    """The connection as the settings made it. Answers 404."""
    connection = context().settings.connections.get(name)
    if connection is None or not limits.may_see(name):
        not_found("connection")
    return connection


def look(connection: Connection, field: str, word: str, meaning: decisions.Meaning) -> dict[str, Any]:
    """What the decision would change. Raises as ``decide``."""
    own = context()
    with own.database.read() as session:
        word, meaning = decisions.possible(session, connection, field, word, meaning)
    now = own.connections.current()
    with LOOKS.turn():
        return applying.preview(own.database, now, connection, field, word, meaning)


def decide(connection: Connection, field: str, word: str, meaning: decisions.Meaning, by: str) -> dict[str, Any]:
    """The decision, as it is shown. Raises BadDecision, DecidedInFile, NothingToWithdraw."""
    own = context()
    with own.database.write() as session:
        shown = decisions.shown(decisions.decide(session, connection, field, word, meaning, by))
    own.connections.forget()
    own.recent_words.forget()
    return shown
