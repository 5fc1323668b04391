"""Fixtures of the spool: its folder, and processes that may be killed."""

import os
import signal

import pytest


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def start():
    """start(work) runs it in a forked process and returns its id; none survives the test."""
    started = []

    def start(work):
        process = os.fork()
        if not process:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
