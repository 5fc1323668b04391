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

from callbacks.http import body as reading
from callbacks.http import line
from callbacks.http.malformed import spelled, without_secrets
from rig.patience import stretched
from service.supervisor.hooks import TokensHidden

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("GET /callbacks/é?a=b c HTTP/1.1\r\nX: é\r\n\r\né", "GET /callbacks/%C3%A9?a=b%20c HTTP/1.1\r\nX: é\r\n\r\né"),
        ("POST /é HTTP/1.0\r\n", "POST /%C3%A9 HTTP/1.0\r\n"),
        *(  # other faults stay faults, and are kept as they came
            (same, same)
            for same in (
                "GET /a?b=%C3%A9 HTTP/1.1\r\n\r\n",
                "GET /é HTTP/2.0\r\n\r\n",
                "GET /é\tx HTTP/1.1\r\n\r\n",
                "GET  /é HTTP/1.1\r\n\r\n",
                "GET /é HTTP/1.1 \r\n\r\n",
                "GÉT /é HTTP/1.1\r\n\r\n",
                "GET /é",
                "",
            )
        ),
    ],
)
def test_what_stands_in_a_target_and_nobody_encoded_is_spelled(head, expected):
    assert spelled(head.encode()) == expected.encode()


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
        assert 1 < time.monotonic() - began < stretched(4)
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
        theirs.send(b"late")  # its sender has not noticed, and must not be reset before it reads its answer
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


FIRST = b"POST /callbacks/ryng/s3cret/terminal HTTP/1.1"
SECRETS = {
    "as it should be": (b"Authorization: Basic s3cret", b"\r\n"),
    "Proxy-Authorization": (b"Proxy-Authorization: Basic s3cret", b"\r\n"),
    "Cookie": (b"Cookie: session=s3cret", b"\r\n"),
    "small letters": (b"cookie:session=s3cret", b"\r\n"),
    "a blank before the colon": (b"Authorization : Basic s3cret", b"\r\n"),
    "a blank before the name": (b" \tAuthorization: Basic s3cret", b"\r\n"),
    "NUL before the colon": (b"Authorization\x00: Basic s3cret", b"\r\n"),
    "no colon": (b"Authorization Basic s3cret", b"\r\n"),
    "folded": (b"Cookie:\r\n session=s3cret;\r\n\tother=s3cret", b"\r\n"),
    "folded, of LF": (b"Proxy-Authorization : Basic\n s3cret", b"\n"),
    "folded, of CR": (b"Authorization: Basic\r s3cret", b"\r"),
    "LF": (b"Authorization: Basic s3cret", b"\n"),
    "CR": (b"Cookie : session=s3cret", b"\r"),
    "CR within": (b"Cookie: a=b;\rsession=s3cret\rmore=s3cret", b"\r\n"),
}


@pytest.mark.parametrize("before", [b"", b"\n", b"\r\n\r\n"], ids=["", "LF", "blank lines"])
@pytest.mark.parametrize("name", SECRETS)
def test_what_cannot_be_told_apart_is_kept_without_secrets(name, before):
    field, end = SECRETS[name]
    kept = without_secrets(before + end.join([FIRST, b"Host: x", field, b"X: y", b"", b'{"callID":1}']))
    assert b"s3cret" not in kept
    rest = (b"X: y", b"", b'{"callID":1}')
    assert kept.startswith(before + end.join([b"POST /callbacks/ryng/.../terminal HTTP/1.1", b"Host: x"]))
    assert kept.endswith(end.join([b": ...", *rest]))


@pytest.mark.parametrize("piece", [b"/", b"/callbacks", b"/callbacks/", b"\r", b" \r", b"\ra", b"Cookie\r "])
def test_a_mebibyte_of_anything_is_looked_through_at_once(piece):
    began = time.monotonic()
    without_secrets(b"POST /callbacks/a/b?" + piece * (1024 * 1024 // len(piece)))
    assert time.monotonic() - began < stretched(3)


def test_bodies_and_other_headers_are_kept_as_they_are():
    rest = b"\r\nX-Authorization: a\r\nCookies: b\r\nAuthorization-Info: c\r\n\r\nCookie: d"
    assert without_secrets(b"POST /callbacks HTTP/9.9" + rest).endswith(rest)


def test_gunicorn_logs_no_tokens_between_repeated_slashes():
    hidden = TokensHidden()
    record = logging.LogRecord("gunicorn.error", 40, "", 0, "Error //callbacks//ryng//s3cret//terminal", (), None)
    hidden.filter(record)
    assert record.getMessage() == "Error //callbacks//ryng//...//terminal"


def test_nginx_limits_no_callback():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    below = text[text.index("location /callbacks {") :]
    assert "client_max_body_size 0;" in below[: below.index("proxy_pass")]
