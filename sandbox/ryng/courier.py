"""Delivering callbacks as Ryng does, and the ledger of what became of each.

docs.ryng.in: "The API expects to receive a 200 OK response ... On any non-200 response, Ryng will retry the callback at
1-minute intervals up to two more times" (terminal), "after a 1 minute interval one more time" (connect). So 201, 202, 204,
redirects, refused connections and silence are failures alike.
"""

import http.client
import itertools
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.ryng.faults import other_token
from sandbox.timetable import Timetable

TRIES = {"connect": 2, "terminal": 3}
PAUSE = 60.0  # seconds between tries
DELIVERED, WAITING, GIVEN_UP = "delivered", "waiting", "given_up"
BODIES_SHOWN = 2_000  # characters of a body that the ledger shows over HTTP


@dataclass
class Try:
    at: float  # Unix seconds when it was begun
    answer: int | str  # the status, or in a word why there was none


@dataclass
class Callback:
    """One callback and every try at delivering it."""

    id: int
    page: str
    family: str
    kind: str
    event: str
    call_id: int
    log_id: int  # also where the body does not say it
    body: bytes
    faults: tuple[str, ...] = ()
    repeats: int | None = None  # the callback that it repeats, for the fault of that name
    tries: list[Try] = field(default_factory=list)
    state: str = WAITING

    def shown(self) -> dict[str, Any]:
        """As GET /sandbox/ledger shows it."""
        return {
            "id": self.id,
            "page": self.page,
            "family": self.family,
            "kind": self.kind,
            "event": self.event,
            "callID": self.call_id,
            "callLogID": self.log_id,
            "faults": list(self.faults),
            "repeats": self.repeats,
            "tries": [{"at": once.at, "answer": once.answer} for once in self.tries],
            "answers": [once.answer for once in self.tries],
            "state": self.state,
            "bytes": len(self.body),
            "body": self.body.decode("utf-8", "replace")[:BODIES_SHOWN],
        }


class Ledger:
    """Every callback, the oldest forgotten after ``keep``; the totals forget nothing."""

    def __init__(self, keep: int = 50_000):
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._callbacks: deque[Callback] = deque(maxlen=keep)
        self._totals = {"callbacks": 0, "tries": 0, DELIVERED: 0, GIVEN_UP: 0}

    def open(self, **facts) -> Callback:
        with self._lock:
            callback = Callback(id=next(self._numbers), **facts)
            self._callbacks.append(callback)
            self._totals["callbacks"] += 1
            return callback

    def tried(self, callback: Callback, once: Try) -> None:
        """Note a try, and what the callback's state is after it."""
        with self._lock:
            callback.tries.append(once)
            self._totals["tries"] += 1
            if once.answer == 200:
                callback.state = DELIVERED
            elif len(callback.tries) >= TRIES[callback.kind]:
                callback.state = GIVEN_UP
            if callback.state != WAITING:
                self._totals[callback.state] += 1

    @property
    def callbacks(self) -> list[Callback]:
        with self._lock:
            return list(self._callbacks)

    @property
    def totals(self) -> dict[str, int]:
        with self._lock:
            settled = self._totals[DELIVERED] + self._totals[GIVEN_UP]
            return self._totals | {WAITING: self._totals["callbacks"] - settled}


class Courier:
    """Posts callbacks. ``patience`` and ``slow_seconds`` are our seconds, whatever the time scale."""

    def __init__(
        self,
        timetable: Timetable,
        ledger: Ledger,
        patience: float = 15.0,
        slow_seconds: float = 3.0,
        ssl_context: ssl.SSLContext | None = None,
    ):
        self._timetable = timetable
        self._ledger = ledger
        self._patience = patience
        self._slow_seconds = slow_seconds
        self._ssl_context = ssl_context

    def deliver(self, callback: Callback, url: str) -> None:
        """Try once, now; plan the next try where that one failed."""
        if "wrong_token" in callback.faults and not callback.tries:
            url = other_token(url)
        began = time.time()
        answer = self._post(callback, url)
        self._ledger.tried(callback, Try(began, answer))
        if callback.state == WAITING:
            self._timetable.after(PAUSE, self.deliver, callback, url)

    def _post(self, callback: Callback, url: str) -> int | str:
        """The status, or in a word why there is none."""
        hang_up = "hang_up" in callback.faults and not callback.tries
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.putrequest("POST", target)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("User-Agent", "ryng-sandbox")
            connection.putheader("Content-Length", str(len(callback.body)))
            connection.endheaders()
            self._send(connection, callback)
            if hang_up:
                return "hung_up"
            # Redirects are not followed: the page promises nothing but a retry on whatever is not 200.
            return connection.getresponse().status
        except TimeoutError:
            return "timeout"
        except ConnectionRefusedError:
            return "refused"
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._patience, context=self._ssl_context)
        return http.client.HTTPConnection(host, port, timeout=self._patience)

    def _send(self, connection: http.client.HTTPConnection, callback: Callback) -> None:
        if "slow_sender" not in callback.faults:
            connection.send(callback.body)
            return
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = max(1, len(callback.body) // 10)
        for start in range(0, len(callback.body), size):
            connection.send(callback.body[start : start + size])
            time.sleep(self._slow_seconds / 10)
