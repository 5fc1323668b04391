"""Outcomes over HTTP: the list, one with its evidence, the change feed, the export."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from flask import Response
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from lib.whole_numbers import Whole
from models.database import Database
from outcomes.feed import Place, State
from outcomes.feed import state as state_of
from queries import evidence, feed, keyset, loaded, selection, shape
from queries.exports.choice import NAMES, Choice
from web import exports, limits, long_polls
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.openapi import Blueprint
from web.opening import opened_filters
from web.parameters import MomentField, OpenedFilters, OutcomeQuery, any_of, cursor, limit, split
from web.schemas import outcomes as answers
from web.schemas.errors import Error
from web.searching import searching

blueprint = Blueprint("outcomes", __name__, description="What became of each call")

NOW = "now"  # for ``after``: where the feed is
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # how a time begins, and no cursor


def database() -> Database:
    return context().database


@blueprint.route("/outcomes")
@scope("read", limited=True)
@blueprint.arguments(OutcomeQuery, location="query")
@blueprint.response(200, answers.OutcomePage)
def list_outcomes(query: dict[str, Any]) -> Response:
    """Outcomes, by the call's time or by their last change

    Filters may be given together, and all must hold; a filter given several times holds when any of its values does.
    """
    filters, rest = split(query)
    with searching(calls=True) as session:
        page = selection.page(session, opened_filters(session, filters, rest), **rest)
    return answer({"outcomes": [shape.outcome(row) for row in page.rows], "next": page.next})


class ChangesQuery(Schema):
    after = cursor(
        "`next` of the answer before, or a plain `position`; empty or absent, the beginning. `now`: what changes from now on. "
        "A time such as `2026-11-01T00:00:00Z`: every outcome whose `changed_at` is that or later, and perhaps a few others."
    )
    limit = limit(500)
    connection = any_of("Only outcomes of this connection; an outcome never changes its connection.", "ryng-main")
    wait = Whole(
        load_default=0,
        validate=validate.Range(0, long_polls.LONGEST),
        metadata={
            "description": "Where there is nothing yet, wait for it: so many seconds at most, as far as there are seats.",
            "example": 30,
        },
    )


@blueprint.route("/outcomes/changes")
@scope("read", limited=True)
@blueprint.arguments(ChangesQuery, location="query")
@blueprint.response(200, answers.Changes)
@blueprint.alt_response(409, schema=Error, description="`feed_restarted`: the feed does not know this place.")
def list_changes(query: dict[str, Any]) -> Response:
    """The change feed: outcomes in the order in which their changes became visible

    Keep `next` and come back with it, at once while `more` is true, else whenever you like. Nothing is missed, however
    many writers there are. A row that changed twice meanwhile is shown once, as it is now; `revision` tells. Merged rows
    are here too: `merged_into` names the row that stays. After the database was restored from a backup, 409
    `feed_restarted`: begin again with an empty `after`. With `connection`, `next` moves past the rows of others, and an answer
    without outcomes may have `more`. With `wait`, an answer without outcomes may come early: wait a second before you ask again.
    """
    wanted = query["limit"], limits.narrow(query.get("connection"))
    found = _changes(query.get("after", ""), *wanted)
    with long_polls.waiting(query["wait"] if found.is_empty else 0) as goes_on:
        while found.is_empty and goes_on():
            found = _changes(found.next, *wanted, known=found)
    shown = [shape.change(row) for row in found.page.rows]
    return answer({"outcomes": shown, "next": found.next, "more": found.page.more})


@dataclass(frozen=True)
class _Changes:
    state: State
    page: feed.Page

    @property
    def is_empty(self) -> bool:
        return not self.page.rows and not self.page.more

    @property
    def next(self) -> str:
        return feed.cursor(self.page.last, self.state.epoch, self.state.start)


def _changes(after: str, limit: int, connections: Sequence[str], known: _Changes | None = None) -> _Changes:
    """What is after the place; the same as ``known`` while the feed is where it was. No connection to the database is kept."""
    with database().read() as session:
        state = state_of(session)
        if known is not None and known.state == state:
            return known
        place = _place(session, state, after)
        if not feed.knows(session, state, place):
            _restarted(state)
        return _Changes(state, feed.page(session, state, place.position, limit, connections))


def _place(session: Session, state: State, after: str) -> Place:
    """The place that ``after`` names, in whichever of its forms."""
    if after == NOW:
        return Place(state.last_position, state.epoch, state.start)
    try:
        if _DATE.match(after):
            return feed.since(session, state, MomentField().deserialize(after))
        return feed.place(after)
    except keyset.BadCursor as error:
        invalid("after", str(error))
    except ValidationError as error:
        invalid("after", str(error.messages[0]))


def _restarted(state: State) -> NoReturn:
    sentence = (
        "The feed has never given this place, or no longer knows it: the database was restored, or its feed begun again. "
        "Begin with an empty `after`, and take every outcome that differs from yours, whatever its revision."
    )
    raise ApiError(409, "feed_restarted", sentence, {"epoch": state.epoch, "last_position": state.last_position})


_Purpose = Schema.from_dict(
    {
        "for": fields.Str(
            validate=validate.OneOf(("spreadsheet",)),
            metadata={
                "description": "`spreadsheet`: CSV or XLSX for people who open it there: times on the clocks of `tz`, ids and "
                "numbers as texts that stay whole.",
                "example": "spreadsheet",
            },
        )
    },
    name="Purpose",
)


class Columns(fields.Str):
    """Names of columns, separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        names = tuple(name.strip() for name in str(value).split(","))
        if unknown := [name for name in names if name not in NAMES]:
            raise ValidationError(
                f"There is no column {unknown[0][:100]!r}; they are named as the fields of an outcome."
            )
        if len(set(names)) < len(names):
            raise ValidationError("Each column may be named only once.")
        return names


