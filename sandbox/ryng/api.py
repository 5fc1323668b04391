"""Ryng's HTTP side: the nine documented requests, and ``/sandbox/...`` to look behind the scenes.

docs.ryng.in. The answers are the documented ones, their oddities included: creating a campaign or queue tells no id, and
a failed append says "create". Look the ids up at ``/sandbox/campaigns`` and ``/sandbox/queues``. What the pages do not say
(the answer to too many requests, an id that does not exist) is our guess and marked so.
"""

import csv
import io
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Flask, jsonify, request

from sandbox import faults
from sandbox.ryng.batches import BadRequest, Batch, Batches
from sandbox.ryng.bodies import APPEND, CAMPAIGN, PREVIEW, QUEUE, TRANSACTIONAL, Agent
from sandbox.ryng.dialer import Ryng
from sandbox.ryng.faults import FAULTS, checked

BASE = "/rest-api/v1"
NUMBER_HEADERS = ("number", "mobile", "phone")  # of a CSV sheet; no page shows one


def create_app(ryng: Ryng) -> Flask:
    """The WSGI application of one tenant."""
    app = Flask("ryng-sandbox", static_folder=None)
    # What its answers do has a path of its own: /sandbox/faults is about the callbacks.
    faults.install(app, ryng.wire, path="/sandbox/wire")
    campaigns, queues = Batches(24), Batches(2)
    limit = _Limit(60 * ryng.timetable.time_scale)

    @app.before_request
    def guard():
        if not request.path.startswith(BASE):
            return None
        if request.headers.get("x-access-token") != ryng.access_token:
            return _failed("Unauthorized Token", 403)
        if not limit.admit(ryng.rate_limit):
            return _failed("Too many requests", 429)  # status and words are our guess: only the limit is documented
        return None

    @app.post(f"{BASE}/campaign")
    @app.post(f"{BASE}/campaign/<int:campaign_id>")
    def campaign(campaign_id: int | None = None):
        try:
            body = _sheet() if "campaign-sheet" in request.files else _body()
            batch = campaigns.get(campaign_id, str(body.get("name") or "") or "campaign::{id}")
            _place(ryng, batch, CAMPAIGN, body, campaigns)
        except BadRequest:
            return _failed("Failed to create Campaign", 500)
        return jsonify(error=False, message="Processing Campaign...", data={})

    @app.post(f"{BASE}/preview/call")
    def preview_call():
        try:
            body = _body()
            number = _number({"number": body.get("customerNumber")})
            agents = tuple(agent for agent in ryng.agents if agent.id == body.get("agentID"))
            if not agents:
                raise BadRequest("no such agent")
        except BadRequest:
            return _failed("Failed to start call.", 500)
        call = ryng.place(
            number,
            body.get("connectCallbackUrl"),
            body.get("terminalCallbackUrl"),
            PREVIEW,
            custom_fields={"customField1": str(body.get("customerName") or "")},
            custom_field_names={"customField1Name": "Name"},
            agents=agents,
            max_retries=0,
            asked_for=True,
        )
        log_id = call.attempts[0].log_id
        return jsonify(
            error=False,
            message=f"Call Initiated With SID {zlib.crc32(str(log_id).encode()):08x}",
            data={"callID": call.call_id, "logID": log_id},
        )

    @app.patch(f"{BASE}/preview/call/<int:call_id>")
    def end_preview_call(call_id: int):
        body = request.get_json(silent=True)
        wanted = ("logID", "dispositionName", "notes")
        if not isinstance(body, dict) or any(body.get(name) is None for name in wanted):
            return _failed("Failed to dispose of call.", 500)
        if not ryng.dispose(call_id, body["logID"], str(body["dispositionName"]), str(body["notes"])):
            return _failed("Failed to dispose of call.", 500)
        return jsonify(error=False, message="Call disposed and ended.")

    @app.post(f"{BASE}/progressive/queue")
    def queue():
        try:
            body = _body()
            batch = queues.get(None, str(body.get("name") or "") or f"queue::{int(time.time())}")
            batch.fields = body
            _place(ryng, batch, QUEUE, body, campaigns)
        except BadRequest:
            return _failed("Failed to Create Queue", 500)
        return jsonify(error=False, message="Queue Created! Processing Calls...", data={})

    @app.post(f"{BASE}/progressive/queue/<int:queue_id>/calls", defaults={"page": APPEND})
    @app.post(f"{BASE}/progressive/queue/<int:queue_id>/transactional", defaults={"page": TRANSACTIONAL})
    def append(queue_id: int, page: str):
        try:
            body = _body()
            batch = queues.get(queue_id)
            if page == TRANSACTIONAL and len(_rows(body, campaigns)) != 1:
                raise BadRequest("one record at a time")
            _place(ryng, batch, page, {**batch.fields, **body}, campaigns)
        except BadRequest:
            return _failed("Failed to Create Queue", 500)
        return jsonify(error=False, message="Appending Queue...")

    @app.post(f"{BASE}/progressive/call/<int:call_id>/cancel")
    def cancel(call_id: int):
        if not ryng.cancel(call_id):
            return _failed("Call ID does not exist", 500)
        return jsonify(error=False, message="Call Cancelled")

    @app.get("/sandbox/ledger")
    def ledger():
        shown = [callback.shown() for callback in ryng.ledger.callbacks]
        for name, value in request.args.items():
            shown = [callback for callback in shown if str(callback.get(name)) == value]
        return jsonify(totals=ryng.ledger.totals, callbacks=shown)

    @app.get("/sandbox/calls")
    def calls():
        return jsonify(calls=[{**asdict(call), "family": call.family} for call in ryng.calls])

    @app.get("/sandbox/rows")
    def rows():
        """Every customer row that was taken, in the order in which they are called."""
        return jsonify(rows=[{"page": call.page, "number": call.customer_number} for call in ryng.calls])

    @app.get("/sandbox/campaigns", defaults={"batches": campaigns})
    @app.get("/sandbox/queues", defaults={"batches": queues})
    def batches(batches: Batches):
        return jsonify([{"id": batch.id, "name": batch.name, "calls": len(batch.rows)} for batch in batches.all()])

    @app.get("/sandbox/faults")
    def chances():
        return jsonify(faults=ryng.faults, known=FAULTS)

    @app.post("/sandbox/faults")
    def set_chances():
        """The whole set: what is not named is off. It holds for calls that are placed from now on."""
        try:
            ryng.faults = checked(request.get_json())
        except (ValueError, TypeError) as error:
            return _failed(str(error), 400)
        return jsonify(faults=ryng.faults)

    return app


