"""Rows 17 to 20: reports over the API of an installation with a mirror (``queries.mirror``), against the plain GROUP BY that
somebody would write by hand; how long the mirror takes to be built and to follow; what it holds; and what callbacks notice of it.

*Cold* is a question that was not put before at this place in the feed, *warm* the same once more."""

import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from sqlalchemy import text

from bench import load, stored
from bench.installation import Installation
from bench.processes import arguments, pss
from bench.reading import reading
from bench.stage import ROUNDS, SECONDS
from bench.table import Row, Void, compared, note, spread
from queries.reports import answering
from queries.reports.base import Report
from queries.reports.catalogue import REPORTS

BUILT_SECONDS = 300.0  # of ten million
COLD, COLD_LAID_OVER, COLD_LEADS, WARM = 1.0, 2.5, 15.0, 0.1  # seconds
COLD_RATIO, WARM_RATIO = 10, 100  # against the plain GROUP BY
CHANGED = 50_000
LAG_RATE, LAG_SECONDS = 1_000.0, 4 * SECONDS
MORE_MEGABYTES = 250
REST_SECONDS = 2.0  # after an answer as long as it took, so much at most: whoever works long rests (web.turns)
BESIDE_RATE = 300.0  # callbacks a second, beside which is asked
TZ = "Asia/Kolkata"
# As many cold questions of each report: another beginning, before the first call, is another question over the same calls.
BEGINNINGS = ("2015-01-01", "2015-01-02", "2015-01-03")
LATER_BEGINNINGS = ("2016-01-01", "2016-01-02", "2016-01-03")
# Those that look at the calls of each lead, or of each number, before they count.
OF_LEADS = {
    "attempts_per_lead",
    "contact_rate",
    "first_attempt_contact",
    "attempts_to_contact",
    "callbacks",
    "compliance",
}
OF_LEADS |= {"unreachable_numbers"}

PLAIN = """
    SELECT CAST(timezone('Asia/Kolkata', occurred_at) AS DATE), count(*), count(*) FILTER (WHERE is_final),
           count(*) FILTER (WHERE connect_outcome = 'connected'), count(*) FILTER (WHERE flags ? 'contact')
    FROM call_outcomes WHERE merged_into IS NULL GROUP BY 1"""
PLAIN_ON_SQLITE = """
    SELECT date(occurred_at, '+330 minutes'), count(*), sum(is_final), sum(connect_outcome = 'connected'),
           sum(instr(flags, '"contact"') > 0)
    FROM call_outcomes WHERE merged_into IS NULL GROUP BY 1"""
CHANGE = """
    UPDATE call_outcomes SET revision = revision + 1, position = position + :changed
    WHERE position > (SELECT last_position FROM change_feed) - :changed"""
CHANGED_SINCE = "UPDATE change_feed SET last_position = (SELECT max(position) FROM call_outcomes)"


def mirrored(ours: Installation, calls: int) -> Iterator[Row]:
    """All of them, on an installation that runs and whose mirror is being built."""
    yield _built(ours, calls)
    by_hand = statistics.median(_by_hand(ours) for _ in range(ROUNDS))
    note(f"  the plain GROUP BY takes {by_hand:.2f} s")
    idle = _megabytes(ours)
    yield from _reports(ours, calls, by_hand)
    yield _more(idle, _megabytes(ours))
    with _follower_paused(ours):
        _change(ours)
        yield _laid_over(ours, calls)
    yield from _beside(ours, calls)
    yield _lag(ours, calls)


def _built(ours: Installation, calls: int) -> Row:
    """From the first answer of the installation on."""
    began = time.monotonic()
    while not _manifest(ours).get("built"):
        if time.monotonic() - began > 20 * BUILT_SECONDS:
            raise Void("the mirror is never built")
        time.sleep(1)  # building takes minutes
    took, size = time.monotonic() - began, sum(file.stat().st_size for file in _folder(ours).iterdir()) >> 20
    figure = f"17. the mirror of {calls:,} calls is built after"
    return Row(
        figure, f"{took:.0f} s, {size:,} MiB", goal=f"at most {BUILT_SECONDS:.0f} s", reached=took <= BUILT_SECONDS
    )


