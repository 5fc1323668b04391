"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.zoho.account import CALLS, Zoho

NOBODY = "There is no such record."


def install(app: Flask, zoho: Zoho) -> None:
    @app.get("/")
    def first():
        return jsonify(calls=zoho.calls(), more="/sandbox/ledger")

    @app.post("/sandbox/users")
    def put_user():
        """``{"email"}``."""
        return jsonify(id=zoho.add_user(**request.get_json())), 201

    @app.post("/sandbox/fields/<module>")
    def put_field(module: str):
        """``{"name", "type_", "options", "unique"}``."""
        zoho.add_field(module, **request.get_json())
        return jsonify(made=module), 201

    @app.post("/sandbox/<module>")
    def put_records(module: str):
        """``{"records": [{"id", "Last_Name", "Phone", ...}]}``, or one record; the id may be left out."""
        if module not in zoho.records:
            return jsonify(message=NOBODY), 404
        given = request.get_json()
        return jsonify(ids=[zoho.add(module, **one) for one in (given.get("records") or [given])]), 201

    @app.delete("/sandbox/<module>/<id_>")
    def delete_behind(module: str, id_: str):
        """As a person of the account would."""
        return (jsonify(deleted=id_), 200) if zoho.delete(module, id_) else (jsonify(message=NOBODY), 404)

    @app.patch("/sandbox/<module>/<id_>")
    def change_behind(module: str, id_: str):
        """As a person of the account would: ``{"Lead_Status": "Contacted"}``."""
        done = zoho.change(module, id_, request.get_json())
        return (jsonify(changed=id_), 200) if done else (jsonify(message=NOBODY), 404)

    @app.post("/sandbox/<module>/<id_>/merge")
    def merge(module: str, id_: str):
        """As a person of the account would: ``{"into": "5540..."}``."""
        try:
            zoho.merge(module, id_, request.get_json()["into"])
        except KeyError:
            return jsonify(message=NOBODY), 404
        return jsonify(merged=id_)

    @app.post("/sandbox/Leads/<id_>/convert")
    def convert(id_: str):
        try:
            return jsonify(contact=zoho.convert(id_))
        except KeyError:
            return jsonify(message=NOBODY), 404

    @app.get("/sandbox/settings")
    def settings():
        return jsonify(_settings(zoho))

    @app.post("/sandbox/settings")
    def set_settings():
        """Any of those that GET shows: ``{"lifted": true, "search_delay": 0}``."""
        given = request.get_json()
        unknown = sorted(set(given) - set(_settings(zoho)))
        if unknown:
            return jsonify(message=f"There is no setting {unknown[0]!r}."), 400
        for name, value in given.items():
            setattr(zoho.limits if name in ("lifted", "credits") else zoho, name, value)
        return jsonify(_settings(zoho))

    @app.get("/sandbox/ledger")
    def ledger():
        """With ``?records=0`` without calls and records."""
        with zoho.lock:
            found: dict[str, Any] = {}
            if request.args.get("records") != "0":
                found = {"calls": zoho.calls()} | {kind: zoho.shown(kind) for kind in zoho.records if kind != CALLS}
            found |= {
                "counted": dict(zoho.counted),
                "requests": dict(zoho.requests),
                "answers": {str(status): count for status, count in zoho.answers.items()},
                "faults": dict(zoho.struck),
                "wrong_requests": list(zoho.wrong_requests),
                "refused": list(zoho.refused),
            }
        return jsonify(found)


def _settings(zoho: Zoho) -> dict[str, Any]:
    return {
        "search_delay": zoho.search_delay,
        "unwanted": zoho.unwanted,
        "durations": zoho.durations,
        "lifted": zoho.limits.lifted,
        "credits": zoho.limits.credits,
    }
