"""Receipts over HTTP: the evidence, the quarantine, and the way back out."""

from typing import Any
from uuid import UUID

import structlog
from flask import Response, g
from marshmallow import ValidationError, fields, validate, validates_schema

from models import audit
from models.database import Database
from models.receipts import CALLBACK, DISMISSED, PENDING, QUARANTINED, REPORT, SHOWN_STATES
from outcomes import strangers
from queries import evidence, quarantine
from web import limits, sorting_out, spooled
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import not_found
from web.openapi import Blueprint
from web.parameters import MomentField, OfConnections, any_of, cursor, limit, moment
from web.schemas import receipts as answers
from web.searching import searching

log = structlog.get_logger()
blueprint = Blueprint("receipts", __name__, description="The evidence, kept exactly as it came")
blueprint.before_request(spooled.wait_for_what_was_put_aside)


def database() -> Database:
    return context().database


def _word(description: str, example: str, choices: tuple[str, ...] = ()) -> fields.Str:
    check = validate.OneOf(choices) if choices else validate.Length(1, 500)
    return fields.Str(validate=check, metadata={"description": description, "example": example})


def _token() -> fields.Str:
    told = "Of what came without a right to: only what had a token of ours, such as an outdated one, or only all other."
    return _word(told, evidence.OURS, evidence.TOKENS)


class ReceiptQuery(OfConnections):
    state = any_of("What became of it.", "quarantined", SHOWN_STATES)
    connection = any_of("The connection, as the URL said it.", "ryng-main")
    source = any_of("Who spoke first: the dialer, or we.", CALLBACK, (CALLBACK, REPORT))
    kind = any_of("The callback's kind or the report's name.", "terminal")
    reason = any_of("Why it was put aside.", "unparseable")
    token = _token()
    since = moment("Came at or after this time.")
    until = moment("Came before this time.")
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/receipts")
@scope("read", limited=True)
@blueprint.arguments(ReceiptQuery, location="query")
@blueprint.response(200, answers.ReceiptPage)
def list_receipts(query: dict[str, Any]) -> Response:
    """Receipts, newest first, without their bodies"""
    filters = {name: value for name, value in query.items() if name in evidence.FILTERS}
    waiting = spooled.waiting()  # first: what comes in meanwhile is said to wait once too often, and never too seldom
    with searching() as session:
        page = evidence.page(session, filters, query.get("cursor"), query["limit"])
    shown = [evidence.shown(row) for row in page.rows]
    return answer({"receipts": shown, "spooled_bytes": waiting, "next": page.next})


@blueprint.route("/receipts/<uuid:receipt_id>")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.ReceiptDetail)
def get_receipt(receipt_id: UUID) -> Response:
    """One receipt, byte for byte"""
    with database().read() as session:
        receipt = evidence.find(session, receipt_id)
        if receipt is None or not limits.may_see(receipt.connection):
            not_found("receipt")
        fingerprints = context().settings.token_fingerprints()
        sender = quarantine.sender(session, receipt, fingerprints, limits.may_see)
        return answer(evidence.shown_whole(receipt) | {"sender": sender})


@blueprint.route("/receipts/<uuid:receipt_id>/replay", methods=["POST"])
@scope("admin", act="receipts.replay", limited=True)
@blueprint.no_query
@blueprint.response(202, answers.Replayed)
def replay_receipt(receipt_id: UUID) -> Response:
    """Read one receipt again

    It waits as `pending` until a worker takes it. A receipt that came without a right to is vouched for by this.
    """
    return answer({"receipt": sorting_out.replay_one(receipt_id, g.key_name) or not_found("receipt")}, 202)


class Order(OfConnections):
    """Which receipts something is done to; all that is given must hold."""

    class Meta:
        unknown = "raise"

    connection = _word("The connection.", "ryng-main")
    kind = _word("The callback's kind or the report's name.", "terminal")
    token = _token()
    since: MomentField = moment("Came at or after this time.")
    until: MomentField = moment("Came before this time.")


class SomeOrder(Order):
    """At least one filter: none would be everything. ``missing`` is where an answer says so."""

    missing = "state"

    @validates_schema
    def _not_everything(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("At least one filter must be given.", self.missing)


class ReplayOrder(SomeOrder):
    """Which receipts to read again; all that is given must hold. At least one filter: none would be everything."""

    state = _word("What became of them.", "quarantined", tuple(state for state in SHOWN_STATES if state != PENDING))
    source = _word("Who spoke first.", CALLBACK, (CALLBACK, REPORT))
    reason = _word("Why they were put aside.", "unparseable")


@blueprint.route("/receipts/replay", methods=["POST"])
@scope("admin", act="receipts.replay", limited=True)
@blueprint.order(ReplayOrder)
@blueprint.response(202, answers.ReplayedMany)
def replay_receipts(order: dict[str, Any]) -> Response:
    """Read many receipts again, such as the quarantine after a mapping was added"""
    return answer({"replayed": sorting_out.replay(order, g.key_name)}, 202)


class DismissOrder(Order):
    """Which receipts in quarantine are garbage; all that is given must hold. At least a reason, or nothing would be safe."""

    reason = fields.Str(
        required=True,
        validate=validate.Length(1, 500),
        metadata={"description": "Why they were put aside.", "example": "wrong_token"},
    )
    state = _word("What became of them: only these can be dismissed.", "quarantined", (QUARANTINED,))


@blueprint.route("/receipts/<uuid:receipt_id>/dismiss", methods=["POST"])
@scope("admin", act="receipts.dismiss", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Replayed)
def dismiss_receipt(receipt_id: UUID) -> Response:
    """Say that one receipt in quarantine is garbage

    It is kept and counted as `dismissed`, and is no trouble any more; replaying it takes that back. One that is not in
    quarantine is left as it is.
    """
    return answer({"receipt": sorting_out.dismiss_one(receipt_id, g.key_name) or not_found("receipt")})


@blueprint.route("/receipts/dismiss", methods=["POST"])
@scope("admin", act="receipts.dismiss")
@blueprint.order(DismissOrder)
@blueprint.response(200, answers.DismissedMany)
def dismiss_receipts(order: dict[str, Any]) -> Response:
    """Say that many receipts in quarantine are garbage"""
    return answer({"dismissed": sorting_out.dismiss(order, g.key_name)})


class PurgeOrder(SomeOrder):
    """Which receipts of strangers to delete; all that is given must hold. At least one filter: none would be everything."""

    missing = "reason"

    state = _word("Only those that nobody has dismissed, or only those that were.", DISMISSED, (QUARANTINED, DISMISSED))
    connection = _word("The connection, as the URL said it.", "ryng-main")
    kind = _word("The callback's kind, as the URL said it.", "terminal")
    reason = _word("Why they were put aside.", "unknown_connection")


@blueprint.route("/receipts/purge", methods=["POST"])
@scope("admin", act="receipts.purge_strangers")
@blueprint.order(PurgeOrder)
@blueprint.response(200, answers.Purged)
def purge_receipts(order: dict[str, Any]) -> Response:
    """Delete what strangers filled the quarantine with

    Only receipts that came without a right to, and of which no call has learned anything. What came with a token of ours, an
    outdated one, say, goes only once it was dismissed. There is no way back.
    """
    purged = strangers.purge(database(), evidence.conditions(order), audit.said(order))
    log.warning("receipts_purged", receipts=purged, filters=sorted(order), key=g.key_name)
    return answer({"purged": purged})
