"""deploy/nginx.conf, run by a real nginx in front of a real Wrapup: nothing but 200 below /callbacks."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme
from sqlalchemy import select

from models import CallOutcome
from models.database import Database
from rig.ports import free_port
from rig.waiting import until
from tests.evidence import terminal
from tests.server import serving

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx.conf"

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@contextmanager
def nginx(folder: Path, backend: str):
    """nginx with our configuration, other ports and a certificate made here; gives its address."""
    port = free_port()
    trustme.CA().issue_cert("wrapup.example.com").private_key_and_cert_chain_pem.write_to_path(folder / "pair.pem")
    text = re.sub(r"/etc/ssl/wrapup/\w+\.pem", str(folder / "pair.pem"), CONFIG.read_text(encoding="utf-8"))
    text = re.sub(r"/var/log/nginx/", f"{folder}/", text).replace("127.0.0.1:8080", backend.removeprefix("http://"))
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "listen 443 ssl;", f"listen {free_port()} ssl;"
    )
    text = re.sub(r"listen \[::\].*;", "", text)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    temporary += f" access_log {folder}/access.log;"
    user = "user root;" if os.getuid() == 0 else ""
    whole = f"{user} pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {temporary} {text} }}"
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr
    running = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        until(lambda: _listens(port), 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """For tests that harm nginx at most."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_every_callback_is_answered_200_while_receivers_are_killed_and_renewed(tmp_path):
    with serving(tmp_path) as served, nginx(tmp_path, served.url) as front:
        url = served.callback("terminal").replace(served.url, front)
        assert _answered(url, {"callID": "first", "callLogID": "first"}) == 200
        stop, answers = threading.Event(), []

        def send(first: int) -> None:
            for number in itertools.count(first):
                if stop.is_set():
                    return
                body = json.dumps(terminal(call_id=number, log_id=number))
                answers.append(requests.post(url, data=body, timeout=70).status_code)
                time.sleep(0.02)  # who starts needs the processor as well

        senders = [threading.Thread(target=send, args=[10**6 * n]) for n in range(3)]
        for sender in senders:
            sender.start()
        try:
            for _ in range(4):
                master, *workers = until(lambda: _whole(served), 60)
                os.kill(workers[0], signal.SIGKILL)
                until(
                    lambda killed=workers[0]: killed not in served.pids("service.passage.receiver") and _whole(served),
                    60,
                )
            served.process.send_signal(signal.SIGHUP)
            until(lambda old=master: old not in served.pids("service.passage.receiver"), 60)
        finally:
            stop.set()
            for sender in senders:
                sender.join()
        assert set(answers) == {200}
        until(lambda: _outcomes(tmp_path) == len(answers) + 1, 60)


def _whole(served) -> list[int] | None:
    """The master and its two workers, the master first."""
    found = served.pids("service.passage.receiver")
    return found if len(found) == 3 else None


def _answered(url: str, body) -> int:
    return requests.post(url, json=body, timeout=70).status_code


def _outcomes(folder: Path) -> int:
    database = Database(f"sqlite:///{folder}/data/wrapup.db")
    with database.read() as session:
        found = len(session.scalars(select(CallOutcome.id)).all())
    database.close()
    return found


def test_no_size_and_no_shape_is_refused(tmp_path, served):
    with nginx(tmp_path, served.url) as front:
        url = served.callback("terminal").replace(served.url, front)
        for body in (b"x" * (3 * 1024 * 1024), b"", iter([b"a" * 100_000] * 20)):
            assert requests.post(url, data=body, timeout=70).status_code == 200
        for path in ("/callbacks", "/callbacks/", "/callbacks/a/b/c/d"):
            answer = requests.get(front + path, timeout=70, allow_redirects=False)
            assert (answer.status_code, answer.content) == (200, b'{"received":true}')
        assert requests.get(front + "/metrics", timeout=60).status_code == 200  # from this machine
        away = requests.get(front + "/docs", timeout=60, allow_redirects=False)
        assert (away.status_code, away.headers["Location"]) == (308, "https://127.0.0.1/docs")


def test_long_urls_and_headers_reach_wrapup(tmp_path, served):
    with nginx(tmp_path, served.url) as front:
        url = served.callback("terminal").replace(served.url, front)
        assert requests.post(url + "?q=" + "q" * 60_000, data=b"{}", timeout=70).status_code == 200
        headers = {f"X-Long-{number}": "y" * 60_000 for number in range(6)}
        assert requests.post(url, data=b"{}", headers=headers, timeout=70).status_code == 200


def test_a_disk_that_takes_nothing_loses_no_callback_and_writes_no_token(tmp_path, served):
    with nginx(tmp_path, served.url) as front:
        shutil.rmtree(tmp_path / "client_body")  # nginx can write there no more than on a full disk
        url = served.callback("terminal").replace(served.url, front)
        token = url.rpartition("/callbacks/")[2].split("/")[1]
        for body in (b"x" * 400_000, iter([b"a" * 100_000] * 9)):
            assert requests.post(url, data=body, timeout=70).status_code == 200
        assert requests.post(url, data=b"x" * 3_000_000, timeout=70).status_code == 500  # as deploy/README.md says
        assert token not in "".join(log.read_text() for log in tmp_path.glob("*.log"))


def test_the_address_of_an_export_link_is_in_no_log(tmp_path, served):
    with nginx(tmp_path, served.url) as front:
        for path in ("/x/wx_s3cret.csv", "//x//wx_s3cret.xlsx?a=1", *["/x/wx_s3cret.ndjson"] * 40, "/docs"):
            answer = requests.get(front + path, timeout=60, allow_redirects=False)
            assert answer.status_code == 308 and answer.headers["Location"].startswith("https://")
        logs = [tmp_path / name for name in ("access.log", "error.log")]
        until(lambda: "/docs" in logs[0].read_text(), 30)
        assert "s3cret" not in "".join(log.read_text() for log in logs)
