"""Routes of what stands beside the records: properties, owners, dispositions, the account, and what a token may do."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, request

from sandbox.hubspot import asked, shapes
from sandbox.hubspot.account import KINDS, SCOPES, Hubspot, Owner
from sandbox.hubspot.asked import answered
from sandbox.hubspot.properties import DISPOSITIONS, made, written
from sandbox.hubspot.refusals import CONFLICT, VALIDATION, Refusal, not_found, unauthorized, wrong

PROPERTIES = "/crm/properties/2026-09/<kind>"
OWNERS = "/crm/owners/2026-09"
_LONG_AGO = written(datetime(2026, 1, 1, tzinfo=UTC))


def install(app: Flask, hubspot: Hubspot) -> None:
    def of(kind: str):
        if kind not in KINDS:
            raise Refusal(400, VALIDATION, f"Unable to infer object type from: {kind}", wrong=True)
        return hubspot.properties[KINDS[kind]]

    @app.get(PROPERTIES)
    def properties(kind: str):
        asked.only("archived", "dataSensitivity", "locale", "properties")
        found = [] if asked.truth("archived") else of(kind).all()
        return answered({"results": [one.shown() for one in found]})

    @app.get(f"{PROPERTIES}/<name>")
    def one_property(kind: str, name: str):
        asked.only("archived", "dataSensitivity", "locale", "properties")
        found = of(kind).get(name)
        if found is None:
            raise not_found("property", name)
        return answered(found.shown())

    @app.post(PROPERTIES)
    def make_property(kind: str):
        new = made(asked.body(shapes.PROPERTY))
        if isinstance(new, str):
            raise wrong(new)
        if not of(kind).add(new):
            raise Refusal(409, CONFLICT, f'A property named "{new.name}" already exists.')
        return answered(new.shown(), 201)

    @app.get(OWNERS)
    @app.get(f"{OWNERS}/", endpoint="owners_with_slash")
    def owners():
        asked.only("email", "after", "limit", "archived")
        email = request.args.get("email")
        found = [one for one in list(hubspot.owners.values()) if email is None or one.email.lower() == email.lower()]
        return answered({"results": [] if asked.truth("archived") else [_owner(one) for one in found]})

    @app.get(f"{OWNERS}/<id_>")
    def one_owner(id_: str):
        asked.only("archived", "idProperty")
        if id_ not in hubspot.owners:
            raise not_found("owner", id_)
        return answered(_owner(hubspot.owners[id_]))

    @app.get("/calling/v1/dispositions")
    def dispositions():
        found = hubspot.properties["calls"].get("hs_call_disposition")
        options = found.options if found is not None else {value: name for name, value in DISPOSITIONS.items()}
        return answered([{"id": value, "label": label, "deleted": False} for value, label in options.items()])

    @app.get("/account-info/v3/details")
    @app.get("/account-info/2026-09/details", endpoint="details_2026_09")
    def details():
        offset = datetime.now(hubspot.limits.zone).utcoffset()
        seconds = 0 if offset is None else int(offset.total_seconds())
        return answered(
            {
                "portalId": hubspot.portal_id,
                "accountType": "STANDARD",
                "timeZone": hubspot.zone,
                "companyCurrency": "INR",
                "additionalCurrencies": [],
                "utcOffset": f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02d}:{abs(seconds) // 60 % 60:02d}",
                "utcOffsetMilliseconds": seconds * 1000,
                "uiDomain": request.host,
                "dataHostingLocation": "eu1",
            }
        )

    @app.post("/oauth/v2/private-apps/get/access-token-info")
    def token_info():
        token = asked.body(shapes.TOKEN)["tokenKey"]
        if token not in hubspot.tokens:
            raise unauthorized()
        return answered({"userId": 1, "hubId": hubspot.portal_id, "appId": 2, "scopes": list(hubspot.tokens[token])})

    @app.post("/oauth/2026-03/token")
    def token():
        form = asked.form("grant_type", "client_id", "client_secret", "refresh_token")
        own = hubspot.app
        if (form["client_id"], form["client_secret"], form["refresh_token"]) != (own.id, own.secret, own.refresh):
            return answered({"error": "invalid_grant", "error_description": "The refresh token is not known."}, 400)
        with hubspot.lock:
            hubspot.counted["tokens granted"] += 1
            granted = f"granted-{hubspot.counted['tokens granted']}"
            hubspot.tokens[granted] = SCOPES
        more = {"token_type": "bearer", "hub_id": hubspot.portal_id, "scopes": list(SCOPES)}
        return answered({"access_token": granted, "refresh_token": own.refresh, "expires_in": own.seconds, **more})


def _owner(owner: Owner) -> dict[str, Any]:
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": int(owner.id) + 1000 if owner.id.isdigit() else 1000,
        "createdAt": _LONG_AGO,
        "updatedAt": _LONG_AGO,
        "archived": False,
    }
