"""Routes of what stands beside the records: the account, fields, users, and the tokens of an app."""

from typing import Any

from flask import Flask, g, request

from sandbox.zoho import asked, metadata, shapes
from sandbox.zoho.account import Zoho
from sandbox.zoho.asked import answered
from sandbox.zoho.refusals import Refusal, error, wrong


def install(app: Flask, zoho: Zoho) -> None:
    @app.get("/crm/v8/org")
    def org():
        asked.parameters("org")
        one = {"id": zoho.org, "zgid": zoho.org, "company_name": "Acme", "domain_name": "org" + zoho.org}
        return answered({"org": [one | {"time_zone": "Asia/Kolkata", "country_code": "IN"}]})

    @app.get("/crm/v8/users")
    def users():
        given = asked.parameters("users")
        rows: list[dict[str, Any]] = [
            {"id": id_, "email": email, "full_name": email, "status": "active"} for id_, email in zoho.users.items()
        ]
        return asked.page(rows, given, "users")

    @app.get("/crm/v8/settings/fields")
    def fields():
        module = _module(zoho, asked.parameters("fields")["module"])
        with zoho.lock:
            return answered({"fields": list(zoho.fields[module].values())})

    @app.post("/crm/v8/settings/fields")
    def make_fields():
        module = _module(zoho, asked.parameters("fields")["module"])
        said, found = asked.body(shapes.FIELDS), []
        with zoho.lock:
            for one in said["fields"]:
                name = one["field_label"].replace(" ", "_")
                if name in zoho.fields[module]:
                    found.append(error("DUPLICATE_DATA", "duplicate data", {"api_name": "field_label"}))
                    continue
                zoho.fields[module][name] = metadata.row(name, one["data_type"], unique="unique" in one, custom=True)
                found.append(
                    {"code": "SUCCESS", "details": {"id": "1"}, "message": "field created", "status": "success"}
                )
        good = all(one["code"] == "SUCCESS" for one in found)
        return answered({"fields": found}, 201 if good else 400)

    @app.post("/oauth/v2/token")
    def token():
        own = zoho.app
        if request.mimetype != "application/x-www-form-urlencoded" or request.args:
            raise wrong("a form, and nothing in the address")
        form = request.form
        if set(form) != {"grant_type", "client_id", "client_secret", "refresh_token"}:
            raise wrong("the form must hold grant_type, client_id, client_secret and refresh_token")
        if "grants_too_often" in g.faults or not zoho.limits.grants():
            said = {
                "error_description": "You have made too many requests continuously. Please try again after some time."
            }
            return answered({**said, "error": "Access Denied", "status": "failure"}, 400)
        if (form["client_id"], form["client_secret"]) != (own.id, own.secret):
            return answered({"error": "invalid_client"})
        if form["refresh_token"] != own.refresh or "grants_refused" in g.faults:
            return answered({"error": g.faults.get("grants_refused") or "invalid_code"})
        with zoho.lock:
            zoho.counted["tokens granted"] += 1
            granted = f"1000.granted-{zoho.counted['tokens granted']}"
            zoho.tokens.add(granted)
        center = g.faults.get("other_center") or zoho.center
        more = {"scope": "ZohoCRM.modules.ALL", "api_domain": f"https://www.zohoapis.{center}", "token_type": "Bearer"}
        return answered({"access_token": granted, "expires_in": own.seconds, **more})


def _module(zoho: Zoho, name: str) -> str:
    if name not in zoho.fields:
        raise Refusal(400, "INVALID_MODULE", "The module name given seems to be invalid", {"api_name": "module"})
    return name
