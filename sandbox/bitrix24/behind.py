"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.bitrix24.account import Portal

NOBODY = "There is no such record."
OWN = ("search_delay", "ahead", "unwanted", "sees_statistics", "lines")
OF_LIMITS = ("lifted", "most", "drains", "operating", "costs")


def install(app: Flask, portal: Portal) -> None:
    @app.get("/")
    def first():
        return jsonify(calls=portal.calls(), more="/sandbox/ledger")

    @app.post("/sandbox/<kind>")
    def put(kind: str):
        """``{"records": [{"id", "phone", "name", ...}]}``, or one record; the id may be left out."""
        if kind not in portal.records:
            return jsonify(message=NOBODY), 404
        given = request.get_json()
        made = [portal.add(kind, **one) for one in (given["records"] if "records" in given else [given])]
        return jsonify(ids=made), 201

    @app.post("/sandbox/users")
    def put_user():
        """``{"email"}``."""
        return jsonify(id=portal.add_user(**request.get_json())), 201

    @app.post("/sandbox/refreshes")
    def put_refresh():
        """``{"refresh_token"}``: another one of the app, as each destination needs its own."""
        portal.app.refreshes.add(request.get_json()["refresh_token"])
        return jsonify(known=len(portal.app.refreshes)), 201

    @app.delete("/sandbox/<kind>/<id_>")
    def delete_behind(kind: str, id_: str):
        """As a person of the portal would."""
        if kind not in portal.records or not portal.delete(kind, id_):
            return jsonify(message=NOBODY), 404
        return jsonify(deleted=id_)

    @app.patch("/sandbox/<kind>/<id_>")
    def change_behind(kind: str, id_: str):
        """As a person of the portal would: ``{"stageId": "IN_PROCESS"}``."""
        if kind not in portal.records or not portal.change(kind, id_, request.get_json()):
            return jsonify(message=NOBODY), 404
        return jsonify(changed=id_)

    @app.post("/sandbox/<kind>/<id_>/merge")
    def merge(kind: str, id_: str):
        """As a person of the portal would: ``{"into": "102"}``."""
        try:
            portal.merge(kind, id_, request.get_json()["into"])
        except KeyError:
            return jsonify(message=NOBODY), 404
        return jsonify(merged=id_)

    @app.get("/sandbox/settings")
    def settings():
        return jsonify(_settings(portal))

    @app.post("/sandbox/settings")
    def set_settings():
        """Any of those that GET shows: ``{"lifted": true, "search_delay": 0}``; ``ahead``: seconds of the portal's clock."""
        given = request.get_json()
        unknown = sorted(set(given) - set(_settings(portal)))
        if unknown:
            return jsonify(message=f"There is no setting {unknown[0]!r}."), 400
        for name, value in given.items():
            setattr(portal if name in OWN else portal.limits, name, value)
        return jsonify(_settings(portal))

    @app.get("/sandbox/ledger")
    def ledger():
        """With ``?records=0`` without calls and records."""
        with portal.lock:
            found: dict[str, Any] = {}
            if request.args.get("records") != "0":
                found = {"calls": portal.calls()} | {kind: portal.shown(kind) for kind in portal.records}
                found |= {"statistics": portal.statistics}
            found |= {
                "counted": dict(portal.counted),
                "requests": dict(portal.requests),
                "commands": dict(portal.commands),
                "answers": {str(status): count for status, count in portal.answers.items()},
                "faults": dict(portal.struck),
                "wrong_requests": list(portal.wrong_requests),
                "refused": list(portal.refused),
            }
        return jsonify(found)


def _settings(portal: Portal) -> dict[str, Any]:
    own = {name: getattr(portal, name) for name in OWN}
    return own | {name: getattr(portal.limits, name) for name in OF_LIMITS}
