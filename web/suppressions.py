"""Numbers that must not be called, over HTTP: put on the list, listed, taken off."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, g, request
from marshmallow import Schema, fields

from dialers.base import Connection
from dialers.giving import BadLeads, BadList, Refused
from leads import numbers, suppressing, taking_out
from leads.bounds import Row
from leads.numbers import Numbers
from leads.suppressing import TakenOff
from lib import clock, ids
from models.suppressions import SOURCES
from outcomes.suppressions import CHANGES, Change
from queries import suppressions, take_outs
from web import errors, to_dialers
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import invalid, not_found
from web.leads import DryRun
from web.openapi import Blueprint
from web.parameters import Parser, any_of, cursor, limit
from web.schemas import suppressions as schemas
from web.schemas.errors import Error
from web.searching import searching

LARGEST_LIST = 16 * 1024 * 1024
MOST_SHOWN = 1_000

blueprint = Blueprint("suppressions", __name__, description="Numbers that must not be called")

BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": schemas.NewSuppressions},
        "text/csv": {
            "schema": {"type": "string"},
            "example": "number,reason,until\n+919812345678,Asked for it in writing,2027-06-30\n",
        },
    },
}


class Reader(Schema):
    connection = fields.Str(
        metadata={
            "description": "National numbers are read as this connection reads those of leads; without it, as all of them do, "
            "where these agree.",
            "example": "ryng-main",
        }
    )


class PutQuery(Reader, DryRun):
    """How numbers are read, and whether only to show it."""


class ListQuery(Reader):
    number = any_of("The number: E.164, or as a connection dials it.", "+919812345678")
    state = any_of("Whether it holds.", "standing", suppressions.STATES)
    source = any_of("Who says it.", "person", SOURCES)
    limit = limit(100)
    cursor = cursor()


class LeadsQuery(Schema):
    connection = any_of("The connection's name.", "qvoice-main")
    number = any_of("The number: E.164, or as a connection dials it.", "+919812345678")
    state = any_of("What became of it.", "by_hand", schemas.SHOWN_STATES)
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/suppressions")
@scope("read")
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, schemas.Suppressions)
def list_suppressions(query: dict[str, Any]) -> Response:
    """Numbers that must not be called, newest first: who said so and why, until when, and who took it back"""
    readers = _readers(query.get("connection"))
    wanted = {name: query.get(name) for name in suppressions.FILTERS}
    if wanted["number"]:
        wanted["number"] = [_number(readers, one) for one in wanted["number"]]
    now = clock.now()
    with searching() as session:
        page = suppressions.page(session, wanted, now, query.get("cursor"), query["limit"])
        return answer({"suppressions": [suppressions.shown(row, now) for row in page.rows], "next": page.next})


@blueprint.route("/suppressions", methods=["POST"])
@scope("leads", act="suppression.put")
@blueprint.arguments(PutQuery, location="query")
@blueprint.doc(requestBody=BODY)
@blueprint.response(201, schemas.PutMany)
@blueprint.alt_response(200, schema=schemas.PutMany, description="Of a dry run.")
@blueprint.alt_response(400, schema=Error, description="The body is not JSON.")
def put_suppressions(query: dict[str, Any]) -> Response:
    """Say that numbers must not be called

    All are read before the first is put on the list: a number that cannot be read is a 422 that names its row, and nothing is
    put. Leads with these numbers are rejected with the reason, also those that are loaded already and were not sent.
    """
    readers = _readers(query.get("connection"))
    if request.mimetype in ("text/csv", "text/tab-separated-values"):
        with to_dialers.allow_large_body(LARGEST_LIST):
            found = _checked(readers, lambda: numbers.rows_of_csv(to_dialers.body()), ".number")
    else:
        body = Parser().parse(schemas.NewSuppressions(), request, location="json")
        _check_end(body)
        given = {"reason": body["reason"], "until": body["until"]}
        found = _checked(readers, lambda: numbers.of_list(body["numbers"], given), "")
    if query["dry_run"]:
        return answer(_said(found, suppressing.look(context().database, found)))
    return answer(_said(found, suppressing.put(context().database, found, g.key_name)), status=201)


@blueprint.route("/suppressions/<suppression>", methods=["DELETE"])
@scope("leads", act="suppression.take_off")
@blueprint.arguments(Reader, location="query")
@blueprint.response(200, schemas.TakenOff)
def take_off(query: dict[str, Any], suppression: str) -> Response:
    """Take one off by its id, or a number: whoever says it of that

    The row stays, with when and by whom it was taken off. Where only one of several was, the number stays on the list:
    `may_be_called` says so.
    """
    which: UUID | str | None = ids.parse(suppression)
    if which is None:
        which = _number(_readers(query.get("connection")), suppression)
    taken = suppressing.take_off(context().database, which, g.key_name)
    return answer(shown(taken)) if taken else not_found("number or row on the list")


@blueprint.route("/suppressed-leads")
@scope("read")
@blueprint.arguments(LeadsQuery, location="query")
@blueprint.response(200, schemas.TakeOuts)
def list_take_outs(query: dict[str, Any]) -> Response:
    """Leads that dialers have, or may have, and whose numbers must not be called, newest first

    Where the dialer can, they are taken out by themselves; `by_hand` are those that a person has to take out there.
    """
    wanted = {name: query.get(name) for name in take_outs.FILTERS}
    if wanted["number"]:
        readers = _readers(None)
        wanted["number"] = [_number(readers, one) for one in wanted["number"]]
    with searching() as session:
        page = take_outs.page(session, wanted, query.get("cursor"), query["limit"])
        return answer({"leads": [take_outs.shown(row) for row in page.rows], "next": page.next})


@blueprint.route("/suppressed-leads/<uuid:take_out>/done", methods=["POST"])
@scope("leads", act="take_out.done")
@blueprint.no_query
@blueprint.response(200, schemas.OneTakeOut)
def settle_take_out(take_out: UUID) -> Response:
    """Say that you have taken a lead out at its dialer

    One that does not wait for a person is left as it is.
    """
    row = taking_out.settle_by_hand(context().database, take_out, g.key_name)
    return answer({"lead": take_outs.shown(row)}) if row else not_found("lead to be taken out")


def shown(taken: TakenOff) -> dict[str, Any]:
    now = clock.now()
    return {
        "suppressions": [suppressions.shown(row, now) for row in taken.rows],
        "may_be_called": taken.may_be_called,
    }


def _readers(connection: str | None) -> Iterable[Connection]:
    known = context().settings.connections
    if connection is None:
        return known.values()
    if connection not in known:
        invalid("connection", "There is no connection of this name.")
    return [known[connection]]


def number_of(connection: str | None, written: str) -> str:
    """A number as it was given, in E.164; read as the connection does, or as all do. What cannot be read is a 422."""
    return _number(_readers(connection), written)


def _number(readers: Iterable[Connection], written: str) -> str:
    try:
        return numbers.read(numbers.countries(readers), written).number
    except Refused as error:
        invalid("number", str(error))


def _check_end(body: dict[str, Any]) -> None:
    """Reason and end, which all numbers share, are told once."""
    try:
        numbers.reason(body["reason"])
        numbers.until(body["until"], clock.now())
    except Refused as error:
        invalid(error.field, str(error))


def _checked(readers: Iterable[Connection], rows: Any, of_number: str) -> Numbers:
    try:
        listed: Iterable[Row] = rows()
        return numbers.check(readers, listed, clock.now())
    except BadList as error:
        at = f"numbers.{error.row}" if error.row else "numbers"
        invalid(f"{at}.{error.field}" if error.field and error.field != "numbers" else at, str(error))
    except BadLeads as error:
        fields_at = {"number": of_number}
        details = {
            f"numbers.{one['row']}{fields_at.get(one['field'], '.' + one['field'])}": [one["message"]]
            for one in error.faults
        }
        raise errors.ApiError(422, "invalid", str(error), details) from None


def _said(found: Numbers, changes: list[Change]) -> dict[str, Any]:
    counts = {what: sum(one.what == what for one in changes) for what in CHANGES}
    rows = [
        {"id": str(one.id) if one.is_kept else None}
        | {"number": one.wanted.number, "number_raw": one.wanted.number_raw, "change": one.what}
        for one in changes[:MOST_SHOWN]
    ]
    doubts = {"doubtful": len(found.doubts), "doubts": found.doubts[:MOST_SHOWN]}
    return {**counts, "repeated": found.repeated, **doubts, "numbers": rows}
