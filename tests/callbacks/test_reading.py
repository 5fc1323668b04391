"""Senders that make little of HTTP, without a server: the times are shortened here."""

import io
import logging
import socket
import threading
import time
from pathlib import Path

import pytest
from gunicorn.http.body import Body as GunicornBody
from gunicorn.http.body import LengthReader

from callbacks import line, reading
from service.hooks import TokensHidden

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_a_sender_that_dribbles_is_cut_off_and_what_came_is_kept(monkeypatch):
    monkeypatch.setattr(line, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(line, "LONGEST_SECONDS", 1.5)
    ours, theirs = socket.socketpair()
    done = threading.Event()

    def dribble():
        while not done.wait(0.2):
            theirs.send(b"d")

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        began = time.monotonic()
        sender = line.Line(ours, 15)
        stream = GunicornBody(LengthReader(sender, 1000))
        body = reading.Body({"CONTENT_LENGTH": "1000", "wsgi.input": stream, "wrapup.line": sender})
        assert 1 < time.monotonic() - began < 4
    finally:
        done.set()
        thread.join()
        ours.close()
        theirs.close()
    assert not body.whole
    assert set(body.bytes) == set(b"d")
    assert body.size == len(body.bytes) >= 3


def test_a_line_that_was_read_to_its_end_may_carry_the_next_request():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"whole")
        sender = line.Line(ours, 15)
        stream = GunicornBody(LengthReader(sender, 5))
        body = reading.Body({"CONTENT_LENGTH": "5", "wsgi.input": stream, "wrapup.line": sender})
        assert (bytes(body.bytes), body.whole, ours.gettimeout()) == (b"whole", True, line.IDLE_SECONDS)
        sender.expect()
        assert ours.gettimeout() == 15
        theirs.send(b"next")
        assert sender.read(4) == b"next"
        assert ours.gettimeout() == line.IDLE_SECONDS  # it has begun


def test_a_line_that_was_hung_up_gives_what_has_come_and_can_be_lingered_at():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"come")
        sender = line.Line(ours, 15)
        sender.hang_up()
        assert (sender.chunk(), sender.chunk()) == (b"come", b"")
        assert sender.ends
        theirs.send(b"late")  # its sender has not noticed, and must not be reset before he reads his answer
        ours.send(b"answer")
        sender.linger()
        ours.close()
        assert theirs.recv(100) == b"answer"
        assert theirs.recv(100) == b""


@pytest.mark.parametrize("error", [ValueError, OSError, RuntimeError])
def test_no_error_of_a_server_gets_out(error):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise error("broken")

    body = reading.Body({"CONTENT_LENGTH": "5", "wsgi.input": Broken()})
    assert (bytes(body.bytes), body.size, body.whole) == (b"", 0, False)


def test_a_length_of_thousands_of_digits_is_read():
    stream = io.BytesIO(b"x" * 10)
    assert not reading.Body({"CONTENT_LENGTH": "9" * 5000, "wsgi.input": stream}).whole


def test_gunicorn_logs_no_tokens_between_repeated_slashes():
    hidden = TokensHidden()
    record = logging.LogRecord("gunicorn.error", 40, "", 0, "Error //callbacks//ryng//s3cret//terminal", (), None)
    hidden.filter(record)
    assert record.getMessage() == "Error //callbacks//ryng//...//terminal"


def test_nginx_limits_no_callback():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    below = text[text.index("location /callbacks {") :]
    assert "client_max_body_size 0;" in below[: below.index("proxy_pass")]
