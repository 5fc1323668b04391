"""Row 13: from ``wrapup serve`` on an empty data folder and an empty database to the first callback that is answered."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from bench.installation import WRAPUP, environment
from bench.stage import Stage, rounds
from bench.table import Row, Void, spread
from rig.ports import free_port

GOAL_SECONDS = 3.0
LONGEST_SECONDS = 60.0


def first_answer(stage: Stage) -> Iterator[Row]:
    """Nothing else of ours runs meanwhile."""
    folder = stage.ours.folder.parent
    took = [_once(folder / f"start_{number}", stage.where.url(f"start_{number}")) for number in rounds()]
    figure, middle = "13. start on an empty data folder to the first 200", sorted(took)[len(took) // 2]
    yield Row(figure, spread(took, ".2f", " s"), "", "", f"under {GOAL_SECONDS:g} s", middle < GOAL_SECONDS)


def _once(folder: Path, database_url: str | None) -> float:
    folder.mkdir()
    environ = environment(folder, free_port(), database_url)
    began = time.monotonic()
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([WRAPUP, "serve"], cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        # The token is known to nobody yet, and every callback is kept and answered alike.
        while not _answered(f"http://{environ['WRAPUP_BIND']}/callbacks/ryng/token/terminal"):
            if process.poll() is not None or time.monotonic() > began + LONGEST_SECONDS:
                raise Void(f"no callback was answered in {LONGEST_SECONDS:g} s")
            time.sleep(0.01)  # refused until it listens
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(20)


def _answered(url: str) -> bool:
    try:
        return requests.post(url, data=b"{}", timeout=LONGEST_SECONDS).status_code == 200
    except requests.ConnectionError:
        return False
