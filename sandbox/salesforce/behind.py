"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.accounts import NOBODY, install_ledger, install_people, install_settings, merged
from sandbox.salesforce.account import Salesforce

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

    @app.post("/sandbox/<kind>/<id_>/merge")
    def merge(kind: str, id_: str):
        """As a person of the org would: ``{"into": "003..."}``."""
        return merged(id_, lambda into: org.merge(kind, id_, into))

    @app.post("/sandbox/Lead/<id_>/convert")
    def convert(id_: str):
        """As a person of the org would; the id of the contact."""
        try:
            return jsonify(contact=org.convert(id_))
        except KeyError:
            return jsonify(message=NOBODY), 404

    def records() -> dict[str, Any]:
        return {"calls": org.calls()} | {kind: org.shown(kind) for kind in SHOWN}

    install_people(app, org)
    install_settings(
        app,
        lambda: {name: getattr(org, name) for name in SETTINGS},
        lambda name, value: setattr(org, name, value),
    )
    install_ledger(app, org, records)
