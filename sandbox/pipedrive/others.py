"""Routes of what stands beside the records: users, fields, stages, labels, and the tokens of an app."""

import base64
from typing import Any

from flask import Flask, g, request

from sandbox.pipedrive import asked
from sandbox.pipedrive.account import Pipedrive, User
from sandbox.pipedrive.asked import answered
from sandbox.pipedrive.refusals import Refusal, not_found, wrong

OWN = {"persons": ("name", "phone"), "deals": ("title", "stage_id", "status")}


def install(app: Flask, pipedrive: Pipedrive) -> None:
    @app.get("/api/v1/users/me")
    def me():
        asked.parameters()
        company = {"company_id": pipedrive.company_id, "company_domain": pipedrive.domain, "company_name": "Acme"}
        return answered(_user(g.user) | company | {"is_you": True})

    @app.get("/api/v1/users")
    def users():
        asked.parameters()
        return answered([_user(one) for one in list(pipedrive.users.values())])

    @app.get("/api/v2/personFields")
    def person_fields():
        return asked.page(_fields(pipedrive, "persons"), asked.parameters())

    @app.get("/api/v2/dealFields")
    def deal_fields():
        return asked.page(_fields(pipedrive, "deals"), asked.parameters())

    @app.get("/api/v2/stages")
    def stages():
        found = [
            {"id": id_, "name": name, "pipeline_id": pipeline, "is_deleted": False}
            for id_, (pipeline, name) in pipedrive.stages.items()
        ]
        return asked.page(found, asked.parameters())

    @app.get("/api/v1/leadLabels")
    def lead_labels():
        asked.parameters()
        return answered([{"id": id_, "name": name, "color": "red"} for id_, name in pipedrive.lead_labels.items()])

    @app.get("/api/v1/filters/<id_>")
    def filter_of(id_: str):
        asked.parameters()
        if id_ not in pipedrive.filters:
            raise not_found("Filter")
        kind = pipedrive.filters[id_]["type"]
        return answered({"id": int(id_), "name": "Do not call", "active_flag": True, "type": kind, "conditions": {}})

    @app.post("/oauth/token")
    def token():
        own = pipedrive.app
        known = base64.b64encode(f"{own.id}:{own.secret}".encode()).decode()
        if request.mimetype != "application/x-www-form-urlencoded" or request.args:
            raise wrong("a form, and nothing in the address")
        if set(request.form) != {"grant_type", "refresh_token"}:
            raise wrong("the form must hold grant_type and refresh_token")
        if request.headers.get("Authorization") != f"Basic {known}" or request.form["refresh_token"] != own.refresh:
            raise Refusal(400, "invalid_grant")
        with pipedrive.lock:
            pipedrive.counted["tokens granted"] += 1
            granted = f"granted-{pipedrive.counted['tokens granted']}"
            pipedrive.tokens[granted] = 1
        more = {"token_type": "Bearer", "scope": "base", "api_domain": f"https://{pipedrive.domain}.pipedrive.com"}
        return {"access_token": granted, "refresh_token": own.refresh, "expires_in": own.seconds} | more


def _user(user: User) -> dict[str, Any]:
    access = [{"app": "sales", "admin": user.admin}]
    access += [{"app": "account_settings", "admin": True}] if user.admin else []
    return {
        "id": user.id,
        "name": user.name or user.email,
        "email": user.email,
        "active_flag": True,
        "is_deleted": False,
        "access": access,
    }


def _fields(pipedrive: Pipedrive, kind: str) -> list[dict[str, Any]]:
    own: list[dict[str, Any]] = [
        {"field_code": name, "field_type": "varchar", "options": None, "is_custom_field": False} for name in OWN[kind]
    ]
    labels = [{"id": id_, "label": label} for id_, label in pipedrive.labels.items()]
    own += [{"field_code": "label_ids", "field_type": "set", "options": labels, "is_custom_field": False}]
    return [*own, *pipedrive.fields[kind].values()]
