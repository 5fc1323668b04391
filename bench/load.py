"""Load over real sockets: as much as is answered (``peak``), or so much a second (``steady``).

``peak`` uses ``wrk`` where there is one, and ``bench.client`` otherwise: the same for every row of a run. wrk has no
constant rate, so ``steady`` is always ``bench.client``.
"""

import array
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bench import bodies

ROOT = Path(__file__).parent.parent
WARM_SECONDS = min(1.0, float(os.environ.get("BENCH_SECONDS") or 5) / 5)  # of a steady run: not in its percentiles

LUA = """
local threads = {}
function setup(thread)
  thread:set("base", %d + #threads * %d)
  thread:set("n", 0)
  table.insert(threads, thread)
end
function request()
  local id = base + n
  n = n + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"},
    string.format([[%s]], id, id, id %% 100000000, 1 + id %% 119))
end
function done(summary, latency, requests)
  local sent = {}
  for i, thread in ipairs(threads) do sent[i] = thread:get("n") end
  io.write(string.format('RESULT {"requests":%%d,"bad":%%d,"late":%%d,"seconds":%%f,"p99":%%f,"sent":[%%s]}\\n',
    summary.requests, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write,
    summary.errors.timeout, summary.duration / 1000000, latency:percentile(99) / 1000, table.concat(sent, ",")))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run measured. Times in milliseconds."""

    sent: list[tuple[int, int]]  # (first number, how many), for each thread
    answered: int  # with 200
    errors: int  # answered otherwise, or cut off
    seconds: float
    p99_ms: float
    lag_ms: float = 0.0  # 99 of 100 callbacks of a steady run left the sender no later than this after they were due
    answers: dict[int, float] = field(default_factory=dict, repr=False)  # number -> monotonic time; empty with wrk

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


def generator() -> str:
    """Which generator ``peak`` uses."""
    return "wrk" if shutil.which("wrk") else "bench.client"


def peak(url: str, connections: int, seconds: float) -> Load:
    """Post as fast as is answered, on so many keep-alive connections for so many seconds."""
    return wrk(url, connections, seconds) if shutil.which("wrk") else closed(url, connections, seconds)


def wrk(url: str, connections: int, seconds: float) -> Load:
    first, half = bodies.block(), bodies.BLOCK // 2
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % (first, half, bodies.TEMPLATE))
        script.flush()
        command = [
            "wrk",
            "-t2",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--latency",
            "-s",
            script.name,
            url,
        ]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    said = json.loads(line.removeprefix("RESULT "))
    sent = [(first + thread * half, count) for thread, count in enumerate(said["sent"])]
    return Load(sent, said["requests"] - said["bad"], said["bad"], said["seconds"], said["p99"])


def closed(url: str, connections: int, seconds: float) -> Load:
    """Two processes of ``bench.client``, each with half of the connections."""
    with tempfile.TemporaryDirectory() as folder:
        halves = [_start(url, connections // 2, seconds, None, Path(folder) / str(half)) for half in range(2)]
        parts = [_finish(*half, warm=0.0) for half in halves]
    answers = parts[0].answers | parts[1].answers
    errors = parts[0].errors + parts[1].errors
    p99 = max(part.p99_ms for part in parts)
    return Load(parts[0].sent + parts[1].sent, len(answers), errors, seconds, p99, 0.0, answers)


def steady(url: str, rate: float, seconds: float, connections: int = 64) -> Load:
    """Post so many a second, after WARM_SECONDS at the same rate; times count from when each callback was due."""
    with tempfile.TemporaryDirectory() as folder:
        return _finish(
            *_start(url, connections, seconds + WARM_SECONDS, rate, Path(folder) / "times"), warm=WARM_SECONDS
        )


def _start(url: str, connections: int, seconds: float, rate: float | None, out: Path):
    first = bodies.block()
    asked = {"url": url, "connections": connections, "seconds": seconds, "rate": rate, "first": first, "out": str(out)}
    command = [sys.executable, "-m", "bench.client", json.dumps(asked)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True), first, seconds, out


def _finish(process: subprocess.Popen, first: int, seconds: float, out: Path, warm: float) -> Load:
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"bench.client ended with code {process.returncode}")
    said = json.loads(printed)
    due, answered = array.array("d"), array.array("d")
    with out.open("rb") as file:
        due.fromfile(file, said["sent"])
        answered.fromfile(file, said["sent"])
    answers = {first + place: time for place, time in enumerate(answered) if not math.isnan(time)}
    # What was never answered took for ever.
    times = sorted(
        math.inf if math.isnan(then) else (then - when) * 1000
        for when, then in zip(due, answered, strict=True)
        if when >= said["began"] + warm
    )
    p99 = times[int(len(times) * 0.99)] if times else math.inf
    return Load([(first, said["sent"])], len(answers), said["errors"], seconds, p99, said["lag_ms"], answers)
