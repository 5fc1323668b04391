"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.pipedrive.account import Pipedrive

NOBODY = "There is no such record."


def install(app: Flask, pipedrive: Pipedrive) -> None:
    @app.get("/")
    def first():
        return jsonify(calls=pipedrive.calls(), more="/sandbox/ledger")

    @app.post("/sandbox/persons")
    def put_persons():
        """``{"persons": [{"id", "name", "phone", ...}]}``, or one person; the id may be left out."""
        given = request.get_json()
        made = [pipedrive.add_person(**one) for one in (given["persons"] if "persons" in given else [given])]
        return jsonify(ids=made), 201

    @app.post("/sandbox/deals")
    def put_deal():
        """``{"person", "id", "stage_id", ...}``."""
        return jsonify(id=pipedrive.add_deal(**request.get_json())), 201

    @app.post("/sandbox/leads")
    def put_lead():
        """``{"person", "id", ...}``."""
        return jsonify(id=pipedrive.add_lead(**request.get_json())), 201

    @app.post("/sandbox/users")
    def put_user():
        """``{"email", "name", "admin"}``."""
        return jsonify(id=pipedrive.add_user(**request.get_json())), 201

    @app.delete("/sandbox/<kind>/<id_>")
    def delete_behind(kind: str, id_: str):
        """As a person of the company would."""
        if kind not in pipedrive.records or not pipedrive.delete(kind, id_):
            return jsonify(message=NOBODY), 404
        return jsonify(deleted=id_)

    @app.patch("/sandbox/<kind>/<id_>")
    def change_behind(kind: str, id_: str):
        """As a person of the company would: ``{"label_ids": [1]}``; custom fields by their keys."""
        if kind not in pipedrive.records or not pipedrive.change(kind, id_, request.get_json()):
            return jsonify(message=NOBODY), 404
        return jsonify(changed=id_)

    @app.post("/sandbox/persons/<id_>/merge")
    def merge(id_: str):
        """As a person of the company would: ``{"into": "102"}``."""
        try:
            pipedrive.merge(id_, request.get_json()["into"])
        except KeyError:
            return jsonify(message=NOBODY), 404
        return jsonify(merged=id_)

    @app.get("/sandbox/settings")
    def settings():
        return jsonify(_settings(pipedrive))

    @app.post("/sandbox/settings")
    def set_settings():
        """Any of those that GET shows: ``{"lifted": true, "search_delay": 0}``; ``api_tokens``: token -> id of its user;
        ``filters``: id -> ``{"type": "people", "field": "label_ids", "value": [2]}``."""
        given = request.get_json()
        unknown = sorted(set(given) - set(_settings(pipedrive)))
        if unknown:
            return jsonify(message=f"There is no setting {unknown[0]!r}."), 400
        for name, value in given.items():
            target: Any = pipedrive if name in ("search_delay", "required", "unwanted", "filters") else pipedrive.limits
            if name == "api_tokens":
                target, name = pipedrive, "tokens"
            setattr(target, name, value)
        return jsonify(_settings(pipedrive))

    @app.get("/sandbox/ledger")
    def ledger():
        """With ``?records=0`` without calls and records."""
        with pipedrive.lock:
            found: dict[str, Any] = {}
            if request.args.get("records") != "0":
                found = {"calls": pipedrive.calls()} | {kind: pipedrive.shown(kind) for kind in pipedrive.records}
            found |= {
                "counted": dict(pipedrive.counted),
                "requests": dict(pipedrive.requests),
                "answers": {str(status): count for status, count in pipedrive.answers.items()},
                "faults": dict(pipedrive.struck),
                "wrong_requests": list(pipedrive.wrong_requests),
                "refused": list(pipedrive.refused),
            }
        return jsonify(found)


def _settings(pipedrive: Pipedrive) -> dict[str, Any]:
    limits = pipedrive.limits
    return {
        "search_delay": pipedrive.search_delay,
        "required": pipedrive.required,
        "unwanted": pipedrive.unwanted,
        "filters": pipedrive.filters,
        "api_tokens": pipedrive.tokens,
        "lifted": limits.lifted,
        "told": limits.told,
        "requests": limits.requests,
        "searches": limits.searches,
        "tokens": limits.tokens,
        "spent": limits.spent,
    }
