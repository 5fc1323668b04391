"""Readers of the API in processes of their own: ``python -m bench.reading export|report|follow URL KEY``.

``export`` and ``report`` ask again and again until SIGTERM and then print what they got. ``follow`` follows the change
feed, prints ``ready`` when it has caught up, and on SIGTERM writes for each call when it was seen (monotonic seconds).
"""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import orjson

from bench.table import Void

ROOT = Path(__file__).parent.parent
PAUSE_SECONDS = 0.02  # of the follower, between two looks at an empty feed
_stop: list[int] = []


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


def _export(url: str, key: str) -> dict:
    """Everything as NDJSON, read as raw bytes: taking it apart would cost us what is to be left to the server."""
    rounds = rows = size = 0
    while not _stop:
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=60) as line:
            line.sendall(_request("/api/v1/outcomes/export?format=ndjson", key).encode())
            last, first, here = b"", True, 0
            while not _stop and (data := line.recv(1 << 18)):
                if first and not data.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(f"the export was answered with {data[:60]!r}")
                here += (last[-1:] + data).count(b"}\n")
                size += len(data)
                last, first = data, False
                if last.endswith(b"0\r\n\r\n"):
                    break
        rounds += not _stop
        rows += here
    return {"rounds": rounds, "rows": rows, "bytes": size}


def _report(url: str, key: str) -> dict:
    line, rounds, calls = _connection(url), 0, 0
    while not _stop:
        found = _get(
            line, "/api/v1/reports/summary?" + urlencode({"group_by": "day,campaign", "tz": "Asia/Kolkata"}), key
        )
        calls = sum(row["calls"] for row in found["rows"])
        rounds += 1
    return {"rounds": rounds, "calls": calls}


def _follow(url: str, key: str) -> dict:
    line, after, seen, caught_up = _connection(url), "", {}, False
    while not _stop:
        found = _get(line, "/api/v1/outcomes/changes?" + urlencode({"after": after, "limit": 1000}), key)
        now = time.monotonic()
        after = found["next"]
        if caught_up:
            for outcome in found["outcomes"]:
                seen.setdefault(outcome["call_id"], now)
        if not found["more"]:
            if not caught_up:
                print("ready", flush=True)
                caught_up = True
            time.sleep(PAUSE_SECONDS)
    return {"seen": seen}


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
    signal.signal(signal.SIGTERM, lambda number, frame: _stop.append(number))
    what, url, key = sys.argv[1:]
    print(json.dumps({"export": _export, "report": _report, "follow": _follow}[what](url, key)))


if __name__ == "__main__":
    main()
