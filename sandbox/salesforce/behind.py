"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.salesforce.account import Salesforce

NOBODY = "There is no such record."
SHOWN = ("Lead", "Contact", "Account", "Opportunity", "User")
SETTINGS = ("lifted", "limit", "used", "search_delay", "unwanted", "page")


def install(app: Flask, org: Salesforce) -> None:
    @app.get("/")
    def first():
        return jsonify(calls=org.calls(), more="/sandbox/ledger")

    @app.post("/sandbox/<kind>")
    def put(kind: str):
        """``{"records": [{"id", "LastName", "Phone", ...}]}``, or one record; the id may be left out."""
        if kind not in org.objects:
            return jsonify(message=f"There is no object {kind}."), 404
        given = request.get_json()
        made = [org.add(kind, **one) for one in (given["records"] if "records" in given else [given])]
        return jsonify(ids=made), 201

    @app.delete("/sandbox/<kind>/<id_>")
    def delete_behind(kind: str, id_: str):
        """As a person of the org would."""
        if kind not in org.records or not org.delete(kind, id_):
            return jsonify(message=NOBODY), 404
        return jsonify(deleted=id_)

    @app.patch("/sandbox/<kind>/<id_>")
    def change_behind(kind: str, id_: str):
        """As a person of the org would: ``{"Status": "Working - Contacted"}``."""
        if kind not in org.records or not org.change(kind, id_, request.get_json()):
            return jsonify(message=NOBODY), 404
        return jsonify(changed=id_)

    @app.post("/sandbox/<kind>/<id_>/merge")
    def merge(kind: str, id_: str):
        """As a person of the org would: ``{"into": "003..."}``."""
        try:
            org.merge(kind, id_, request.get_json()["into"])
        except KeyError:
            return jsonify(message=NOBODY), 404
        return jsonify(merged=id_)

    @app.post("/sandbox/Lead/<id_>/convert")
    def convert(id_: str):
        """As a person of the org would; the id of the contact."""
        try:
            return jsonify(contact=org.convert(id_))
        except KeyError:
            return jsonify(message=NOBODY), 404

    @app.get("/sandbox/settings")
    def settings():
        return jsonify(_settings(org))

    @app.post("/sandbox/settings")
    def set_settings():
        """Any of those that GET shows: ``{"lifted": true, "search_delay": 0}``."""
        given = request.get_json()
        unknown = sorted(set(given) - set(SETTINGS))
        if unknown:
            return jsonify(message=f"There is no setting {unknown[0]!r}."), 400
        for name, value in given.items():
            setattr(org, name, value)
        return jsonify(_settings(org))

    @app.get("/sandbox/ledger")
    def ledger():
        """With ``?records=0`` without calls and records."""
        with org.lock:
            found: dict[str, Any] = {}
            if request.args.get("records") != "0":
                found = {"calls": org.calls()} | {kind: org.shown(kind) for kind in SHOWN}
            found |= {
                "counted": dict(org.counted),
                "requests": dict(org.requests),
                "answers": {str(status): count for status, count in org.answers.items()},
                "faults": dict(org.struck),
                "wrong_requests": list(org.wrong_requests),
                "refused": list(org.refused),
            }
        return jsonify(found)


def _settings(org: Salesforce) -> dict[str, Any]:
    return {name: getattr(org, name) for name in SETTINGS}
