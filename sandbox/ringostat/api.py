"""Ringostat's HTTP side: the call log, rows for campaigns, and ``/sandbox/...`` to look behind the scenes and to misbehave."""

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request

from sandbox.faults import install
from sandbox.ringostat.calls import COLUMNS
from sandbox.ringostat.dialer import Ringostat, wall
from sandbox.server import Application

CALLS = "/calls/list"
ROWS = "/power-dialer/campaigns/campaign-rows"
RECORDINGS = ("recording", "recording_wav")
_WALL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def create_app(ringostat: Ringostat) -> Flask:
    """The WSGI application of one project."""
    app = Application("ringostat-sandbox")

    def noted(response: Response) -> None:
        seen = {"path": request.path, "query": request.args.to_dict(), "status": response.status_code}
        ringostat.project.requests = [*ringostat.project.requests[-1999:], seen]

    install(app, ringostat.faults, noted)

    @app.get(CALLS)
    def calls():
        if any("key" in name.casefold() for name in request.args):
            return jsonify(message="Authorization in the query string is not supported"), 400
        if request.headers.get("Auth-key") != ringostat.auth_key:
            return jsonify(message="Unauthorized"), 401
        asked = request.args.get("fields", "").split(",")
        if any(name not in COLUMNS for name in asked):
            return jsonify(message="incorrect field"), 400
        start, end = _wall_clocks(ringostat)
        if not (_WALL.fullmatch(start) and _WALL.fullmatch(end)) or request.args.get("export_type") == "csv":
            return jsonify(message="incorrect parameter"), 400
        limit = ringostat.limit
        if "truncates" in g.faults:
            limit = min(limit, int(g.faults["truncates"] or 50))
        found = ringostat.log(start, end)[:limit]
        return jsonify([_bent({name: call.row(ringostat.zone).get(name, "") for name in asked}) for call in found])

    @app.post(ROWS)
    def rows():
        if (request.headers.get("x-project-id"), request.headers.get("Auth-key")) != (
            ringostat.project_id,
            ringostat.auth_key,
        ):
            return jsonify(message="Unauthorized"), 401
        row = request.get_json(silent=True)
        if not isinstance(row, dict):
            return jsonify(message="Wrong JSON"), 400
        refused = (g.faults["refuses"] or "Refused") if "refuses" in g.faults else ringostat.take(row)
        return jsonify(result=False, error=refused) if refused else jsonify(result=True)

    @app.post("/sandbox/calls")
    def add_call():
        """``{"columns": {...}}``, both optional; a call that is over, with its webhooks."""
        given = request.get_json(silent=True) or {}
        return jsonify(uniqueid=ringostat.add(given.get("columns")).uniqueid)

    @app.get("/sandbox/ledger")
    def ledger():
        project = ringostat.project
        return jsonify(rows=project.rows, requests=project.requests, webhooks=[vars(one) for one in project.deliveries])

    return app


def _wall_clocks(ringostat: Ringostat) -> tuple[str, str]:
    """(from, to); without them the last 24 hours."""
    now: datetime = ringostat.now()
    usual = wall(now - timedelta(hours=24), ringostat.zone), wall(now, ringostat.zone)
    return request.args.get("from", usual[0]), request.args.get("to", usual[1])


def _bent(row: dict[str, Any]) -> dict[str, Any]:
    if "late_recording" in g.faults:
        row |= {name: "" for name in RECORDINGS if name in row}
    if "strings" in g.faults:
        row = {name: str(value) for name, value in row.items()}
    return row