def _reports(ours: Installation, calls: int, by_hand: float) -> Iterator[Row]:
    """One row for each, and those that count. Each against the plain way to the same answer: the report's own ``GROUP BY``, asked
    of the tables."""
    colds: dict[str, list[float]] = {}
    times: dict[str, float] = {}
    warms: list[float] = []
    for report in asked_of_mirror():
        own = [_twice(ours, report, since) for since in BEGINNINGS[:ROUNDS]]
        colds[report.name] = [cold for cold, _ in own]
        warms += [warm for _, warm in own]
        goal = COLD_LEADS if report.name in OF_LEADS else COLD
        cold = statistics.median(colds[report.name])
        plain = times[report.name] = _of_tables(ours, report)
        said = f"{spread(colds[report.name], '.2f', ' s')}; warm {statistics.median(warm for _, warm in own) * 1000:.0f} ms"
        figure = f"18. {report.name}, of {calls:,} calls, cold"
        yield Row(
            figure,
            said,
            f"{plain:.2f} s",
            f"{plain / cold:.1f}",
            f"at most {goal:g} s",
            cold <= goal,
        )
    every = [one for some in colds.values() for one in some]
    ratios = [times[name] / statistics.median(some) for name, some in colds.items()]
    ratio = statistics.median(ratios)
    figure = "18a. all reports cold: the plain GROUP BY of the same question / ours, median"
    yield Row(
        figure,
        "",
        "",
        f"{ratio:.1f} ({min(ratios):.1f}-{max(ratios):.1f})",
        f"at least {COLD_RATIO}",
        ratio >= COLD_RATIO,
    )
    for what, seconds, least in (("cold", every, None), ("warm", warms, WARM_RATIO)):
        middle = statistics.median(seconds)
        said = f"{middle:.3f} s (p95 {_p95(seconds):.3f}, most {max(seconds):.3f})"
        ratio = by_hand / middle
        figure = f"18a. all reports {what}: median, against one plain GROUP BY of calls by day with four counts"
        goal_of, reached = ("", None) if least is None else (f"at least {least}", ratio >= least)
        yield Row(figure, said, f"{by_hand:.2f} s", f"{ratio:.1f}", goal_of, reached)
    others = [one for name, some in colds.items() if name not in OF_LEADS for one in some]
    yield Row(
        "18b. p95 cold, without those about leads",
        f"{_p95(others):.2f} s",
        goal=f"at most {COLD:g} s",
        reached=_p95(others) <= COLD,
    )
    yield Row("18c. p95 warm", f"{_p95(warms):.3f} s", goal=f"at most {WARM:g} s", reached=_p95(warms) <= WARM)


def _laid_over(ours: Installation, calls: int) -> Row:
    """While CHANGED calls have changed that the follower has not seen. The first question lays them over the mirror."""
    first = _asked(ours, REPORTS["connect_rate"], "2014-01-01").seconds
    simple = [report for report in asked_of_mirror() if report.name not in OF_LEADS]
    times = [_asked(ours, report, since).seconds for report in simple for since in LATER_BEGINNINGS[:ROUNDS]]
    said = f"p95 {_p95(times):.2f} s (median {statistics.median(times):.2f}); the first {first:.1f} s"
    figure = f"18d. cold with {CHANGED:,} changes laid over, of {calls:,} calls, without those about leads"
    return Row(figure, said, goal=f"at most {COLD_LAID_OVER:g} s", reached=_p95(times) <= COLD_LAID_OVER)


def _more(idle: float, used: float) -> Row:
    """Of all processes. The follower runs before and after; its own is said apart."""
    figure = "19. memory (PSS) while reports are asked of the mirror / before"
    more = used - idle
    return Row(
        figure,
        f"{used:.0f} MB",
        f"{idle:.0f} MB",
        f"{more:+.0f} MB",
        f"at most +{MORE_MEGABYTES} MB",
        more <= MORE_MEGABYTES,
    )


def _beside(ours: Installation, calls: int) -> Iterator[Row]:
    """p99 of callbacks while the reader works without a rest of its own choosing, and without."""
    for what in ("report", "export"):
        without, beside = [], []
        for _ in range(ROUNDS):
            stored.drained(ours.database)
            without.append(load.steady(ours.callback_url, BESIDE_RATE, SECONDS).p99_ms)
            stored.drained(ours.database)
            with reading(what, ours.url, ours.key):
                time.sleep(1)  # until it is in the midst of it
                beside.append(load.steady(ours.callback_url, BESIDE_RATE, SECONDS).p99_ms)
        figure = (
            f"20. p99 of callbacks at {BESIDE_RATE:.0f}/s, of {calls:,} calls, beside a reader of the {what} / without"
        )
        yield compared(figure, beside, without, at_most=2, form=".1f", unit=" ms")


