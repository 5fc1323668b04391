"""Rows 14 to 20: what readers wait for in a table of BENCH_CALLS invented calls, asked over the API of a running installation.

    BENCH_ROWS=14 BENCH_DATABASES=postgresql BENCH_CALLS=10000000 make bench

makes ten million (a quarter of an hour, some 20 GB, receipts included); otherwise they are few, and soon there. What else is
asked of the same table is one more function in ``QUESTIONS``: an installation that answers, and how many calls -> rows.
"""

import os
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import requests

from bench import filling, invented
from bench.databases import Embedded, Server
from bench.exports import exports
from bench.installation import Installation
from bench.mirrored import mirrored
from bench.stage import ROUNDS
from bench.table import Row, Void
from lib.clock import iso
from rig.ports import free_port

CALLS = int(os.environ.get("BENCH_CALLS") or 100_000)
# Each question, and how many values of each filter: one round is a trial.
TIMES, VALUES = (7, None) if ROUNDS > 1 else (1, 1)
REST_SECONDS = 3.0  # after what took long: whoever works long rests as long, two seconds at most (web.turns)
LIST_MS, SCRAPE_MS, PAGE_MS = 200.0, 50.0, 300.0

SPAN = {"since": iso(invented.END - timedelta(days=200)), "until": iso(invented.END - timedelta(days=190))}
# Alone; within a connection that has some, and one that has none; of some days, and of days without calls.
WITHIN = (
    {},
    {"connection": "ryng-main"},
    {"connection": "voipex-prague"},
    SPAN,
    {"since": iso(invented.END + timedelta(1))},
)
# Filter -> values: what many calls have, what few have, what was long ago, what none has.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "number": ("+919810012345", "07010012345", "+4912345"),
    "agent": ("Priya Sharma", "67011", "eva.novak@example.test", "nobody"),
    "lead_id": ("5012345", "none"),
    "disposition": ("Not interested", "Escalated", "None"),
    "flag": ("contact", "sale", "dnc", "wrong_number"),
    "campaign_id": ("6000", "6002", "6049", "none"),
    "campaign_name": ("Renewals ryng-", "Spring qvoic", "none"),
    "is_final": ("true", "false"),
    "settling": ("settled", "never_disposed", "awaiting_disposition", "provisional"),
    "crm_reference": ("crm-3000", "none"),
    "connect_outcome": ("connected", "unknown", "blocked"),
}


def large(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """On an installation and a database of its own."""
    ours = Installation(folder / "large", free_port(), where.url("large"))
    calls = filling.fill(ours.database, CALLS)
    for mirror, questions in QUESTIONS.items():
        with ours.running(WRAPUP_MIRROR=mirror):
            for ask in questions:
                yield from ask(ours, calls)
    ours.database.close()


def lists(ours: Installation, calls: int) -> Iterator[Row]:
    """A page of a hundred by each filter, alone, and with a connection or a span."""
    for name, values in FILTERS.items():
        asked = [{**within, name: value} for value in values[:VALUES] for within in WITHIN]
        for one in asked:
            _took(ours, "/api/v1/outcomes?" + urlencode(one))  # the first makes the statement, or reads the disk
        times = [_took(ours, "/api/v1/outcomes?" + urlencode(one)) for _ in range(TIMES) for one in asked]
        yield _row(f"14. list by {name}, of {calls:,} calls, p95 of {len(asked)} questions", times, LIST_MS)


def scrapes(ours: Installation, calls: int) -> Iterator[Row]:
    """What is asked every few seconds. The first of a process is said apart: it counts what was never counted."""
    for name, path, goal in (
        ("15. a scrape", "/metrics", SCRAPE_MS),
        ("15b. /connections", "/api/v1/connections", None),
    ):
        first = _took(ours, path)
        time.sleep(REST_SECONDS)
        row = _row(f"{name}, of {calls:,} calls, p95", [_took(ours, path) for _ in range(TIMES * 5)], goal)
        yield replace(row, ours=f"{row.ours}; the first {first:,.0f} ms")


def first_page(ours: Installation, calls: int) -> Iterator[Row]:
    """What somebody sees who is signed in."""
    with requests.Session() as browser:
        form = browser.get(f"{ours.url}/login", timeout=120).text
        csrf = re.search(r'name="csrf" value="([^"]+)"', form)
        if csrf is None:
            raise Void("nobody can sign in")
        browser.post(f"{ours.url}/login", data={"key": ours.key, "csrf": csrf[1]}, timeout=120)
        first = _took(ours, "/", browser)
        row = _row(
            f"15c. the first page, of {calls:,} calls, p95", [_took(ours, "/", browser) for _ in range(20)], PAGE_MS
        )
    yield replace(row, ours=f"{row.ours}; the first {first:,.0f} ms")


# WRAPUP_MIRROR -> what is asked then.
QUESTIONS: Mapping[str, tuple[Callable[[Installation, int], Iterator[Row]], ...]] = {
    "never": (lists, scrapes, first_page, exports),
    "always": (mirrored,),
}


def _row(figure: str, times: list[float], goal: float | None) -> Row:
    p95 = sorted(times)[int(len(times) * 0.95)]
    said = f"{p95:,.0f} ms (median {statistics.median(times):,.0f}, most {max(times):,.0f})"
    if goal is None:
        return Row(figure, said)
    return Row(figure, said, goal=f"at most {goal:,.0f} ms", reached=p95 <= goal)


def _took(ours: Installation, path: str, browser: requests.Session | None = None) -> float:
    """Milliseconds until the answer is here. Raises Void where it is none."""
    began, headers = time.monotonic(), {"Authorization": f"Bearer {ours.key}"} if browser is None else {}
    answer = (browser or requests).get(ours.url + path, headers=headers, timeout=120, allow_redirects=False)
    took = (time.monotonic() - began) * 1000
    if answer.status_code != 200:
        raise Void(f"{path} was answered with {answer.status_code}")
    return took