class _Limit:
    """So many requests in any one minute, of Ryng's."""

    def __init__(self, window: float):
        self._window = window
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def admit(self, most: int | None) -> bool:
        now = time.monotonic()
        with self._lock:
            while self._times and self._times[0] <= now - self._window:
                self._times.popleft()
            if most is not None and len(self._times) >= most:
                return False
            self._times.append(now)
            return True


def _failed(message: str, status: int):
    return jsonify(error=True, message=message), status


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("customerData", {}), dict):
        raise BadRequest("no JSON object")
    return body


def _sheet() -> dict[str, Any]:
    """The CSV form of a campaign, as the JSON form would say it. It can name no callback URLs: no field is documented. Nor
    is the column that ``in-file`` speaks of, so agents are only read from their own field."""
    try:
        text = request.files["campaign-sheet"].read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("no text") from None
    rows = list(csv.DictReader(io.StringIO(text)))
    headers = [name for name in (rows[0] if rows else ()) if name and name.lower() not in NUMBER_HEADERS]
    names = {f"customField{index}Name": name for index, name in enumerate(headers, 1)}
    data = []
    for row in rows:
        number = next((value for name, value in row.items() if name and name.lower() in NUMBER_HEADERS), None)
        data.append({"number": number, **{f"customField{i}": row[name] or "" for i, name in enumerate(headers, 1)}})
    agents = request.form.get("agents", "").split(",")
    return {
        "name": request.form.get("campaign-name"),
        "agents": [agent for agent in agents if agent not in ("", "in-file")],
        "customFieldNames": names,
        "customerData": {"jsonData": data},
    }


def _rows(body: Mapping[str, Any], campaigns: Batches) -> list[dict]:
    customers = body.get("customerData") or {}
    rows = customers.get("jsonData")
    if rows is None and customers.get("campaignID") is not None:
        rows = campaigns.get(customers["campaignID"]).rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadRequest("no calls")
    return rows


def _place(ryng: Ryng, batch: Batch, page: str, body: Mapping[str, Any], campaigns: Batches) -> None:
    rows = _rows(body, campaigns)
    numbers = [_number(row) for row in rows]  # all of them before any call is placed
    queue = {} if page == CAMPAIGN else {"queue_id": batch.id, "queue_name": batch.name, **_calling(body)}
    customers = body.get("customerData") or {}
    everybody = tuple(_agent(ryng, name) for name in body.get("agents") or ())
    # A larger priority is called earlier; rows without one keep their order.
    for row, number in sorted(zip(rows, numbers, strict=True), key=lambda pair: -_priority(pair[0])):
        ryng.place(
            number,
            customers.get("connectCallbackUrl"),
            customers.get("terminalCallbackUrl"),
            page,
            custom_fields={key: str(value) for key, value in row.items() if key.startswith("customField")},
            custom_field_names=body.get("customFieldNames") or {},
            agents=tuple(_agent(ryng, name) for name in row.get("agentsAssigned") or ()) or everybody,
            asked_for=True,
            **queue,
        )
    batch.rows += rows


def _priority(row: Mapping[str, Any]) -> int:
    priority = row.get("priority") or 0
    if not isinstance(priority, int):
        raise BadRequest("a priority that is no number")
    return priority


def _number(row: Mapping[str, Any]) -> str:
    number = row.get("number")
    if not isinstance(number, str) or not number.strip():
        raise BadRequest("a call without a number")
    return number


def _calling(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a queue's request says about how it calls, as arguments of ``Ryng.place``."""
    direction, retries, minutes = (body.get(name) for name in ("legDirection", "maxRetries", "retryInterval"))
    if not all(number is None or isinstance(number, int) for number in (retries, minutes)):
        raise BadRequest("no number")
    return {
        **({"leg_direction": direction} if direction in ("agent-first", "customer-first") else {}),
        **({"max_retries": max(0, min(10, retries))} if retries is not None else {}),
        **({"retry_minutes": max(0, minutes)} if minutes is not None else {}),
    }


def _agent(ryng: Ryng, username: object) -> Agent:
    """The agent of that name; one is hired where there is none."""
    known = {agent.username: agent for agent in ryng.agents}
    mark = zlib.crc32(str(username).encode())
    return known.get(str(username)) or Agent(100_000 + mark % 1000, str(username), f"+91555020{mark % 10_000:04d}")