def _lag(ours: Installation, calls: int) -> Row:
    """Seconds by which the mirror is behind the feed, looked at twice a second while callbacks arrive."""
    stored.drained(ours.database)
    first, lags, passed = stored.last_place(ours.database), [], []
    sending = threading.Thread(target=load.steady, args=(ours.callback_url, LAG_RATE, LAG_SECONDS))
    sending.start()
    while sending.is_alive():
        now, mirrored = time.monotonic(), _manifest(ours)["place"]
        passed.append((now, stored.last_place(ours.database)))
        lags.append(now - next((at for at, place in passed if place > mirrored), now))
        time.sleep(0.5)
    sending.join()
    note(f"  {passed[-1][1] - first:,} changes in {passed[-1][0] - passed[0][0]:.0f} s")
    figure = f"17b. the mirror of {calls:,} calls is behind, at {LAG_RATE:,.0f} callbacks/s"
    return Row(figure, spread(lags, ".1f", " s"))


@dataclass(frozen=True)
class Answer:
    source: str
    seconds: float


def _asked(ours: Installation, report: Report, since: str) -> Answer:
    """Raises Void where it is none."""
    query = urlencode(
        [*(("group_by", name) for name in _grouped(report)), ("tz", TZ), ("since", since), ("limit", 1000)]
    )
    began = time.monotonic()
    path = f"{ours.url}/api/v1/reports/{report.name}?{query}"
    answer = requests.get(path, headers={"Authorization": f"Bearer {ours.key}"}, timeout=300)
    took = time.monotonic() - began
    if answer.status_code != 200:
        raise Void(f"{report.name} was answered with {answer.status_code}")
    time.sleep(min(took, REST_SECONDS))
    return Answer(answer.json()["source"], took)


def _twice(ours: Installation, report: Report, since: str) -> tuple[float, float]:
    """(cold, warm) seconds. Raises Void where the mirror was not asked."""
    answers = [_asked(ours, report, since) for _ in range(2)]
    if any(answer.source != "mirror" for answer in answers):
        raise Void(f"{report.name} was answered from the tables")
    cold, warm = (answer.seconds for answer in answers)
    return cold, warm


def asked_of_mirror() -> list[Report]:
    return [report for report in REPORTS.values() if not report.tables]


def _of_tables(ours: Installation, report: Report) -> float:
    """Seconds of the same question, put to the tables."""
    began = time.monotonic()
    filters = {"since": datetime.fromisoformat(f"{BEGINNINGS[0]}T00:00:00+00:00")}
    with ours.database.snapshot() as session:
        answering.answer(answering.asked(session, filters, TZ, _grouped(report)), report)
    return time.monotonic() - began


def _grouped(report: Report) -> tuple[str, ...]:
    """By the local day where it can be."""
    return ("day",) if report.own_rows is None and report.groups is None else ()


def _by_hand(ours: Installation) -> float:
    began = time.monotonic()
    with ours.database.read() as session:
        session.execute(text(PLAIN_ON_SQLITE if ours.database.is_sqlite else PLAIN)).all()
    return time.monotonic() - began


def _change(ours: Installation) -> None:
    with ours.database.write() as session:
        session.execute(text(CHANGE), {"changed": CHANGED})
        session.execute(text(CHANGED_SINCE))


@contextmanager
def _follower_paused(ours: Installation) -> Iterator[None]:
    followers = [pid for pid in ours.pids() if "service.mirroring" in arguments(pid)]
    for pid in followers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in followers:
            os.kill(pid, signal.SIGCONT)


def _megabytes(ours: Installation) -> float:
    return sum(pss(pid) for pid in ours.pids())


def _folder(ours: Installation) -> Path:
    return ours.folder / "data" / "mirror"


def _manifest(ours: Installation) -> dict[str, Any]:
    """Empty where there is none yet."""
    try:
        told: dict[str, Any] = json.loads((_folder(ours) / "manifest.json").read_text())
    except FileNotFoundError:
        return {}
    return told


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
