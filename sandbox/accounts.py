"""What every CRM of the sandbox keeps of the requests that came, and what its HTTP side does alike: faults in the place of its
answers, refusals, and ``/sandbox/...`` to change records and settings as people would, and to look at the ledger."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson
from flask import Flask, Response, g, jsonify, request

from sandbox import wire
from sandbox.faults import Faults

KEPT = 1_000  # so many wrong and refused requests are remembered; all are counted
NOBODY = "There is no such record."


class Account:
    """One account of a CRM. ``answers`` are counted by their status, ``struck`` by fault; ``counted``: what its kind counts."""

    def __init__(self, faults: tuple[str, ...]):
        self.faults = Faults(faults)
        self.requests: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.struck: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()
        self.wrong_requests: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.refused: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.lock = threading.RLock()

    def note(self, address: str, response: Response) -> None:
        """An answer to the request at hand."""
        with self.lock:
            self.requests[f"{request.method} {address}"] += 1
            self.answers[response.status_code] += 1
            self.struck.update(list(g.faults))

    def note_refused(self, wrong: bool, said: dict[str, str]) -> None:
        """A request that was refused: ``wrong`` where it would be so in every account."""
        with self.lock:
            self.counted["wrong requests" if wrong else "refused"] += 1
            (self.wrong_requests if wrong else self.refused).append(said)

    def counts(self) -> dict[str, Any]:
        """The ledger's part that all have."""
        return {
            "counted": dict(self.counted),
            "requests": dict(self.requests),
            "answers": {str(status): count for status, count in self.answers.items()},
            "faults": dict(self.struck),
            "wrong_requests": list(self.wrong_requests),
            "refused": list(self.refused),
        }

    def calls(self) -> list[dict[str, Any]]:
        """Those that stand there, each with its ``mark``."""
        raise NotImplementedError

    def call(self, mark: str) -> dict[str, Any] | None:
        """The call that has the mark; raises ValueError where there are several."""
        found = [one for one in self.calls() if one["mark"] == mark]
        if len(found) > 1:
            raise ValueError(f"{mark} stands {len(found)} times.")
        return found[0] if found else None


class Peopled(Protocol):
    """An account whose records people change by their kind and id. Raises KeyError where two cannot be merged."""

    records: dict[str, Any]

    def delete(self, kind: str, id_: str) -> bool: ...

    def change(self, kind: str, id_: str, given: Any) -> bool: ...


class Said(Protocol):
    """A refusal, as each CRM writes it; ``page``: HTML in the place of JSON."""

    status: int
    page: str | None
    headers: dict[str, str]

    def body(self) -> Any: ...


# The CRM's own answers --------------------------------------------------------------------------------------------------
def is_ours(path: str) -> bool:
    """Of the sandbox: without a token, and nothing spoils it."""
    return path == "/" or path.startswith("/sandbox")


def rule() -> str:
    """The request's address, with the names of what varies in it."""
    return request.url_rule.rule if request.url_rule is not None else request.path


def json(said: Any) -> Response:
    return Response(orjson.dumps(said), 200, mimetype="application/json")


def struck(refusals: Mapping[str, Callable[[Any], Exception]], broken: Any) -> Response | None:
    """What a fault has answered before anything is done: ``broken`` with a 200. Raises the CRM's refusal."""
    for name, refusal in refusals.items():
        if name in g.faults:
            raise refusal(g.faults[name])
    return json(broken) if "error_in_200" in g.faults else None


def spoiled(response: Response, broken: Any) -> Response:
    """What a fault makes of the answer to what is done."""
    return wire.spoiled(json(broken) if "error_in_200_after" in g.faults else response, g.faults)


def refusing(error: Said) -> Response:
    """The answer that says so."""
    kind = "text/html" if error.page else "application/json"
    response = Response(error.page or orjson.dumps(error.body()), error.status, mimetype=kind)
    response.headers.update(error.headers)
    return response


# Behind the scenes ------------------------------------------------------------------------------------------------------
def install_people(app: Flask, account: Peopled) -> None:
    """``DELETE`` and ``PATCH /sandbox/<kind>/<id_>``, with fields as the CRM names them: as a person of the account would."""

    @app.delete("/sandbox/<kind>/<id_>")
    def delete_behind(kind: str, id_: str):
        done = kind in account.records and account.delete(kind, id_)
        return (jsonify(deleted=id_), 200) if done else (jsonify(message=NOBODY), 404)

    @app.patch("/sandbox/<kind>/<id_>")
    def change_behind(kind: str, id_: str):
        done = kind in account.records and account.change(kind, id_, request.get_json())
        return (jsonify(changed=id_), 200) if done else (jsonify(message=NOBODY), 404)


def merged(id_: str, merge: Callable[[str], None]) -> Any:
    """The answer to ``{"into": "102"}``, which merges one record into another; ``merge`` raises KeyError where it cannot."""
    try:
        merge(request.get_json()["into"])
    except KeyError:
        return jsonify(message=NOBODY), 404
    return jsonify(merged=id_)


def install_settings(app: Flask, shown: Callable[[], dict[str, Any]], change: Callable[[str, Any], None]) -> None:
    """``GET /sandbox/settings`` shows them, ``POST`` changes any of those: ``{"lifted": true, "search_delay": 0}``."""

    @app.get("/sandbox/settings")
    def settings():
        return jsonify(shown())

    @app.post("/sandbox/settings")
    def set_settings():
        given = request.get_json()
        unknown = sorted(set(given) - set(shown()))
        if unknown:
            return jsonify(message=f"There is no setting {unknown[0]!r}."), 400
        for name, value in given.items():
            change(name, value)
        return jsonify(shown())


def install_ledger(app: Flask, account: Account, records: Callable[[], dict[str, Any]]) -> None:
    """``GET /sandbox/ledger``: all that came, and the records; with ``?records=0`` without them."""

    @app.get("/sandbox/ledger")
    def ledger():
        with account.lock:
            found = {} if request.args.get("records") == "0" else records()
            return jsonify(found | account.counts())
