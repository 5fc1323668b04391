"""``/sandbox/...``: records put there and taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.accounts import install_ledger, install_people, install_settings, merged
from sandbox.pipedrive.account import Pipedrive

OWN = ("search_delay", "required", "unwanted", "filters")


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

    @app.post("/sandbox/persons/<id_>/merge")
    def merge(id_: str):
        """As a person of the company would: ``{"into": "102"}``."""
        return merged(id_, lambda into: pipedrive.merge(id_, into))

    def change(name: str, value: Any) -> None:
        """``api_tokens``: token -> id of its user. ``filters``: id -> type, field and value of the persons that it shows."""
        if name == "api_tokens":
            pipedrive.tokens = value
        else:
            setattr(pipedrive if name in OWN else pipedrive.limits, name, value)

    def records() -> dict[str, Any]:
        return {"calls": pipedrive.calls()} | {kind: pipedrive.shown(kind) for kind in pipedrive.records}

    install_people(app, pipedrive)
    install_settings(app, lambda: _settings(pipedrive), change)
    install_ledger(app, pipedrive, records)


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
