"""Load over real sockets: ``wrk`` where there is one, else a generator of our own; the same for every row of a run."""

import itertools
import json
import multiprocessing
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

BODY = (
    '{"callID":%d,"callLogID":%d,"callbackType":"terminal","event":"call-ended","agentID":67131,'
    '"agentUsername":"asha@example.test","agentNum":"+919800000001","customerNum":"+919800012345",'
    '"virtualNum":"+914900000000","callCreated":"2026-11-18T09:00:00.000Z","callStarted":"2026-11-18T10:00:00.000Z",'
    '"callEnded":"2026-11-18T10:02:00.000Z","callDisposed":"2026-11-18T10:02:08.000Z","callbackTime":null,'
    '"callDirection":"outbound","talktime":95,"callDuration":120,"parentDisposition":null,"disposition":"Interested",'
    '"notes":"","status":"completed","recordingUrl":"https://recordings.example.test/x.mp3"}'
)

LUA = """
local threads = 0
function setup(thread) thread:set("base", threads * 100000000); threads = threads + 1 end
function init(args) n = %d end
function request()
  n = n + 1
  local id = base + n
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, string.format([[%s]], id, id))
end
function done(summary, latency, requests)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('RESULT {"requests":%%d,"errors":%%d,"seconds":%%f,"p50_ms":%%f,"p99_ms":%%f}\\n',
    summary.requests, bad, summary.duration / 1000000, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True)
class Result:
    """What one run of load measured. Times in milliseconds."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def generator() -> str:
    """Which generator ``run`` uses."""
    return "wrk" if shutil.which("wrk") else "bench.load"


def run(url: str, connections: int, seconds: float) -> Result:
    """Post terminal callbacks, each of another call, on so many keep-alive connections for so many seconds."""
    if shutil.which("wrk"):
        return _wrk(url, connections, seconds)
    return _own(url, connections, seconds)


_runs = itertools.count()


def _first() -> int:
    """Each run's calls are others than those of the runs before it."""
    return next(_runs) * 1_000_000


def _wrk(url: str, connections: int, seconds: float) -> Result:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % (_first(), BODY))
        script.flush()
        command = ["wrk", "-t2", f"-c{connections}", f"-d{int(seconds)}s", "--latency", "-s", script.name, url]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    return Result(**json.loads(line.removeprefix("RESULT ")))


def _own(url: str, connections: int, seconds: float) -> Result:
    first = _first()
    with multiprocessing.Pool(2) as pool:
        parts = pool.starmap(
            _drive, [(url, connections // 2, seconds, first + half * 100_000_000) for half in range(2)]
        )
    times = sorted(time for part in parts for time in part[0])
    errors = sum(part[1] for part in parts)
    return Result(len(times), errors, seconds, times[len(times) // 2], times[int(len(times) * 0.99)])


def _drive(url: str, connections: int, seconds: float, number: int) -> tuple[list[float], int]:
    import selectors

    parts = urlsplit(url)
    waiting = selectors.DefaultSelector()
    times, errors = [], 0
    for _ in range(connections):
        line = socket.create_connection((parts.hostname, parts.port))
        waiting.register(line, selectors.EVENT_READ, [0.0])
        number += 1
        _send(line, parts.path, number)
        waiting.get_key(line).data[0] = time.perf_counter()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in waiting.select(0.1):
            answer = key.fileobj.recv(65_536)
            times.append((time.perf_counter() - key.data[0]) * 1000)
            errors += b" 200 " not in answer[:16]
            number += 1
            _send(key.fileobj, parts.path, number)
            key.data[0] = time.perf_counter()
    return times, errors


def _send(line: socket.socket, path: str, number: int) -> None:
    body = (BODY % (number, number)).encode()
    line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
