"""QVoice's HTTP side: the login, the four reports, the writes, and ``/sandbox/...`` to look behind the scenes."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, g, jsonify, request

from sandbox import faults
from sandbox.faults import plain
from sandbox.qvoice import writes
from sandbox.qvoice.dialer import QVoice, Request, as_json
from sandbox.qvoice.faults import ANSWERS, LOGIN, retimed, status_twice, stringed
from sandbox.server import Application

LOGIN_PATH = "/api/v2/login"
HISTORY_PATH = "/api/v2/reports/campaigns/leads/history"
STATUS_PATH = "/api/v2/reports/campaigns/leads/status"
QUEUES_PATH = "/callcenter/queues/status"
SAME_KEY = "the-same-page-again"
EMPTY_KEY = "nothing-more"


def create_app(qvoice: QVoice) -> Flask:
    """The WSGI application of one tenant."""
    app = Application("qvoice-sandbox")

    def note(response: Response) -> None:
        qvoice.noted(Request(request.path, request.args.to_dict(), response.status_code, time.monotonic()))

    faults.install(app, qvoice.faults, note)
    writes.install(app, qvoice)

    @app.before_request
    def guard():
        if request.path.startswith("/sandbox"):
            return None
        if "expired" in g.faults:
            qvoice.forget_tokens()
        own = LOGIN if request.path == LOGIN_PATH else ANSWERS
        for name in g.faults:
            if name in own:
                return plain(*own[name])
        if request.path == LOGIN_PATH:
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not qvoice.knows(token):
            return plain(401, '{"message":"unauthorized"}')
        if request.headers.get("X-Account-ID") != qvoice.account_id:
            return plain(403, '{"message":"forbidden"}')
        return None

    @app.post(LOGIN_PATH)
    def login():
        token = qvoice.log_in(request.get_json(silent=True))
        if token is None:
            return jsonify(message="wrong credentials"), 401
        return jsonify(user={"username": qvoice.login["username"]}, access_token=token, refresh_token="unused")

    @app.get(HISTORY_PATH)
    def history():
        if "no_window" in g.faults:
            start = end = None
        else:
            start, end = _epoch("startDate"), _epoch("endDate")
        at = qvoice.now()
        records = [(call.key, call.now(at)) for call in qvoice.calls(start, end)]
        return _page(records, "pageSize", "startKey", qvoice.most_per_page)

    @app.get("/api/v2/config/campaigns/<campaign_id>/leads")
    def leads(campaign_id: str):
        campaign = qvoice.campaigns.get(campaign_id)
        if campaign is None:
            return jsonify(message="no such campaign"), 404
        return _page(list(campaign.leads.items()), "page_size", "next_start_key", qvoice.most_per_page)

    @app.get(STATUS_PATH)
    def status():
        twice = "duplicate_status" in g.faults
        totals = {key: campaign.totals() for key, campaign in list(qvoice.campaigns.items())}
        members = (f"{json.dumps(key)}:{status_twice(t) if twice else json.dumps(t)}" for key, t in totals.items())
        return _written("{" + ",".join(members) + "}")

    @app.get(QUEUES_PATH)
    def queues():
        return _written("[" + ",".join(as_json(queue) for queue in list(qvoice.queues)) + "]")

    @app.post("/sandbox/calls")
    def add_calls():
        """``[{"row": {...} or a text, "timestamp", "after", "recorded", "recorded_after"}]``; all but the row optional."""
        for given in request.get_json():
            given = dict(given)
            qvoice.add(given.pop("row"), **given)
        return jsonify(calls=len(qvoice.calls(None, None)))

    @app.patch("/sandbox/calls/<call_id>")
    def change_call(call_id: str):
        qvoice.change(call_id, **request.get_json())
        return jsonify(changed=call_id)

    @app.get("/sandbox/ledger")
    def ledger():
        return jsonify(logins=qvoice.logins, requests=[vars(asked) for asked in qvoice.requests])

    @app.get("/sandbox/leads")
    def taken():
        return jsonify(taken=qvoice.taken, voicemails=qvoice.voicemails)

    return app


def _epoch(name: str) -> float | None:
    value = request.args.get(name)
    return float(value) if value and value.replace(".", "", 1).isdigit() else None


def _page(records: list[tuple[str, Any]], size_name: str, key_name: str, most: int) -> Response:
    """The page that the request asks for: from the record that the key names, as many as it wants."""
    size = min(int(request.args.get(size_name) or 50), most)
    key = request.args.get(key_name)
    keys = [record_key for record_key, _ in records]
    if key == EMPTY_KEY:
        begin = len(records)
    else:
        begin = keys.index(key) if key in keys else size if key == SAME_KEY else 0
    first = max(0, begin - 1) if "duplicates" in g.faults and begin else begin
    page = records[first : begin + size]
    next_key = keys[begin + size] if begin + size < len(keys) else None
    more: dict[str, Any] = {"next_start_key": next_key} if next_key else {}
    if "repeated_key" in g.faults:
        more = {"next_start_key": SAME_KEY}
    elif not next_key and "one_more_page" in g.faults and key != EMPTY_KEY:
        more = {"next_start_key": EMPTY_KEY}
    elif not next_key and ("next_null" in g.faults or "next_empty" in g.faults):
        more = {"next_start_key": None if "next_null" in g.faults else ""}
    return _written(_shaped([(record_key, _bent(record)) for record_key, record in page], more))


def _bent(record: dict[str, Any] | str) -> str:
    if isinstance(record, dict) and "milliseconds" in g.faults:
        record = retimed(record)
    if isinstance(record, dict) and "strings" in g.faults:
        record = stringed(record)
    return as_json(record)


def _shaped(records: list[tuple[str, str]], more: dict[str, Any]) -> str:
    listed = "[" + ",".join(text for _, text in records) + "]"
    keyed = ",".join(f"{json.dumps(key)}:{text}" for key, text in records)
    rest = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in more.items())
    shape = next((name for name in ("array", "keyed", "keyed_data", "null", "unknown_shape") if name in g.faults), None)
    if shape == "array":
        return listed
    if shape == "keyed":
        return "{" + (keyed + rest if keyed else rest.removeprefix(",")) + "}"
    if shape == "keyed_data":
        return '{"data":{' + keyed + "}" + rest + "}"
    if shape == "null":
        return '{"data":null' + rest + "}"
    if shape == "unknown_shape":
        return '{"result":{"items":' + listed + '},"ok":true' + rest + "}"
    name = next((name for name in ("cdrs", "rows") if name in g.faults), "data")
    return f'{{"{name}":{listed}{rest},"page_size":{len(records)}}}'


def _written(text: str) -> Response:
    """The bytes, and what the wire makes of them."""
    if "smart_quotes" in g.faults:
        quotes = itertools.cycle("“”")
        text = "".join(next(quotes) if char == '"' else char for char in text)
    body = text.encode()
    if "bad_utf8" in g.faults:
        body = body.replace(b'"lead_name": "', b'"lead_name": "\xe9', 1)
    if "huge" in g.faults:
        body = b" " * (int(g.faults["huge"] or 1) << 20) + body
    if "cut" in g.faults:
        body = body[: len(body) // 2]
    if "drip" in g.faults:
        return Response(_dripping(body, g.faults["drip"] or 0.1), mimetype="application/json")
    response = Response(body, mimetype="application/json")
    if "truncated" in g.faults:
        response = Response(body[: len(body) // 2], mimetype="application/json")
        response.automatically_set_content_length = False
        response.headers["Content-Length"] = str(len(body))
    return response


def _dripping(body: bytes, pause: float) -> Iterator[bytes]:
    for index in range(len(body)):
        yield body[index : index + 1]
        time.sleep(pause)
