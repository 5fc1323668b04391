"""Readers of the API in processes of their own: ``python -m bench.reading export|report|follow|wait URL KEY``.

``export`` and ``report`` ask again and again until SIGTERM and then print what they got. ``follow`` follows the change
feed, prints ``ready`` when it has caught up, and on SIGTERM writes for each call when it was seen (monotonic seconds). ``wait``
does the same, and asks as readers are told to: to be answered when there is something.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

import orjson

from bench.processes import measures
from bench.table import Void

ROOT = Path(__file__).parent.parent
PAUSE_SECONDS = 0.02  # of the follower, between two looks at an empty feed
WAIT_SECONDS = 5
EAGER: Mapping[str, int] = MappingProxyType({})


@dataclass
class Reader:
    """A reading process; ``said`` is what it printed at its end."""

    process: subprocess.Popen
    said: dict = field(default_factory=dict)

    def ready(self) -> None:
        """Wait for a follower to catch up."""
        if self.process.stdout.readline() != "ready\n":
            raise Void("the change feed cannot be followed")


@contextmanager
def reading(what: str, url: str, key: str) -> Iterator[Reader]:
    """Read until the end of the block. Raises Void where an answer was not what it should be."""
    command = [sys.executable, "-m", "bench.reading", what, url, key]
    reader = Reader(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
    try:
        yield reader
    except BaseException:
        reader.process.kill()
        reader.process.communicate()
        raise
    reader.process.terminate()
    printed, _ = reader.process.communicate()
    if reader.process.returncode:
        raise Void(f"the reader of {what} ended with code {reader.process.returncode}")
    reader.said = json.loads(printed)


class Stopped(Exception):
    """SIGTERM: what was read so far is printed."""


def _export(url: str, key: str, said: dict) -> None:
    """Everything as NDJSON, read as raw bytes: taking it apart would cost us what is to be left to the server."""
    said |= {"rounds": 0, "rows": 0, "bytes": 0}
    while True:
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=60) as line:
            line.sendall(_request("/api/v1/outcomes/export?format=ndjson", key).encode())
            end = line.recv(1 << 18)
            if not end.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the export was answered with {end[:60]!r}")
            while not end.endswith(b"\r\n0\r\n\r\n") and (data := line.recv(1 << 18)):
                said["rows"] += (end[-1:] + data).count(b"}\n")
                said["bytes"] += len(data)
                end = (end + data)[-16:]
        said["rounds"] += 1


def _report(url: str, key: str, said: dict) -> None:
    line, query = _connection(url), urlencode({"group_by": "day,campaign", "tz": "Asia/Kolkata"})
    said |= {"rounds": 0, "calls": 0}
    while True:
        found = _get(line, f"/api/v1/reports/summary?{query}", key)
        said["calls"] = sum(row["calls"] for row in found["rows"])
        said["rounds"] += 1


def _wait(url: str, key: str, said: dict) -> None:
    _follow(url, key, said, {"wait": WAIT_SECONDS}, 1.0)


def _follow(url: str, key: str, said: dict, how: Mapping[str, int] = EAGER, pause: float = PAUSE_SECONDS) -> None:
    measures()
    line, after, caught_up = _connection(url), "now", False
    seen = said["seen"] = {}
    stopping: list[int] = []  # once it is asked to stop, it still reads what is there
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))
    while True:
        last = bool(stopping)
        found = _get(line, "/api/v1/outcomes/changes?" + urlencode({"after": after, "limit": 1000} | how), key)
        now = time.monotonic()
        after = found["next"]
        if caught_up:
            for outcome in found["outcomes"]:
                seen.setdefault(outcome["call_id"], now)
        if not found["more"]:
            if last:
                return
            if not caught_up:
                print("ready", flush=True)
                caught_up = True
            time.sleep(pause)


def _request(path: str, key: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\r\n"


def _connection(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).hostname, urlsplit(url).port, timeout=60)


def _get(line: HTTPConnection, path: str, key: str) -> dict:
    line.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} was answered with {answer.status}: {body[:200]!r}")
    return orjson.loads(body)


def main() -> None:
    def stop(number, frame):
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    what, url, key = sys.argv[1:]
    said: dict = {}
    with contextlib.suppress(Stopped):
        {"export": _export, "report": _report, "follow": _follow, "wait": _wait}[what](url, key, said)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
