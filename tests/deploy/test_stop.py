"""A receiver is told to stop while somebody keeps a line open: what is in its memory alone still reaches a store."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import requests

from callbacks.draft import Draft
from callbacks.spool import Spool
from rig.ports import free_port
from rig.waiting import until

CONFIG = "python:service.supervisor.receivers"
# The real application, but for its keeper, which does not look by itself: the last chance is the only one.
APPLICATION = """
import callbacks.ladder.keeper

callbacks.ladder.keeper.LOOK_SECONDS = 3600.0

from service.passage.receiver import create_receiver
"""

pytestmark = pytest.mark.slow


def test_memory_has_its_last_chance_before_the_kill(tmp_path):
    port, data = free_port(), tmp_path / "data"
    data.mkdir()
    (data / "spool").write_text("no folder")  # and the database has no tables, for nobody has prepared it
    (tmp_path / "stopping.py").write_text(APPLICATION)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    environ |= {"WRAPUP_BIND": f"127.0.0.1:{port}", "WRAPUP_DATA_DIR": str(data), "WRAPUP_WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "-c", str(CONFIG), "--pythonpath", str(tmp_path)]
    with open(tmp_path / "err", "w") as err:
        process = subprocess.Popen(
            [*command, "stopping:create_receiver('127.0.0.1:1')"], cwd=tmp_path, env=environ, stderr=err
        )
    try:
        said = (tmp_path / "err").read_text
        with until(lambda: _connected(port), 60, said) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 200 OK" in idle.recv(65_536)
            token = (data / "secrets" / "ryng_callback_token").read_text()
            url = f"http://127.0.0.1:{port}/callbacks/ryng/{token}/terminal"
            assert requests.post(url, data=b"in memory", timeout=20).status_code == 200
            assert "receipt_not_stored" in said()
            (data / "spool").unlink()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    kept = []
    Spool(data / "spool").drain(kept.extend)
    assert [Draft.from_line(line).body for line in kept] == [b"in memory"]


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), 20)
    except ConnectionRefusedError:  # it is still starting
        return None
