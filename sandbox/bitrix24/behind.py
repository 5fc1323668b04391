"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.accounts import NOBODY, install_ledger, install_people, install_settings, merged
from sandbox.bitrix24.account import Portal

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

    @app.post("/sandbox/<kind>/<id_>/merge")
    def merge(kind: str, id_: str):
        """As a person of the portal would: ``{"into": "102"}``."""
        return merged(id_, lambda into: portal.merge(kind, id_, into))

    def change(name: str, value: Any) -> None:
        """``ahead``: seconds of the portal's clock."""
        setattr(portal if name in OWN else portal.limits, name, value)

    def records() -> dict[str, Any]:
        found: dict[str, Any] = {kind: portal.shown(kind) for kind in portal.records}
        return found | {
            "calls": portal.calls(),
            "statistics": portal.statistics,
        }

    install_people(app, portal)
    install_settings(app, lambda: _settings(portal), change)
    install_ledger(app, portal, records)


def _settings(portal: Portal) -> dict[str, Any]:
    own = {name: getattr(portal, name) for name in OWN}
    return own | {name: getattr(portal.limits, name) for name in OF_LIMITS}
