"""SQLite's file goes away under a Wrapup that runs: who asks is told so, and callbacks are where they are said to be."""

import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest
import requests

from rig.waiting import until
from tests.server import serving


@contextmanager
def posting(url: str):
    """One callback after the other, numbered from 0; gives how many were answered so far, as a list of one."""
    over, answered = threading.Event(), [0]

    def post() -> None:
        with requests.Session() as session:
            while not over.wait(0.02):
                answer = session.post(url, json={"callID": str(answered[0]), "callbackType": "terminal"}, timeout=10)
                assert answer.status_code == 200
                answered[0] += 1

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield answered
    finally:
        over.set()
        thread.join()


def numbers(file) -> list[int]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as line:
        rows = line.execute("SELECT body FROM receipts WHERE kind = 'terminal'").fetchall()
    return sorted(int(json.loads(body)["callID"]) for (body,) in rows)


def logged(folder, event: str) -> list[dict]:
    lines = (json.loads(line) for line in (folder / "err").read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("event") == event]


def status(served) -> str:
    return requests.get(served.url + "/readyz", timeout=10).json()["status"]


@pytest.mark.slow
@pytest.mark.parametrize("then", ["it comes back", "another one comes"])
def test_a_file_that_is_moved_is_used_by_nobody(tmp_path, sqlite_template, then):
    with serving(tmp_path) as served:
        place, away = served.folder / "data" / "wrapup.db", tmp_path / "away.db"
        with posting(served.callback("terminal")) as answered:
            until(lambda: answered[0] > 20, 20)
            place.rename(away)
            until(lambda: any(one["loop"] == "normalize" for one in logged(tmp_path, "database_trouble")), 20)
            (said,) = {one["said"] for one in logged(tmp_path, "database_file_left")}
            assert f"it is {away} now" in said
            until(lambda: status(served) == "spooling", 10)
            assert served.get("/api/v1/outcomes").status_code == 503
            assert "wrapup_up 0" in served.get("/metrics").text.replace(".0", "")
            until(lambda: answered[0] > 60, 20)
            assert not place.exists()
            if then == "it comes back":
                away.rename(place)
            else:
                shutil.copy(sqlite_template, tmp_path / "new.db")
                os.rename(tmp_path / "new.db", place)
            until(lambda: status(served) == "ok", 20)
            until(lambda: answered[0] > 100, 20)
        until(lambda: not any((served.folder / "data" / "spool").glob("*.spool")) or None, 20)
        until(lambda: answered[0] - 1 in numbers(place), 20)
    there = numbers(place)
    assert len(there) == len(set(there))
    both = set(there) | (set(numbers(away)) if away.exists() else set())
    assert both == set(range(answered[0]))
