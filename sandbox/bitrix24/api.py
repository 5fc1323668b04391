"""Bitrix24's HTTP side: the guard before it, its methods, batches of them, the tokens of apps, and ``/sandbox/...`` to look
behind the scenes and to misbehave.

https://apidocs.bitrix24.com: POST /rest/METHOD with the token of an app in the body, or /rest/USER/SECRET/METHOD.
"""

from typing import Any

import orjson
from flask import Flask, Response, g, request

from sandbox import accounts, faults, wire
from sandbox.bitrix24 import behind, commands, items, shapes, telephony, timeline
from sandbox.bitrix24.account import Portal
from sandbox.bitrix24.faults import ANSWERS
from sandbox.bitrix24.refusals import (
    Refusal,
    expired,
    internal,
    no_auth,
    operation_limit,
    wrong,
    wrong_auth_type,
)
from sandbox.server import Application
from sandbox.shapes import Check, Wrong

METHODS: dict[str, Any] = {**telephony.METHODS, **timeline.METHODS, **items.METHODS}
BROKEN = {"error": "ERROR_UNEXPECTED_ANSWER", "error_description": "Server returned an unexpected response"}
TOLD = (400, 403, 404, 405)  # of refusals, those that the ledger names
MOST = 50
LIST_PAGE = 50
PAGED = ("user.get", "crm.item.list", "voximplant.statistic.get", "crm.timeline.comment.list")


def create_app(portal: Portal) -> Flask:
    """The WSGI application of one portal."""
    app = Application("bitrix24-sandbox")
    faults.install(
        app, portal.faults, lambda response: portal.note(_address(), response), spared=_is_ours, address=_address
    )

    @app.before_request
    def guard():
        if _is_ours(request.path):
            return None
        said = accounts.struck(ANSWERS, BROKEN)
        if said is not None:
            return said
        wire.delayed(g.faults)
        return None

    @app.after_request
    def after(response: Response):
        if _is_ours(request.path):
            return response
        return accounts.spoiled(response, BROKEN)

    @app.errorhandler(Refusal)
    def refused(error: Refusal):
        if error.status in TOLD:
            portal.note_refused(error.wrong, {"path": request.path.rpartition("/")[2], "why": str(error)})
        return accounts.refusing(error)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nowhere(error: Any):
        if _is_ours(request.path):
            return error
        return refused(Refusal(404, "ERROR_METHOD_NOT_FOUND", "Method not found!", wrong=True))

    @app.post("/rest/<method>")
    def by_app(method: str):
        said = _body()
        token = said.pop("auth", None)
        if token is None:
            raise no_auth()
        with portal.lock:
            if token not in portal.tokens:
                raise expired()
        return answered(method, said, is_app=True)

    @app.post("/rest/<int:user>/<secret>/<method>")
    def by_webhook(user: int, secret: str, method: str):
        if secret != portal.webhook:
            raise no_auth()
        return answered(method, _body(), is_app=False)

    def answered(method: str, said: dict[str, Any], is_app: bool) -> Response:
        portal.limits.request()
        if method == "batch":
            found, told = batch(said, is_app), portal.limits.method("batch")
            return accounts.json({"result": found, "time": told})
        result, told = called(method, said, is_app)
        more = {}
        if method in PAGED and len(_rows(result)) == LIST_PAGE:
            more = {"next": int(said.get("start") or 0) + LIST_PAGE}
        return accounts.json({"result": result, **more, "time": told})

    def called(method: str, said: dict[str, Any], is_app: bool) -> tuple[Any, dict[str, Any]]:
        with portal.lock:
            portal.commands[method] += 1
            if method not in METHODS:
                raise Refusal(404, "ERROR_METHOD_NOT_FOUND", f"Method not found! {method}", wrong=True)
            _checked(shapes.METHODS[method], said)
            if method in shapes.APP_ONLY and not is_app:
                raise wrong_auth_type()
            told = portal.limits.method(method)
            return METHODS[method](portal, said), told

    def batch(said: dict[str, Any], is_app: bool) -> dict[str, Any]:
        _checked(shapes.BATCH, said)
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        times: dict[str, Any] = {}
        for at, (key, line) in enumerate(said["cmd"].items()):
            if "time_out" in g.faults and at >= int(g.faults["time_out"] or 1):
                raise Refusal(504, "", page="<html>Gateway timeout</html>")
            try:
                if "within_limit" in g.faults:
                    raise operation_limit()
                if "ended_within" in g.faults:
                    raise expired()
                if "failing" in g.faults and at >= int(g.faults["failing"] or 1):
                    raise internal()
                if at >= MOST:
                    raise Refusal(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", wrong=True)
                method, params = commands.read(line, results)
                results[key], times[key] = called(method, params, is_app)
            except Refusal as error:
                errors[key] = error.body()
                if not commands.lacks(line, results):
                    portal.note_refused(error.wrong, {"path": line.partition("?")[0], "why": str(error)})
                if str(said.get("halt", 0)) in ("1", "True"):
                    break
        silent = {key for key, line in said["cmd"].items() if g.faults.get("not_told", "-") == line.partition("?")[0]}
        told = {key: one for key, one in results.items() if key not in silent}
        return {
            "result": told or [],
            "result_error": errors or [],
            "result_total": [],
            "result_next": [],
            "result_time": times or [],
        }

    @app.get("/oauth/token/")
    def token():
        own, given = portal.app, request.args
        if set(given) != {"grant_type", "client_id", "client_secret", "refresh_token"}:
            raise Refusal(400, "invalid_request", "The request is malformed", wrong=True)
        if (given["client_id"], given["client_secret"]) != (own.id, own.secret):
            raise Refusal(401, "invalid_client", "Client is not known")
        with portal.lock:
            if given["refresh_token"] not in own.refreshes:
                raise Refusal(400, "invalid_grant", "The refresh token is not good any more")
            if own.rotate:
                own.refreshes.remove(given["refresh_token"])
            portal.counted["tokens granted"] += 1
            access, refresh = (f"{word}-{portal.counted['tokens granted']}" for word in ("granted", "refresh"))
            own.refreshes.add(refresh)
            portal.tokens.add(access)
        if own.loses:
            raise internal()
        more = {
            "domain": "oauth.bitrix24.tech",
            "status": "L",
            "member_id": "a223c6b3710f85df22e9377d6c4f7553",
            "user_id": 1,
        }
        return accounts.json({"access_token": access, "refresh_token": refresh, "expires_in": own.seconds, **more})

    behind.install(app, portal)
    return app


def _body() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise wrong("the body must be application/json")
    try:
        found = orjson.loads(request.get_data() or b"{}")
    except orjson.JSONDecodeError as error:
        raise wrong(str(error)) from None
    if not isinstance(found, dict):
        raise wrong("the body must be an object")
    return found


def _checked(check: Check, said: Any) -> None:
    try:
        check(said, "request")
    except Wrong as error:
        raise wrong(str(error)) from None


def _rows(result: Any) -> Any:
    return result.get("items", ()) if isinstance(result, dict) else result


def _is_ours(path: str) -> bool:
    """Of the sandbox, or of the server of tokens: nothing spoils it, since a refresh token whose answer is lost is lost."""
    return path == "/" or path.startswith(("/sandbox", "/oauth/"))


def _address() -> str:
    """Where the request goes, with the methods of a batch."""
    if not request.path.endswith("/batch"):
        return request.path
    said = request.get_json(silent=True)
    lines = said.get("cmd") if isinstance(said, dict) else None
    methods = [str(one).partition("?")[0] for one in lines.values()] if isinstance(lines, dict) else []
    return " ".join([request.path, *methods])
