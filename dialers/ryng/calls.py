"""Single calls at Ryng: started, ended, cancelled. docs.ryng.in, "Make Preview Call", "End Preview Call", "Cancel Calls API"."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from dialers.base import Connection
from dialers.fields import text
from dialers.giving import CANCEL_CALL, END_CALL, START_CALL, Act, to_be_called
from dialers.ryng.api import Client, configured
from lib.http.errors import Uncertain


def _id(**more: Any) -> fields.Str:
    is_id = validate.Regexp(r"\A[0-9]{1,18}\Z", error="Ryng's ids are whole numbers.")
    return fields.Str(required=True, validate=is_id, **more)


class StartCall(Schema):
    number = fields.Str(required=True)
    agent = _id()
    campaign = _id()
    name = fields.Str(validate=validate.Length(max=200))
    callbacks = fields.Dict(keys=fields.Str(), values=fields.Str(), load_default=dict)  # our URLs by kind


class EndCall(Schema):
    call = _id()
    attempt = _id()
    disposition = fields.Str(required=True, validate=validate.Length(1, 200))
    notes = fields.Str(load_default="", validate=validate.Length(max=10_000))


class CancelCall(Schema):
    call = _id()


def start(client: Client, connection: Connection, given: Mapping[str, Any]) -> dict[str, str | None]:
    configured(connection)
    number = to_be_called(given["number"], connection.default_country).number
    urls = {
        f"{kind}CallbackUrl": given["callbacks"][kind] for kind in ("connect", "terminal") if kind in given["callbacks"]
    }
    name = {"customerName": given["name"]} if given.get("name") else {}
    body = {
        "agentID": int(given["agent"]),
        "campaignID": int(given["campaign"]),
        "customerNumber": number,
        **name,
        **urls,
    }
    data = client.give("POST", "/preview/call", json=body).get("data")
    call, attempt = (text(data.get(name)) if isinstance(data, dict) else None for name in ("callID", "logID"))
    if call is None:
        raise Uncertain("Ryng says that the call was started, but not under which id.")
    return {"call_id": call, "attempt_id": attempt}


def end(client: Client, connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    configured(connection)
    body = {"logID": int(given["attempt"]), "dispositionName": given["disposition"], "notes": given["notes"]}
    return _said(client.give("PATCH", f"/preview/call/{given['call']}", json=body))


def cancel(client: Client, connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    configured(connection)
    return _said(client.give("POST", f"/progressive/call/{given['call']}/cancel"))


def _said(envelope: Mapping[str, Any]) -> dict[str, Any]:
    return {"message": text(envelope.get("message"))}


ACTS = {
    START_CALL: Act(StartCall, start),
    END_CALL: Act(EndCall, end),
    CANCEL_CALL: Act(CancelCall, cancel),
}
