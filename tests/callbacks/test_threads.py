"""A machine that allows no more threads: callbacks are answered 200 and kept, and stored when there are threads again."""

import io
import threading

import pytest

from callbacks.ladder.inbox import Inbox
from callbacks.receiver import Receiver
from dialers.base import Connection
from models.database import Database
from rig.waiting import until
from service.settings import config


@pytest.fixture
def inbox(tmp_path):
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    database = Database(settings.database_url)
    inbox = Inbox(database, settings)
    yield inbox
    inbox.close()
    database.close()


def deliver(inbox, body: bytes) -> str:
    """Hand a callback to a receiver; returns the status."""
    statuses = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/callbacks/ryng/token-of-ryng/terminal",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    connections = {"ryng": Connection("ryng", "ryng", callback_tokens=("token-of-ryng",))}
    Receiver(None, inbox, connections, "key")(environ, lambda status, headers: statuses.append(status))
    return statuses[0]


def refuse(monkeypatch, name: str) -> None:
    """What Python does at the limit of threads, to threads whose name begins like this."""
    start = threading.Thread.start

    def limited(thread):
        if thread.name.startswith(name):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)


def bodies(inbox) -> list[bytes]:
    return [draft.body for draft in inbox.memory.first()]


def test_a_rung_without_a_thread_sends_below_and_tries_again(inbox, monkeypatch):
    inbox.start()
    with monkeypatch.context() as limit:
        refuse(limit, "rung-database")
        assert deliver(inbox, b"for the spool") == "200 OK"
        assert (inbox.spool.size() > 0, bodies(inbox)) == (True, [])
    with monkeypatch.context() as limit:
        refuse(limit, "rung-")
        inbox.spooling.close()  # its thread ends; the next one is refused
        assert deliver(inbox, b"for memory") == "200 OK"
        assert bodies(inbox) == [b"for memory"]
    deliver(inbox, b"for a thread")
    assert any(thread.name == "rung-database" for thread in threading.enumerate())
    until(lambda: not bodies(inbox), 20)  # the keeper has brought it to the spool: the database has no tables


def test_what_fails_in_putting_is_answered_200_and_held(inbox, monkeypatch):
    with monkeypatch.context() as limit:
        refuse(limit, "")  # not even the threads that an inbox begins with
        for body in (b"one", b"two"):
            assert deliver(inbox, body) == "200 OK"
    assert bodies(inbox) == [b"one", b"two"]
