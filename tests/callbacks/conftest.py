"""Fixtures of the spool: its folder, and processes that may be killed."""

import os
import signal

import pytest
import structlog
from structlog.testing import LogCapture

from tests.forks import forked


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def start():
    """start(work) runs it in a forked process and returns its id; none survives the test."""
    started = []

    def start(work):
        started.append(forked(work))
        return started[-1]

    yield start
    for process in started:
        try:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture
def logged(monkeypatch):
    """What the spool logs. Not ``capture_logs``: it sees nothing of a logger that another test's configuration has cached."""
    capture = LogCapture()
    monkeypatch.setattr("callbacks.spool.log", structlog.wrap_logger(None, processors=[capture]))
    return capture.entries
