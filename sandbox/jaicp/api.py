"""JAICP's HTTP side: numbers, reports, cancelling, control and information of campaigns, and ``/sandbox/...`` to look behind
the scenes and to misbehave."""

import json
import time
from typing import Any

from flask import Flask, Response, g, jsonify, request

from sandbox.faults import install, plain
from sandbox.jaicp.calls import wrong
from sandbox.jaicp.dialer import Jaicp, Request
from sandbox.server import Application

BASE = "/api/calls/campaign/<token>"


def create_app(jaicp: Jaicp) -> Flask:
    """The WSGI application of one account."""
    app = Application("jaicp-sandbox")

    def noted(response: Response) -> None:
        token = (request.view_args or {}).get("token", "")
        path = "/" + request.path.partition(token)[2].lstrip("/") if token else request.path
        name, key = jaicp.tokens.get(token), request.headers.get("Idempotence-Key")
        jaicp.noted(Request(request.method, name, path, response.status_code, key, time.monotonic()))

    install(app, jaicp.faults, noted)

    @app.before_request
    def guard():
        if request.path.startswith("/sandbox") or not request.view_args:
            return None
        if jaicp.too_many():
            answer = plain(429, '{"message":"too many requests"}')
            answer.headers["Retry-After"] = "1"
            return answer
        g.campaign = jaicp.tokens.get(request.view_args["token"])
        if g.campaign is None:
            return plain(jaicp.wrong_token_status, '{"message":"campaign not found"}')
        return None

    @app.get(f"{BASE}/addPhone")
    def add_phone(token: str):
        given = request.args.to_dict()
        key = given.pop("Idempotence-Key", None)
        item: dict[str, Any] = {
            "phone": given.pop("phone", None),
            **({"gmtZone": given.pop("gmtZone")} if "gmtZone" in given else {}),
        }
        item["payload"] = given
        why = wrong([item])
        return plain(400, json.dumps({"message": why})) if why else str(_added([item], key)[0])

    @app.post(f"{BASE}/addPhones")
    def add_phones(token: str):
        items = request.get_json(silent=True)
        why = wrong(items)
        if why or not isinstance(items, list):
            return plain(400, json.dumps({"message": why}))
        if "equal_numbers_once" in g.faults:
            first = {str(item["phone"]): item for item in reversed(items)}
            items = [item for item in items if first[str(item["phone"])] is item]
        ids = _added(items, request.headers.get("Idempotence-Key"))
        ids = ids[:-1] if "fewer_ids" in g.faults else ids
        return jsonify([str(one) for one in ids] if "ids_as_text" in g.faults else ids)

    def _added(items: list[dict[str, Any]], key: str | None) -> list[int]:
        if "forgetful" in g.faults:
            jaicp.forget_keys()
        return jaicp.add(g.campaign, items, key)

    @app.post(f"{BASE}/callJob/getReport")
    @app.post(f"{BASE}/getReport")
    def job_report(token: str):
        ids, phones = _wanted()
        rows = jaicp.rows(g.campaign, ids, phones)
        if "unknown_ids_refused" in g.faults and len(rows) < len(ids):
            return plain(400, '{"message":"no such call job"}')
        return _written(rows)

    @app.post(f"{BASE}/callAttempt/getReport")
    def attempt_report(token: str):
        """The columns are made up: no page shows them."""
        rows = jaicp.rows(g.campaign, *_wanted())
        return _written([{"callJobId": row["id"], "attempt": 1, "startedAt": row.get("startedAt")} for row in rows])

    @app.post(f"{BASE}/callJob/cancel")
    def cancel(token: str):
        return jsonify(jaicp.cancel(g.campaign, *_wanted()))

    @app.get(BASE)
    def info(token: str):
        return jsonify(jaicp.info(g.campaign))

    @app.get(f"{BASE}/status")
    def status(token: str):
        return jaicp.info(g.campaign)["status"]

    @app.post(f"{BASE}/control/<word>")
    def control(token: str, word: str):
        try:
            jaicp.control(g.campaign, word)
        except KeyError:
            return plain(404, '{"message":"no such command"}')
        return ""

    @app.patch("/sandbox/jobs/<int:job_id>")
    def change(job_id: int):
        """Columns of the number report, which stay as they are set here."""
        jaicp.change(job_id, **request.get_json())
        return jsonify(changed=job_id)

    @app.get("/sandbox/ledger")
    def ledger():
        return jsonify(jobs=jaicp.taken(), requests=[vars(asked) for asked in jaicp.requests])

    return app


def _wanted() -> tuple[list[int], list[str]]:
    body = request.get_json(silent=True) or {}
    ids = [int(one) for one in body.get("ids") or [] if str(one).isdigit()]
    return ids, [str(one) for one in body.get("phones") or []]


def _written(rows: list[dict[str, Any]]) -> Response:
    """The rows, and what the wire makes of them."""
    if "fewer_rows" in g.faults:
        rows = rows[::2]
    if "ids_as_text" in g.faults:
        rows = [row | {"id": str(row["id"])} if "id" in row else row for row in rows]
    text = json.dumps({"rows": rows} if "no_array" in g.faults else rows, ensure_ascii=False)
    body = text.encode()
    if "bad_utf8" in g.faults:
        body = body.replace(b'"callResult": "', b'"callResult": "\xe9')
    return Response(body, mimetype="application/json")
