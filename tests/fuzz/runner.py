"""Running a target under atheris. It takes over its process, and ends it: so every run is a process of its own."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import seeds

ROOT = Path(__file__).parents[2]
CHILD = ("-m", "tests.fuzz.child")
LONGEST_INPUT = 64 * 1024
MOST_SECONDS = 25  # for one input: what takes longer is a crash, too
MOST_MEGABYTES = 2048

Start = Callable[[Sequence[str]], tuple[int, str]]

_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


@dataclass(frozen=True)
class Run:
    """What came of a run. ``crash`` is the input that broke the target, None where nothing did."""

    executions: int
    edges: int
    features: int
    corpus: int
    crash: Path | None
    output: str

    def __str__(self) -> str:
        return f"{self.executions} executions, {self.edges} edges, {self.features} features, {self.corpus} inputs in the corpus"


def alone(arguments: Sequence[str]) -> tuple[int, str]:
    """A process for this run: its code and its output."""
    done = subprocess.run(
        [sys.executable, *CHILD, *arguments], **_where(), capture_output=True, text=True, errors="replace", check=False
    )
    return done.returncode, done.stdout + done.stderr


class Forks:
    """One process for all runs, each of which is a fork of it."""

    def __enter__(self) -> "Forks":
        self._process = subprocess.Popen(
            [sys.executable, *CHILD], **_where(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_) -> None:
        self._process.communicate()

    def __call__(self, arguments: Sequence[str]) -> tuple[int, str]:
        with tempfile.NamedTemporaryFile() as output:
            print(json.dumps({"arguments": arguments, "output": output.name}), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return code, output.read().decode(errors="replace")


def run(
    target: str, seconds: int, corpus: Path | None = None, artifacts: Path | None = None, start: Start = alone
) -> Run:
    """Fuzz the target for so long, from its seeds and what the corpus folder holds. Crashes go into ``artifacts``."""
    with tempfile.TemporaryDirectory() as folder:
        kept = corpus or Path(folder) / "corpus"
        found = artifacts or Path(folder)
        for place in (kept, found):
            place.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds.of(target)):
            (kept / f"seed-{number:03}").write_bytes(seed)
        before = set(found.glob("*"))
        code, output = start([target, str(kept), *_options(seconds, found)])
        edges, features, inputs = map(int, [("0", "0", "0"), *_PROGRESS.findall(output)][-1])
        crashes = sorted(path for path in set(found.glob("*")) - before if path.is_file())
        if code and not crashes:
            raise RuntimeError(f"the fuzzer did not run:\n{output[-4000:]}")
        if artifacts is None and crashes:  # the folder goes away: the caller gets a copy
            handle, name = tempfile.mkstemp(prefix=f"{target}-", suffix=f"-{crashes[0].name}")
            os.write(handle, crashes[0].read_bytes())
            os.close(handle)
            crashes = [Path(name)]
        executed = _EXECUTED.search(output)
        return Run(
            int(executed[1]) if executed else 0, edges, features, inputs, crashes[0] if crashes else None, output
        )


def _where() -> dict[str, Any]:
    return {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}}


def _options(seconds: int, found: Path) -> Sequence[str]:
    return (
        f"-max_total_time={seconds}",
        f"-timeout={MOST_SECONDS}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        f"-max_len={LONGEST_INPUT}",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/",
    )
