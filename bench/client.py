"""A load generator in a process of its own: ``python -m bench.client '{"url": ..., ...}'``.

With a rate it is open: callback k is due at k/rate seconds whatever became of those before it, and its time counts from
then, also while it waits here for a free connection. Without one it is closed: each connection asks again as soon as it
is answered. epoll and as little Python as possible: what it uses, the server has not.
"""

import array
import collections
import contextlib
import gc
import json
import math
import select
import socket
import sys
import time
from urllib.parse import urlsplit

from bench import bodies
from bench.processes import measures

GRACE_SECONDS = 10.0  # how long the last answers are waited for
DONE = b'{"received":true}'


class Client:
    """Keep-alive connections, and for each number when it was due and when it was answered (monotonic seconds)."""

    def __init__(self, url: str, connections: int, first: int, rate: float | None, seconds: float):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            "Content-Length: %d\r\n\r\n"
        )
        self.first, self.rate, self.seconds = first, rate, seconds
        self.total = int(rate * seconds) if rate else bodies.BLOCK
        self.due, self.answered, self.lags = array.array("d"), array.array("d"), array.array("d")
        self.errors = 0
        self.epoll = select.epoll()
        # Descriptor -> [socket, place of the callback under way or None, bytes so far].
        self.lines: dict[int, list] = {}
        self.idle: collections.deque[int] = collections.deque()  # in turn, so that all server processes get their share
        for _ in range(connections):
            self.open()

    def open(self) -> None:
        line = socket.create_connection(self.address, timeout=GRACE_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)
        self.lines[line.fileno()] = [line, None, b""]
        self.epoll.register(line.fileno(), select.EPOLLIN)
        self.idle.append(line.fileno())

    def run(self) -> None:
        """Send, until the time is over and the last are answered."""
        self.began = time.monotonic()
        self.end = self.began + self.seconds
        free = True  # whether a connection was free when the next callback became due
        while True:
            now = time.monotonic()
            while self.idle and len(self.due) < self.total and self.next_due(now) <= now < self.end + GRACE_SECONDS:
                if free:
                    self.lags.append(now - self.next_due(now))
                self.send(self.idle.popleft(), now)
            free = bool(self.idle)
            over = len(self.due) >= self.total or (self.rate is None and now >= self.end)
            if (over and len(self.idle) == len(self.lines)) or now >= self.end + GRACE_SECONDS:
                return
            # select() takes microseconds where epoll takes milliseconds only.
            wait = self.next_due(now) - now if free and not over else 0.5
            ready, _, _ = select.select([self.epoll], [], [], min(max(wait, 0.0), 0.5))
            if ready:
                for descriptor, _ in self.epoll.poll(0):
                    self.receive(descriptor)

    def next_due(self, now: float) -> float:
        if self.rate is None:
            return now if now < self.end else math.inf
        return self.began + len(self.due) / self.rate

    def send(self, descriptor: int, now: float) -> None:
        line = self.lines[descriptor]
        body = bodies.body(self.first + len(self.due))
        line[1], line[2] = len(self.due), b""
        self.due.append(self.next_due(now))
        self.answered.append(math.nan)
        try:
            line[0].send((self.head % len(body)).encode() + body)
        except OSError:
            self.fail(descriptor)

    def receive(self, descriptor: int) -> None:
        line = self.lines[descriptor]
        try:
            data = line[0].recv(65_536)
        except OSError:
            data = b""
        if not data:
            self.fail(descriptor)
            return
        if line[1] is None:
            return
        line[2] += data
        if not line[2].startswith(b"HTTP/1.1 200"[: len(line[2])]):
            self.fail(descriptor)
        elif DONE in line[2]:
            self.answered[line[1]] = time.monotonic()
            line[1] = None
            self.idle.append(descriptor)

    def fail(self, descriptor: int) -> None:
        """The connection was closed, or answered something else: an error if a callback was under way."""
        line = self.lines.pop(descriptor)
        self.errors += line[1] is not None
        self.epoll.unregister(descriptor)
        line[0].close()
        with contextlib.suppress(ValueError):
            self.idle.remove(descriptor)
        self.open()


def main() -> None:
    asked = json.loads(sys.argv[1])
    if asked["rate"]:
        measures()
    client = Client(asked["url"], asked["connections"], asked["first"], asked["rate"], asked["seconds"])
    gc.disable()
    client.run()
    with open(asked["out"], "wb") as out:
        for times in (client.due, client.answered):
            times.tofile(out)
    lags = sorted(client.lags)
    lag = lags[int(len(lags) * 0.99)] if lags else 0.0
    print(json.dumps({"sent": len(client.due), "errors": client.errors, "began": client.began, "lag_ms": lag * 1000}))


if __name__ == "__main__":
    main()
