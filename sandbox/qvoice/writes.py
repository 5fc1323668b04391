"""QVoice's four writes. docs.qvoice.net, "Campaigns": "Add Lead to campaign" and the three that follow it. Bodies of answers are
not documented; ours are small."""

from typing import Any, TypeGuard

from flask import Flask, Response, jsonify, request

from sandbox.qvoice.dialer import QVoice

CAMPAIGNS = "/api/v2/config/campaigns"
TEXTS = ("number", "first_name", "last_name", "type", "ticket_id", "note")
WHOLE = ("retries", "priority", "cool_off")


def install(app: Flask, qvoice: QVoice) -> None:
    """Let the application take writes."""

    @app.put(f"{CAMPAIGNS}/<campaign_id>/lead")
    def add_lead(campaign_id: str):
        given = request.get_json(silent=True)
        if not _is_lead(given):
            return _invalid()
        return _done("Lead added to campaign successfully.", qvoice.add_lead(campaign_id, given))

    @app.post(f"{CAMPAIGNS}/leads/<lead_id>/status/<status>")
    def set_lead_status(lead_id: str, status: str):
        return _done("Lead status set successfully.", qvoice.set_lead_status(lead_id, status))

    @app.delete(f"{CAMPAIGNS}/leads/<lead_id>")
    def delete_lead(lead_id: str):
        return _done("Lead deleted successfully.", qvoice.delete_lead(lead_id))

    @app.put(f"{CAMPAIGNS}/call/<call_id>/disposition/voicemail")
    def mark_voicemail(call_id: str):
        return _done("Call disposition set successfully.", qvoice.mark_voicemail(call_id))


def _is_lead(given: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it has the documented fields and types, and no others."""
    if not isinstance(given, dict) or not str(given.get("number") or "").strip() or set(given) - {*TEXTS, *WHOLE}:
        return False
    texts = all(isinstance(given.get(name, ""), str) for name in TEXTS)
    return texts and all(type(given.get(name, 0)) is int for name in WHOLE)


def _done(message: str, done: bool) -> Response | tuple[Response, int]:
    return jsonify(message=message) if done else _invalid()


def _invalid() -> tuple[Response, int]:
    return jsonify(message="The information sent is invalid."), 400
