"""How a dialer's HTTP side may misbehave, whichever dialer it is. Each fault is switched on for some requests:
``{"after": 1, "times": 1, "path": "history"}`` lets one matching request pass and spoils the next. ``times`` absent: all of
them; ``every`` 7: the seventh, the fourteenth ...; ``value`` is the fault's own."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, g, jsonify, request

# The answer is another one than it should be, and nothing is done.
ANSWERS = {
    "unauthorized": (401, '{"message":"token expired"}'),
    "bad_request": (400, '{"message":"invalid data"}'),
    "forbidden": (403, '{"message":"forbidden"}'),
    "not_found": (404, '{"message":"not found"}'),
    "too_many": (429, '{"message":"slow down"}'),  # value: the Retry-After header
    "server_error": (500, '{"message":"internal error"}'),
    "bad_gateway": (502, "<html><body>Bad gateway</body></html>"),
    "unavailable": (503, '{"message":"starting"}'),  # value: the Retry-After header
    "redirect": (302, ""),  # value: where to
    "html": (200, "<!doctype html><title>Sign in</title>"),
    "empty": (200, ""),
}
WIRE = {
    "hang": "the answer takes value seconds, and nothing is done before that",
    "drop": "the connection is closed without an answer, and nothing is done",
    "hang_after": "it is done, and the answer takes value seconds",
    "drop_after": "it is done, and the connection is closed without an answer",
    "garbled_after": "it is done, and the answer is half of what it should be",
    "error_after": "it is done, and the answer is a 500",
}
COMMON = (*ANSWERS, *WIRE)


@dataclass
class Fault:
    """One fault that is on."""

    name: str
    after: int = 0
    times: int | None = None
    path: str = ""
    value: Any = None
    every: int = 1
    matched: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("A fault strikes every first request, or more seldom.")

    def strikes(self, path: str) -> bool:
        """Whether it spoils this request; counts it."""
        if self.path not in path:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.matched += 1
        if self.matched % self.every:
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """The faults that are on, of those that are ``known``."""

    def __init__(self, known: tuple[str, ...]):
        self.known = known
        self._lock = threading.Lock()
        self._on: list[Fault] = []
        self._released = threading.Event()

    def set(self, wanted: Mapping[str, Any]) -> None:
        """The whole set: what is not named is off. Raises ValueError for a fault that nobody knows."""
        unknown = set(wanted) - set(self.known)
        if unknown:
            raise ValueError(f"There is no fault named {sorted(unknown)[0]!r}; there are {', '.join(self.known)}.")
        try:
            found = [Fault(name, **(options if isinstance(options, dict) else {})) for name, options in wanted.items()]
        except TypeError:
            raise ValueError("A fault has after, times, path, every and value.") from None
        with self._lock:
            self._on = [fault for fault in found if wanted[fault.name] is not False]

    def hang(self, seconds: float) -> None:
        """So long, or until ``release``."""
        self._released.wait(seconds)

    def release(self) -> None:
        """Whoever hangs is answered now, and nobody hangs any more."""
        self._released.set()

    def on(self) -> list[dict[str, Any]]:
        with self._lock:
            return [vars(fault) for fault in self._on]

    def strike(self, path: str) -> dict[str, Any]:
        """The faults that spoil this request, with their values."""
        with self._lock:
            return {fault.name: fault.value for fault in self._on if fault.strikes(path)}


def plain(status: int, body: str) -> Response:
    return Response(body, status, mimetype="text/html" if body.startswith("<") else "application/json")


def install(
    app: Flask,
    faults: Faults,
    noted: Callable[[Response], None] = lambda response: None,
    path: str = "/sandbox/faults",
    spared: Callable[[str], bool] = lambda path: path.startswith("/sandbox"),
    address: Callable[[], str] = lambda: request.path,
) -> None:
    """Let the application misbehave: ``g.faults`` holds what strikes the request at hand, and what is in COMMON is done here;
    a ``spared`` path has no faults. ``noted`` sees every answer. The ``path`` shows the faults and sets them. ``address``: what a
    fault's ``path`` is looked for in."""

    @app.before_request
    def before():
        if spared(request.path):
            return None
        g.faults = faults.strike(address())
        if "hang" in g.faults:
            faults.hang(float(g.faults["hang"] or 60))
            return plain(504, "")
        if "drop" in g.faults:
            return _dropped()
        return next((_spoiled(name) for name in g.faults if name in ANSWERS), None)

    @app.after_request
    def after(response: Response):
        if spared(request.path):
            return response
        noted(response)
        if "hang_after" in g.faults:
            faults.hang(float(g.faults["hang_after"] or 60))
        if "drop_after" in g.faults:
            return _dropped()
        if "garbled_after" in g.faults:
            data = response.get_data()
            response.set_data(data[: len(data) // 2])
        if "error_after" in g.faults:
            return plain(500, '{"message":"internal error"}')
        return response

    @app.get(path)
    def shown_faults():
        return jsonify(faults=faults.on(), known=faults.known)

    @app.post(path)
    def set_faults():
        """The whole set, ``{"too_many": {"after": 1, "times": 1, "path": "leads", "value": "2"}}``; ``{}`` is none."""
        try:
            faults.set(request.get_json())
        except ValueError as error:
            return jsonify(message=str(error)), 400
        return jsonify(faults=faults.on())


def _spoiled(name: str) -> Response:
    response = plain(*ANSWERS[name])
    value = g.faults[name]
    if name in ("too_many", "unavailable") and value is not None:
        response.headers["Retry-After"] = str(value)
    if name == "redirect":
        response.headers["Location"] = str(value or "https://elsewhere.example.test/")
    return response


def _dropped() -> Response:
    with suppress(OSError):  # whoever asked is gone already
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return plain(500, "")