class ExportQuery(OpenedFilters, _Purpose):  # type: ignore[misc, valid-type]  # a class that is made
    format = fields.Str(
        required=True,
        validate=validate.OneOf(tuple(exports.FORMATS)),
        metadata={"description": "`csv`, `ndjson`, `parquet` or `xlsx`.", "example": "csv"},
    )
    columns = Columns(
        load_default=(),
        metadata={
            "description": "Which columns, in which order, separated by commas; without it, all. Those of the agent are "
            "`agent_id`, `agent_name` ..., or all together `agent`.",
            "example": "id,occurred_at,customer_number,connect_outcome",
        },
    )

    @validates_schema
    def _for_a_spreadsheet(self, query: dict[str, Any], **kwargs: Any) -> None:
        if "for" in query and query.get("format") not in (None, *exports.FOR_SPREADSHEETS):
            raise ValidationError("A spreadsheet opens csv or xlsx.", "for")


BINARY = {"type": "string", "format": "binary"}


@blueprint.route("/outcomes/export")
@scope("read", limited=True)
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="The file.")
@blueprint.response(200, answers.Outcome, content_type="application/x-ndjson", description="The file.")
@blueprint.response(200, BINARY, content_type=exports.FORMATS["parquet"].content_type, description="The file.")
@blueprint.response(200, BINARY, content_type=exports.FORMATS["xlsx"].content_type, description="The file.")
@blueprint.alt_response(429, schema=Error, description="Too many exports are running; Retry-After says when.")
@blueprint.alt_response(503, schema=Error, description="`no_room`: the disk has no room to make the file.")
def export_outcomes(query: dict[str, Any]) -> Response:
    """Every outcome that matches, as a file, oldest call first

    Of any size. CSV: the fields of an outcome, the agent's written flat; times are all of one width; lists and objects are
    JSON; a cell that a spreadsheet would run as a formula (it begins with = + - @) begins with an apostrophe instead. NDJSON:
    one outcome per line, as in the list. Both are streamed: a connection that ends without its last chunk is not a whole
    file. Parquet (`application/vnd.apache.parquet`) has types; XLSX is a workbook, its times on the clocks of `tz`, and has a
    further sheet wherever one is full. Both are made before they are sent, with their length: allow for minutes.
    The header `Wrapup-Source` says who gave the rows: `mirror` or `tables`.
    """
    return exported(query)


def exported(query: dict[str, Any]) -> Response:
    """The file that a query of ``ExportQuery`` asks for."""
    filters, rest = split(query)
    choice = Choice(rest["columns"], "for" in rest, rest["tz"])
    with database().read() as session:
        filters = opened_filters(session, filters, rest)
    return exports.streamed(exports.asked(filters), context().sources, filters, rest["format"], choice)


@blueprint.route("/outcomes/<uuid:outcome_id>")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.OutcomeDetail)
def get_outcome(outcome_id: UUID) -> Response:
    """One outcome, its events, its receipts, and which receipt set each field

    Works for merged rows too.
    """
    with database().read() as session:
        row = selection.find(session, outcome_id)
        if row is None or not limits.may_see(row.connection):
            not_found("outcome")
        found = shape.outcome_of(row)
        found["events"] = [shape.event(event) for event in selection.events(session, outcome_id)]
        found["receipts"] = [
            evidence.shown(receipt) for receipt in evidence.of_outcome(session, outcome_id, row.set_by)
        ]
        found["set_by"] = shape.set_by(row)
        found["loaded_lead"] = loaded.of_outcome(session, row)
    return answer(found)
