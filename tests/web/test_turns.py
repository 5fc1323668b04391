"""Heavy reading: one at a time, and a rest after each that is as long as the work was."""

import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from lib import ids, processors
from rig.patience import stretched
from service.supervisor import reader as served
from web import exports, long_polls
from web import turns as web_turns
from web.context import context
from web.errors import ApiError
from web.turns import Turns


def worked(turns: Turns, seconds: float) -> tuple[float, float]:
    with turns.turn():
        began = time.monotonic()
        time.sleep(seconds)
        return began, time.monotonic()


def test_a_turn_begins_when_the_one_before_has_ended_and_rested():
    turns, found = Turns(), []
    threads = [threading.Thread(target=lambda: found.append(worked(turns, 0.1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.sort()
    for (_, ended), (began, _) in zip(found, found[1:], strict=False):
        assert began - ended >= 0.09


def test_the_first_does_not_wait_and_rest_is_over_by_itself():
    turns = Turns()
    asked = time.monotonic()
    assert worked(turns, 0.05)[0] - asked < 0.04
    time.sleep(0.1)
    asked = time.monotonic()
    assert worked(turns, 0)[0] - asked < 0.04


def test_a_turn_that_fails_is_given_back():
    turns = Turns()
    with pytest.raises(ValueError), turns.turn():
        raise ValueError
    assert worked(turns, 0)


@contextmanager
def held(turns: Turns):
    """Every turn of it is taken, by others."""
    with ExitStack() as stack:
        while turns._turns.acquire(blocking=False):
            stack.callback(turns._turns.release)
        turns._moved_at = time.monotonic()
        yield


def test_where_nothing_ends_a_few_wait_and_the_others_are_told_to_come_back(monkeypatch):
    monkeypatch.setattr(web_turns, "HASTE", 0.1)
    monkeypatch.setattr(web_turns, "PATIENCE", 1.0)
    turns, refused = Turns("reports", patient=2), []

    def ask():
        asked = time.monotonic()
        try:
            worked(turns, 0)
        except ApiError as error:
            refused.append((time.monotonic() - asked, error))

    with held(turns):
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(waited < 0.9 for waited, _ in refused) == 4 and len(refused) == 6
    error = refused[0][1]
    assert (error.code, error.error_id, error.extra_headers["Retry-After"]) == (429, "too_many_reports", "5")
    assert worked(turns, 0)  # and nobody waits any more


def test_where_they_end_one_after_the_other_nobody_is_sent_away(monkeypatch):
    # So long that no standing still of this process is taken for a turn that does not end.
    monkeypatch.setattr(web_turns, "HASTE", stretched(8))
    turns, found = Turns("searches", at_once=2, rest=0.0, patient=0), []
    threads = [threading.Thread(target=lambda: found.append(worked(turns, 0.5))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40  # though the last have waited for ten seconds


# What takes long, and what is answered while all of its turns are taken.
HEAVY = {
    "SEARCHES": ["outcomes?agent=nobody", "receipts?kind=nobody", "loads", "campaigns", "queues"],
    "REPORTS": ["reports/summary", "reports/reconciliation"],
    "LOOKS": ["connections", "connections/ryng-main/words"],
}


def test_what_takes_long_leaves_threads_for_everybody_else(app, database, reader, monkeypatch):
    monkeypatch.setattr(web_turns, "HASTE", 0.05)
    monkeypatch.setattr(web_turns, "PATIENCE", 0.1)
    with ExitStack() as stack:
        for name in (*HEAVY, "SCRAPES", "LISTS"):
            stack.enter_context(held(getattr(web_turns, name)))
        for name, paths in HEAVY.items():
            for path in paths:
                answer = reader.get(f"/api/v1/{path}")
                assert (answer.status_code, answer.json["error_id"]) == (429, f"too_many_{name.lower()}"), path
                assert int(answer.headers["Retry-After"]) > 0
        assert reader.get("/metrics").status_code == 429
        for path in ("outcomes/changes", f"outcomes/{ids.new()}", "nowhere"):
            assert reader.get(f"/api/v1/{path}").status_code in (200, 404)
        assert app.test_client().get("/login").status_code == 200
    told = reader.get("/metrics").text
    for name, paths in HEAVY.items():
        assert f'wrapup_refused_total{{reason="too_many_{name.lower()}"}} {len(paths)}.0' in told
    for path in sum(HEAVY.values(), []):
        assert reader.get(f"/api/v1/{path}").status_code == 200


def test_the_turns_leave_some_of_the_readers_threads_and_connections():
    held = [web_turns.REPORTS, web_turns.SEARCHES, web_turns.LOOKS, web_turns.SCRAPES, web_turns.LISTS]
    longest = sum(turns._turns._initial_value + turns._patient for turns in held) + exports._AT_ONCE
    assert longest == 20
    assert served.threads >= longest + long_polls.SEATS + 4


def test_the_pools_connections_are_as_many_as_the_readers_threads(app):
    """But for those that wait for the feed, which need one for a moment now and then."""
    pool = context(app).database.engine.pool
    assert pool.size() + pool._max_overflow >= served.threads - long_polls.SEATS


def test_an_export_rests_while_others_wait_for_a_processor(monkeypatch, tmp_path):
    cores = processors.os.cpu_count()
    told = tmp_path / "loadavg"
    monkeypatch.setattr(processors, "_LOAD", told)
    for text, rests in (
        (f"0.20 0.18 0.12 {cores + 2}/80 11206\n", True),
        (f"9.20 9.18 9.12 {cores + 1}/80 11206\n", False),
        ("1 2 3\n", True),
        (None, True),
    ):
        told.unlink(missing_ok=True)
        if text is not None:
            told.write_text(text)
        turns = Turns("exports", spare=1)
        with turns.turn():
            pass
        assert (turns._free_at > turns._moved_at) == rests
