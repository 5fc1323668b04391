"""``wrapup serve``: web and worker together, what dies is started again, several workers share the work."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select, text

from models import CallOutcome, Receipt
from models.database import Database
from rig.waiting import until
from tests.evidence import terminal
from tests.server import serving, starting

pytestmark = pytest.mark.slow

WRAPUP = str(Path(sys.executable).parent / "wrapup")


def post(url, call_id):
    body = json.dumps(terminal(call_id=call_id, log_id=call_id))
    return requests.post(url, data=body, timeout=60).status_code


def calls(database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(CallOutcome.call_id)))


def test_what_dies_is_started_again(tmp_path):
    with serving(tmp_path) as served:
        database = Database(f"sqlite:///{tmp_path}/data/wrapup.db")
        for name in ("service.worker", "service.passage.receiver", "service.passage.reader"):
            (first, *_) = until(lambda name=name: served.pids(name), 30)
            os.kill(first, signal.SIGKILL)
            until(lambda name=name, first=first: served.pids(name) and first not in served.pids(name), 30)
        until(lambda: _healthy(served), 30)
        # The killed master's own workers may still answer, and reset what they hold when they notice: a dialer tries again.
        until(lambda: _delivered(served.callback("terminal")), 30)
        until(lambda: calls(database) == ["1"], 20)
        database.close()


def _delivered(url) -> bool:
    try:
        return post(url, 1) == 200
    except requests.RequestException:
        return False


def _healthy(served) -> bool:
    try:
        return requests.get(served.url + "/readyz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def test_several_workers_share_the_work_and_double_nothing(tmp_path, postgresql_url):
    database = Database(postgresql_url)
    with serving(tmp_path, postgresql_url) as served:
        logs = [tmp_path / f"worker{n}" for n in range(2)]
        more = [
            subprocess.Popen([WRAPUP, "worker"], cwd=tmp_path, env=served.environ, stderr=log.open("w")) for log in logs
        ]
        until(lambda: all("worker_started" in log.read_text() for log in logs), 40)
        url = served.callback("terminal")
        with ThreadPoolExecutor(8) as senders:
            answers = list(senders.map(lambda n: post(url, n % 300), range(600)))  # each call is delivered twice
        assert answers == [200] * 600
        until(lambda: len(calls(database)) == 300 and not _pending(database), 60)
        for worker in more:
            worker.terminate()
        assert [worker.wait(10) for worker in more] == [0, 0]
    assert sorted(calls(database), key=int) == [str(n) for n in range(300)]
    with database.read() as session:
        states = dict(session.execute(select(Receipt.state, func.count()).group_by(Receipt.state)).all())
        in_view = session.scalar(text("SELECT count(*) FROM call_outcomes_v1"))
    assert states == {"normalized": 300, "duplicate": 300}
    assert in_view == 300
    database.close()


def _pending(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Receipt.state == "pending"))


def test_a_bad_setting_stops_the_start_with_one_sentence(tmp_path):
    done = subprocess.run(
        [WRAPUP, "serve"], cwd=tmp_path, env=os.environ | {"WRAPUP_WORKERS": "x"}, capture_output=True
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "wrapup: WRAPUP_WORKERS must be a whole number from 1 to 64, not 'x'.\n"


def test_callbacks_are_taken_before_the_database_answers_and_are_there_when_it_does(tmp_path, postgresql_url):
    """Its password is wrong at first, as after a rotation that somebody forgot to tell us."""
    away = "postgresql://u:hunter2@127.0.0.1:1/x"
    with starting(tmp_path, away) as served:
        url = until(lambda: _url(tmp_path), 30)
        assert [post(served.url + url, n) for n in range(5)] == [200] * 5
        said = requests.get(served.url + "/readyz", timeout=60)
        assert (said.status_code, said.json()["status"]) == (200, "spooling")
        until(lambda: "not_prepared" in (tmp_path / "err").read_text(), 30)
        assert "hunter2" not in (tmp_path / "err").read_text()
    events = {json.loads(line)["event"] for line in (tmp_path / "err").read_text().splitlines()}
    assert {"database_away", "not_prepared"} <= events
    with serving(tmp_path, postgresql_url):
        database = Database(postgresql_url)
        until(lambda: sorted(calls(database)) == [str(n) for n in range(5)], 30)
        database.close()


def _url(folder) -> str | None:
    token = folder / "data" / "secrets" / "ryng_callback_token"
    return f"/callbacks/ryng/{token.read_text()}/terminal" if token.exists() else None


@pytest.mark.parametrize("whom", ["supervisor", "all"])
def test_renewing_refuses_nobody_and_answers_nobody_but_with_200(tmp_path, whom):
    """SIGHUP, twice, while callbacks come on lines that stay open and on new ones. All get it from ``systemctl kill``, and where
    a terminal is closed."""
    with serving(tmp_path) as served:
        url, stop, answers = served.callback("terminal"), threading.Event(), []

        def send(first: int, kept: bool) -> None:
            session = requests.Session()
            for number in itertools.count(first):
                if stop.is_set():
                    return
                body = json.dumps(terminal(call_id=number, log_id=number))
                answers.append((session.post if kept else requests.post)(url, data=body, timeout=60).status_code)
                time.sleep(0.02)  # the renewing needs the processor as well

        with ThreadPoolExecutor(4) as senders:
            sending = [senders.submit(send, 10**6 * n, n % 2) for n in range(4)]
            try:
                for _ in range(2):
                    before = set(served.pids("service.passage.receiver"))
                    for pid in {"supervisor": [served.process.pid], "all": [served.process.pid, *served.pids("")]}[
                        whom
                    ]:
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGHUP)
                    until(lambda before=before: not before & set(served.pids("service.passage.receiver")), 60)
            finally:
                stop.set()
            for one in sending:
                one.result()  # no connection was refused or reset
        assert set(answers) == {200}
        database = Database(f"sqlite:///{tmp_path}/data/wrapup.db")
        until(lambda: len(calls(database)) == len(answers), 60)
        database.close()


def test_a_killed_gunicorn_refuses_nobody(tmp_path):
    with serving(tmp_path) as served:
        (master, *_) = served.pids("service.passage.receiver")
        os.kill(master, signal.SIGKILL)
        for _ in range(50):  # a new line each time: whoever is in the queue of the socket is taken from it by the next
            with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 10):
                time.sleep(0.02)
        until(
            lambda: served.pids("service.passage.receiver") and master not in served.pids("service.passage.receiver"),
            30,
        )
        until(lambda: _delivered(served.callback("terminal")), 30)


def test_every_line_of_the_log_is_json(tmp_path):
    """gunicorn's too: whoever collects logs has one kind of line."""
    with serving(tmp_path, WRAPUP_LOG_LEVEL="debug") as served:
        assert served.get("/api/v1/nothing").status_code == 404
        for name in ("service.passage.receiver", "service.passage.reader"):
            os.kill(served.pids(name)[-1], signal.SIGKILL)  # one of its workers: gunicorn has something to say
        for said in ("was sent SIGKILL", "worker_started"):
            until(lambda said=said: said in (tmp_path / "err").read_text(), 30)
    lines = [json.loads(line) for line in (tmp_path / "err").read_text().splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    assert any(line["event"].startswith("Booting worker with pid") for line in lines)


@pytest.fixture
def command(commands, tmp_path):
    def run(*words):
        environ = os.environ | {"WRAPUP_DATA_DIR": str(tmp_path / "data")}
        return commands.run(*words, cwd=tmp_path, env=environ)

    return run


def test_keys_are_made_listed_and_revoked(command):
    made = command("keys", "create", "analyst", "--scope", "read")
    assert made.returncode == 0
    assert made.stdout.splitlines()[-1].startswith("wk_")
    assert "analyst  read  valid" in command("keys", "list").stdout
    assert command("keys", "revoke", "analyst").stdout == "Revoked 1 key.\n"
    assert "analyst  read  revoked" in command("keys", "list").stdout
    assert command("keys", "revoke", "analyst").returncode == 1
    assert command("keys", "create", "x", "--scope", "everything").returncode == 2


def test_connections_are_listed_with_their_urls(command):
    assert "ryng  ryng\n  connect: http://127.0.0.1:8080/callbacks/ryng/" in command("connections").stdout
