"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.accounts import NOBODY, install_ledger, install_people, install_settings, merged
from sandbox.zoho.account import CALLS, Zoho


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

    @app.post("/sandbox/<module>/<id_>/merge")
    def merge(module: str, id_: str):
        """As a person of the account would: ``{"into": "5540..."}``."""
        return merged(id_, lambda into: zoho.merge(module, id_, into))

    @app.post("/sandbox/Leads/<id_>/convert")
    def convert(id_: str):
        try:
            return jsonify(contact=zoho.convert(id_))
        except KeyError:
            return jsonify(message=NOBODY), 404

    def change(name: str, value: Any) -> None:
        setattr(zoho.limits if name in ("lifted", "credits") else zoho, name, value)

    def records() -> dict[str, Any]:
        return {"calls": zoho.calls()} | {kind: zoho.shown(kind) for kind in zoho.records if kind != CALLS}

    install_people(app, zoho)
    install_settings(app, lambda: _settings(zoho), change)
    install_ledger(app, zoho, records)


def _settings(zoho: Zoho) -> dict[str, Any]:
    return {
        "search_delay": zoho.search_delay,
        "unwanted": zoho.unwanted,
        "durations": zoho.durations,
        "lifted": zoho.limits.lifted,
        "credits": zoho.limits.credits,
    }
