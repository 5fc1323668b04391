"""Processes that end by themselves are started anew, and that is said; those that were told to end are not counted."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest
import requests

from rig.waiting import until
from tests.server import serving
from upkeep import endings

pytestmark = pytest.mark.slow


def test_what_ends_by_itself_is_counted_and_what_is_told_to_end_is_not(tmp_path):
    ended = {"receivers": 1, "reader": 1, "worker": 1, "mirror": 1, "normalizer": 0}
    with serving(tmp_path, WRAPUP_MIRROR="always") as served:

        def figures() -> dict[str, int]:
            lines = served.get("/metrics").text.splitlines()
            found = [line.split('"') for line in lines if line.startswith("wrapup_processes_ended_total{")]
            return {kind: int(float(count.removeprefix("} "))) for _, kind, count in found}

        assert figures() == dict.fromkeys(endings.KINDS, 0)
        receivers, reader = served.pids("service.supervisor.receivers"), served.pids("service.supervisor.reader")
        assert (len(receivers), len(reader)) == (3, 2)  # the first of each is its gunicorn
        (mirror,) = until(lambda: served.pids("service.mirroring"), 30)
        os.kill(mirror, signal.SIGKILL)
        until(lambda: endings.counts(tmp_path / "data")["mirror"], 30)
        for one in (receivers[-1], reader[-1], *served.pids("service.worker")):
            os.kill(one, signal.SIGKILL)
        until(lambda: endings.counts(tmp_path / "data") == ended, 30)
        until(lambda: figures() == ended, 30)
        served.process.send_signal(signal.SIGHUP)
        until(lambda: (tmp_path / "err").read_text().count('"event":"renewed"') == 3, 60)
    assert endings.counts(tmp_path / "data") == ended


def test_what_stood_still_for_long_goes_on_and_answers_who_waited(tmp_path):
    """A container that was paused, say: gunicorn would kill its processes for not having shown that they live."""
    with serving(tmp_path, GUNICORN_CMD_ARGS="--timeout 4 --keep-alive 5") as served:
        url, answers = served.callback("connect"), []
        lines = [requests.Session() for _ in range(4)]
        for number, line in enumerate(lines):
            assert line.post(url, json={"callID": f"a{number}"}, timeout=30).status_code == 200

        def call(number: int, line: requests.Session) -> None:
            answers.append(line.post(url, json={"callID": f"b{number}"}, timeout=60).status_code)

        all_of_it = [served.process.pid, *served.pids("")]
        calling = [
            threading.Thread(target=call, args=one) for one in enumerate([*lines, *(requests.Session() for _ in lines)])
        ]
        tell(reversed(all_of_it), signal.SIGSTOP)
        try:
            for one in calling:
                one.start()
            time.sleep(8)
        finally:
            tell(all_of_it, signal.SIGCONT)
        for one in calling:
            one.join()
        time.sleep(3)
        assert answers == [200] * 8
        assert set(endings.counts(tmp_path / "data").values()) == {0}


def tell(pids, number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # what prepares ends by itself
            os.kill(pid, number)
