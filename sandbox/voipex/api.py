"""VoIPEX's HTTP side: the token address, the dialer, and ``/sandbox/...`` to look behind the scenes and to misbehave."""

from typing import Any

from flask import Flask, Response, g, jsonify, request

from sandbox import faults
from sandbox.faults import plain
from sandbox.server import Application
from sandbox.voipex.dialer import Voipex
from sandbox.voipex.orders import Refusal

TOKEN_PATH = "/token"


def create_app(voipex: Voipex) -> Flask:
    """The WSGI application of one account; the token address is on the same host."""
    app = Application("voipex-sandbox")

    def noted(response: Response) -> None:
        voipex.noted(request.method, request.path, response.status_code)

    faults.install(app, voipex.faults, noted)

    @app.before_request
    def guard():
        if request.path.startswith("/sandbox"):
            return None
        if "expired" in g.faults or "session_over" in g.faults:
            voipex.forget_tokens(refresh_tokens_too="session_over" in g.faults)
        if request.path == TOKEN_PATH:
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if voipex.knows(token) else plain(401, '{"message":"Unauthorized"}')

    @app.errorhandler(Refusal)
    def refused(error: Refusal):
        return jsonify(message=str(error)), 400

    @app.post(TOKEN_PATH)
    def token():
        if "grant_without_token" in g.faults:
            return jsonify(token_type="Bearer")
        if "refresh_refused" in g.faults and request.form.get("grant_type") == "refresh_token":
            return jsonify(error="invalid_grant", error_description="Token is not active"), 400
        given = None if "grant_refused" in g.faults else voipex.grant(request.form)
        if given is None:
            return jsonify(error="invalid_grant", error_description="Invalid user credentials"), 401
        return jsonify(given)

    @app.post("/dialer/call-lists")
    def call_lists():
        made = voipex.make_list(request.get_json(silent=True))
        count = len(made.numbers) - ("fewer_numbers" in g.faults)
        counted = {} if "no_count" in g.faults else {"numbersCount": count}
        return jsonify({**_id(made.id), "message": "Call list successfully created", **counted})

    @app.get("/ivr")
    def ivr():
        return jsonify(voipex.ivrs)

    @app.post("/dialer/campaigns")
    def campaigns():
        made = voipex.make_campaign(request.get_json(silent=True))
        return jsonify({**_id(made.id), "message": "Campaign successfully created"})

    @app.put("/dialer/campaigns/<int:campaign_id>/control")
    def control(campaign_id: int):
        given = request.get_json(silent=True)
        campaign = voipex.control(campaign_id, given.get("command") if isinstance(given, dict) else None)
        if campaign is None:
            return jsonify(message="Campaign not found"), 404
        return jsonify(message="Campaign successfully controlled")

    @app.get("/calls")
    def calls():
        shown = list(voipex.calls)
        return jsonify({"items": shown} if "calls_in_object" in g.faults else shown)

    @app.post("/sandbox/calls")
    def place():
        """``{"result": "busy"}``, or ``{}`` for whatever comes: one call of a campaign that runs."""
        return jsonify(uniqueId=voipex.call((request.get_json(silent=True) or {}).get("result")))

    @app.get("/sandbox/ledger")
    def ledger():
        """What was really taken, and what was asked and posted."""
        return jsonify(
            grants=voipex.grants,
            requests=voipex.requests,
            lists=[vars(one) for one in voipex.lists.values()],
            campaigns=[
                {"id": one.id, "state": one.state, "fields": one.fields, "numbers": one.numbers, "called": one.called}
                for one in voipex.campaigns.values()
            ],
            webhooks={"posted": len(voipex.courier.posted), "answers": voipex.courier.answers},
        )

    return app


def _id(number: int) -> dict[str, Any]:
    return {} if "no_id" in g.faults else {"id": number}
