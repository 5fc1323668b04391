"""``/sandbox/...``: contacts put there, records taken away, settings changed, and the ledger of all that came."""

from typing import Any

from flask import Flask, jsonify, request

from sandbox.accounts import NOBODY, install_ledger, install_settings, merged
from sandbox.hubspot.account import KINDS, Hubspot


def install(app: Flask, hubspot: Hubspot) -> None:
    @app.post("/sandbox/contacts")
    def put_contacts():
        """``{"contacts": [{"id", "firstname", "phone", "hs_lead_status", ...}]}``, or one contact; the id may be left out."""
        given = request.get_json()
        try:
            made = hubspot.add_contacts(given["contacts"] if "contacts" in given else [given])
        except (TypeError, ValueError) as error:
            return jsonify(message=str(error)), 400
        return jsonify(ids=made), 201

    @app.post("/sandbox/owners")
    def put_owner():
        """``{"email", "id"}``; the id may be left out."""
        return jsonify(id=hubspot.add_owner(**request.get_json())), 201

    @app.delete("/sandbox/<kind>/<id_>")
    def archive_behind(kind: str, id_: str):
        """As a person of the account would."""
        if KINDS.get(kind) is None or not hubspot.archive(KINDS[kind], id_):
            return jsonify(message=NOBODY), 404
        return jsonify(archived=id_)

    @app.post("/sandbox/contacts/<id_>/merge")
    def merge(id_: str):
        """As a person of the account would: ``{"into": "102"}``."""
        return merged(id_, lambda into: hubspot.merge(id_, into))

    @app.patch("/sandbox/contacts/<id_>")
    def change_contact(id_: str):
        """As a person of the account would: ``{"hs_lead_status": "IN_PROGRESS"}``."""
        if hubspot.records["contacts"].live(id_) is None:
            return jsonify(message=NOBODY), 404
        try:
            hubspot.add_contact(id_, **request.get_json())
        except ValueError as error:
            return jsonify(message=str(error)), 400
        return jsonify(changed=id_)

    def change(name: str, value: Any) -> None:
        """``tokens``: token -> scopes."""
        setattr(hubspot if name in ("search_delay", "required", "tokens") else hubspot.limits, name, value)

    install_settings(app, lambda: _settings(hubspot), change)
    install_ledger(app, hubspot, lambda: {"calls": hubspot.calls(), "contacts": hubspot.contacts()})


def _settings(hubspot: Hubspot) -> dict[str, Any]:
    limits = hubspot.limits
    return {
        "search_delay": hubspot.search_delay,
        "required": hubspot.required,
        "tokens": hubspot.tokens,
        "lifted": limits.lifted,
        "ten_seconds": limits.ten_seconds,
        "searches": limits.searches,
        "daily": limits.daily,
    }
