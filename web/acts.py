"""Towards the dialers over HTTP: commands to campaigns and single writes, as far as each dialer can."""

from typing import Any

from flask import Response

from dialers.giving import (
    CANCEL_CALL,
    DELETE_LEAD,
    END_CALL,
    LIST_IVRS,
    SET_LEAD_STATUS,
    SET_VOICEMAIL,
    SHOW_CAMPAIGN,
    START_CALL,
)
from leads import commands
from web import to_dialers
from web.answers import answer
from web.auth import scope
from web.context import context
from web.openapi import Blueprint
from web.schemas import leads as schemas

blueprint = Blueprint(
    "acts", __name__, description="Towards the dialers: commands to campaigns, calls, statuses written back"
)


@blueprint.route("/campaigns/<connection>/<campaign>/control", methods=["POST"])
@scope("leads", act="campaign.command", limited=True)
@blueprint.no_query
@blueprint.arguments(schemas.Command)
@blueprint.response(200, schemas.Answered)
def control(body: dict[str, Any], connection: str, campaign: str) -> Response:
    """Start, pause, resume, stop, reload or remove a campaign"""

    def run() -> Response:
        said = commands.control(context().database, to_dialers.configured(connection), campaign, body["command"])
        return answer({"answer": said})

    return to_dialers.answering_errors(run)


@blueprint.route("/campaigns/<connection>/<campaign>")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Answered)
def show_campaign(connection: str, campaign: str) -> Response:
    """What the dialer says of a campaign now"""
    return _act(connection, SHOW_CAMPAIGN, {"campaign": campaign})


@blueprint.route("/ivrs/<connection>")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Answered)
def list_ivrs(connection: str) -> Response:
    """The dialer's IVR applications, one of which a campaign needs"""
    return _act(connection, LIST_IVRS, {})


@blueprint.route("/calls/<connection>", methods=["POST"])
@scope("leads", act="call.start", limited=True)
@blueprint.no_query
@blueprint.arguments(schemas.NewCall)
@blueprint.response(200, schemas.Answered)
def start_call(body: dict[str, Any], connection: str) -> Response:
    """Call one customer now"""
    return _act(connection, START_CALL, body)


@blueprint.route("/calls/<connection>/<call>/end", methods=["POST"])
@scope("leads", act="call.end", limited=True)
@blueprint.no_query
@blueprint.arguments(schemas.EndOfCall)
@blueprint.response(200, schemas.Answered)
def end_call(body: dict[str, Any], connection: str, call: str) -> Response:
    """End a call with its disposition"""
    return _act(connection, END_CALL, {**body, "call": call})


@blueprint.route("/calls/<connection>/<call>/cancel", methods=["POST"])
@scope("leads", act="call.cancel", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Answered)
def cancel_call(connection: str, call: str) -> Response:
    """Cancel a call, or a job, that waits"""
    return _act(connection, CANCEL_CALL, {"call": call})


@blueprint.route("/calls/<connection>/<call>/disposition/voicemail", methods=["PUT"])
@scope("leads", act="call.set_voicemail", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Answered)
def set_voicemail(connection: str, call: str) -> Response:
    """Say that a voicemail answered the call"""
    return _act(connection, SET_VOICEMAIL, {"call": call})


@blueprint.route("/leads/<connection>/<lead>/status", methods=["PUT"])
@scope("leads", act="lead.set_status", limited=True)
@blueprint.no_query
@blueprint.arguments(schemas.LeadStatus)
@blueprint.response(200, schemas.Answered)
def set_lead_status(body: dict[str, Any], connection: str, lead: str) -> Response:
    """Set a lead's status at the dialer"""
    return _act(connection, SET_LEAD_STATUS, {**body, "lead": lead})


@blueprint.route("/leads/<connection>/<lead>", methods=["DELETE"])
@scope("leads", act="lead.delete", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Answered)
def delete_lead(connection: str, lead: str) -> Response:
    """Delete a lead at the dialer"""
    return _act(connection, DELETE_LEAD, {"lead": lead})


def _act(connection: str, name: str, given: dict[str, Any]) -> Response:
    def run() -> Response:
        said = commands.act(
            context().database, to_dialers.configured(connection), name, given, to_dialers.urls(connection)
        )
        return answer({"answer": said})

    return to_dialers.answering_errors(run)
