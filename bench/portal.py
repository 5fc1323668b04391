"""QVoice of the sandbox, to be polled: a process of its own."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.ports import free_port
from rig.waiting import until

ROOT = Path(__file__).parent.parent
WHO = {"username": "demo", "password": "demo", "domain": "demo", "account_id": "demo"}  # whom it lets in


@contextmanager
def portal(calls_per_minute: int, past_calls: int) -> Iterator[str]:
    """Its URL, until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox.qvoice", "--port", str(port)]
    command += ["--calls-per-minute", str(calls_per_minute), "--past-calls", str(past_calls)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: "answers at" in process.stderr.readline(), 60, lambda: "that the sandbox answers")
        # What it says is read on: a pipe that is full would stop it.
        threading.Thread(target=lambda: [None for _ in process.stderr], daemon=True).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
