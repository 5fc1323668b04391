"""The server that keeps its connections, asked byte by byte."""

import socket
import ssl

import pytest
import requests
import trustme
from flask import Flask, Response, request

from rig.waiting import until
from sandbox.server import running


@pytest.fixture
def app():
    made = Flask(__name__)

    @made.route("/echo/<path:rest>", methods=["GET", "POST"])
    def echo(rest: str):
        return {"rest": rest, "body": request.get_data(as_text=True), "args": request.args.to_dict()}

    @made.get("/parts")
    def parts():
        return Response(iter([b"one ", b"", b"two"]))

    @made.get("/short")
    def short():
        response = Response(b"half")
        response.automatically_set_content_length = False
        response.headers["Content-Length"] = "8"
        return response

    @made.get("/nothing")
    def nothing():
        return Response(status=204)

    return made


def peer(answer: requests.Response) -> object:
    """Of the connection; only known while the body was not read."""
    found = answer.raw.connection.sock.getsockname()
    answer.content  # noqa: B018 - read, the connection is free for the next request
    return found


def test_one_connection_takes_many_requests(app):
    with running(app, keeping=True) as url, requests.Session() as session:
        first = session.post(f"{url}/echo/a%20b/%C3%A9?x=1&y=%2B", "body", stream=True)
        ports = {
            peer(first),
            *(peer(session.get(url + path, stream=True)) for path in ("/parts", "/nothing", "/nowhere")),
        }
    assert first.json() == {"rest": "a b/é", "body": "body", "args": {"x": "1", "y": "+"}}
    assert len(ports) == 1


def test_answers_in_parts_and_none_at_all(app):
    with running(app, keeping=True) as url, requests.Session() as session:
        assert session.get(f"{url}/parts").content == b"one two"
        assert (session.get(f"{url}/nothing").status_code, session.head(f"{url}/parts").content) == (204, b"")
        assert session.post(f"{url}/echo/a", iter([b"in ", b"parts"])).json()["body"] == "in parts"


def test_an_answer_shorter_than_it_said_ends_the_connection(app):
    with running(app, keeping=True) as url:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{url}/short", timeout=30)


def test_connections_end_with_the_server(app):
    with running(app, keeping=True) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        idle = socket.create_connection((host, int(port)))
        idle.sendall(b"GET /parts HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: b"0\r\n\r\n" in idle.recv(65_536), 10)
    assert idle.recv(1) == b""
    idle.close()


@pytest.mark.parametrize(
    ("asked", "status"),
    [(b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 204"), (b"no HTTP\r\n\r\n", b"")],
)
def test_a_connection_that_is_to_be_closed(app, asked, status):
    with running(app, keeping=True) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as found:
            found.sendall(asked)
            assert b"".join(iter(lambda: found.recv(65_536), b""))[:12] == status


def test_it_is_asked_over_tls(app):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with running(app, context, keeping=True) as url, authority.cert_pem.tempfile() as trusted:
        assert requests.get(f"{url}/parts", verify=trusted, timeout=30).content == b"one two"
