"""Promise 1 and the callback contract, over real sockets: always 200, always the same body, committed before it."""

import gzip
import http.client
import json
import socket
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from sqlalchemy import select

from callbacks.spool import Spool
from models import CallOutcome, Receipt, StrangerQuota
from models.database import Database
from rig.waiting import until
from tests.conftest import empty_database
from tests.evidence import terminal
from tests.server import serving

BODY = b'{"received":true}'


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with (
        empty_database(request, folder, request.param) as url,
        serving(folder, url, WRAPUP_STRANGER_RECEIPTS="5") as running,
    ):
        yield running


@pytest.fixture(scope="module")
def parsed_in_python(served):
    """A second one on the same database, as it is where gunicorn's parser in C could not be compiled."""
    folder = served.folder / "parsed"
    folder.mkdir()
    token = {"RYNG": served.callback("terminal").split("/")[-2]}
    (folder / "wrapup.toml").write_text('[connections.ryng]\ndialer = "ryng"\ncallback_tokens = ["${RYNG}"]\n')
    url = served.environ["WRAPUP_DATABASE_URL"]
    with serving(folder, url, **token, GUNICORN_CMD_ARGS="--http-parser=python") as running:
        yield running


@pytest.fixture(scope="module")
def database(served):
    database = Database(served.environ["WRAPUP_DATABASE_URL"])
    yield database
    database.close()


def receipts(database, **wanted) -> list[Receipt]:
    if database.is_sqlite:
        folders = list(Path(database.url.database).parent.rglob("spool"))
        until(lambda: not any(Spool(folder).waiting() for folder in folders), 5)
    statement = select(Receipt).order_by(Receipt.id)
    for name, value in wanted.items():
        statement = statement.where(getattr(Receipt, name) == value)
    with database.read() as session:
        return list(session.scalars(statement))


def assert_received(answer):
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["Content-Type"] == "application/json"


def test_a_callback_is_committed_before_its_200_and_becomes_an_outcome(served, database):
    url = served.callback("terminal")
    body = json.dumps(terminal(call_id="committed", log_id="c1")).encode()
    answer = requests.post(
        url, data=body, headers={"User-Agent": "Ryng", "Authorization": "secret", "Cookie": "secret"}
    )
    (kept,) = [one for one in receipts(database) if b"committed" in one.body]  # at once, without waiting
    assert_received(answer)
    assert kept.body == body
    assert (kept.method, kept.kind, kept.connection, kept.truncated) == ("POST", "terminal", "ryng", False)
    assert kept.headers["user-agent"] == "Ryng"
    assert "secret" not in json.dumps(kept.headers)

    def outcome():
        with database.read() as session:
            return session.scalar(select(CallOutcome).where(CallOutcome.call_id == "committed"))

    row = until(outcome, 20)
    assert row.disposition == "Interested"


def test_a_compressed_body_is_kept_as_it_came_and_read(served, database):
    body = gzip.compress(json.dumps(terminal(call_id="pressed", log_id="p1")).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    assert_received(requests.post(served.callback("terminal"), data=body, headers=headers))
    (kept,) = [one for one in receipts(database) if one.body == body]
    assert (kept.headers["content-encoding"], kept.body_size) == ("gzip", len(body))

    def read():
        with database.read() as session:
            row = session.get(Receipt, kept.id)
            return row.forgiven if row.state == "normalized" else None

    assert until(read, 20) == "gzip wrong_content_type"


def test_what_inflates_without_end_is_answered_and_kept(served, database):
    body = gzip.compress(b"[" * 64 * 2**20)
    assert_received(requests.post(served.callback("terminal"), data=body, headers={"Content-Encoding": "gzip"}))
    (kept,) = until(lambda: receipts(database, reason="inflates_too_far"), 20)
    assert (kept.body, kept.state, kept.truncated) == (body, "quarantined", False)
    assert "1 MiB" in kept.detail


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
@pytest.mark.parametrize(
    "path", ["/callbacks", "/callbacks/", "/callbacks/ryng", "/callbacks/a/b/c/d", "/callbacks/%00/%ff/x"]
)
def test_any_method_and_any_path_get_the_same_answer(served, method, path):
    assert_received(requests.request(method, served.url + path, data=b"x"))


def test_head_gets_200_without_a_body(served):
    answer = requests.head(served.callback("terminal"))
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_wrong_token_gets_no_hint(served):
    url = served.callback("terminal")
    right, wrong = requests.post(url, data=b"{}"), requests.post(url[:-20] + "x/terminal", data=b"{}")
    assert_received(right)
    assert_received(wrong)
    assert {k: v for k, v in right.headers.items() if k != "Date"} == {
        k: v for k, v in wrong.headers.items() if k != "Date"
    }


def test_what_strangers_can_fill_is_capped_and_the_overflow_is_counted(served, database):
    for number in range(12):
        assert_received(requests.post(f"{served.url}/callbacks/nobody/here/{number}", data=b"x" * 10))
    strangers = receipts(database, stranger=True)
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
    assert (len(strangers), quota.receipts) == (5, 5)
    assert quota.overflow >= 7
    assert quota.bytes == sum(one.kept_bytes for one in strangers)
    assert {one.state for one in strangers} == {"quarantined"}


def test_an_unknown_kind_is_kept_in_quarantine_with_a_reason(served, database):
    url = served.callback("terminal").removesuffix("terminal")
    assert_received(requests.post(url + "fax", data=b'{"callID":1}'))
    (kept,) = receipts(database, kind="fax")
    assert (kept.state, kept.reason, kept.stranger) == ("quarantined", "unknown_kind", False)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversized_body_is_kept_cut_and_marked(served, database, chunked):
    body = (b"C" if chunked else b"L") * (1024 * 1024 + 7)
    assert_received(requests.post(served.callback("terminal"), data=iter([body]) if chunked else body))
    (kept,) = [one for one in receipts(database, reason="oversized") if one.body[:1] == body[:1]]
    assert (len(kept.body), kept.body_size, kept.truncated, kept.state) == (1024 * 1024, len(body), True, "quarantined")


def test_a_body_of_exactly_one_mebibyte_is_kept_whole(served, database):
    body = json.dumps({"callID": "exact", "callLogID": 1, "notes": ""}).encode()
    body = body[:-2] + b"n" * (1024 * 1024 - len(body)) + body[-2:]
    assert_received(requests.post(served.callback("terminal"), data=body))
    kept = until(lambda: [one for one in receipts(database, state="normalized") if one.body == body], 20)
    assert (kept[0].truncated, kept[0].body_size) == (False, 1024 * 1024)


def test_a_sender_that_hangs_up_in_mid_body_leaves_what_it_sent(served, database):
    parts = urlsplit(served.callback("terminal"))
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode() + b"half a body")
    (kept,) = until(lambda: receipts(database, reason="cut_off"), 20)
    assert (kept.body, kept.state) == (b"half a body", "quarantined")


def spoken(
    served, head: str, body: bytes, wait: float = 10, path: str = "", hang_up: bool = False
) -> tuple[bytes, float]:
    """What comes back for raw bytes until the line is closed, and after how many seconds."""
    parts = urlsplit(served.callback("terminal"))
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=wait) as line:
        line.sendall(f"POST {path or parts.path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
        if hang_up:
            line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
    return answer, time.monotonic() - began


@pytest.mark.parametrize("parser", ["auto", "python"])
@pytest.mark.parametrize("target", ["?agent=Олена", "?agent=Olena Koval&x= y", "?agent=Олена  Коваль&%20=é"])
def test_letters_and_blanks_that_nobody_encoded_are_no_reason_to_lose_a_callback(
    served, database, parsed_in_python, parser, target
):
    """As PHP and curl send them. The line goes on: a second request follows on it."""
    own = served if parser == "auto" else parsed_in_python
    parts = urlsplit(own.callback("terminal"))
    call = f"{parser} {target}"
    body = json.dumps(terminal(call_id=call, log_id=call)).encode()
    head = f"POST {parts.path}{target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        for more in ("", "Connection: close\r\n"):
            line.sendall(f"{head}{more}\r\n".encode() + body)
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert said.count(BODY) == said.count(b" 200 OK") == 2
    kept = [one for one in receipts(database) if one.body == body]
    assert [one.query for one in kept] == [quote(target[1:], safe="?&=%")] * 2


@pytest.mark.parametrize("parser", ["auto", "python"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n\r\n"], ids=["LF", "blank lines"])
@pytest.mark.parametrize("with_the_next", [False, True])
def test_line_ends_between_requests_are_no_reason_to_lose_a_callback(
    served, database, parsed_in_python, parser, end, with_the_next
):
    """Of a sender that ends its body with one and has not counted it."""
    parts = urlsplit((served if parser == "auto" else parsed_in_python).callback("terminal"))
    call = f"{parser} {end} {with_the_next}"
    body = json.dumps(terminal(call_id=call, log_id=call)).encode()
    head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    first, second = (f"{head}{more}\r\n".encode() + body + end for more in ("", "Connection: close\r\n"))
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        if with_the_next:
            line.sendall(first + second)
        else:
            line.sendall(first)
            time.sleep(0.2)
            line.sendall(second)
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert said.count(BODY) == said.count(b" 200 OK") == 2
    assert [one.reason for one in receipts(database) if one.body == body] == [None, None]


@pytest.mark.parametrize("parser", ["auto", "python"])
@pytest.mark.parametrize(
    ("sent", "status", "error_id"),
    [
        ("GET /api/v1/outcomes?a=" + 9_000 * "a" + " HTTP/1.1\r\nHost: x\r\n\r\n", b"414 URI Too Long", "too_large"),
        ("GET /api/v1/outcomes HTTP/1.1\r\n" + 200 * "X: y\r\n" + "\r\n", b"431 Request Header", "too_large"),
        ("GET /api/v1/outcomes HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400 Bad Request", "bad_request"),
        ("GET /api/v1/<b>\x01 HTTP/1.1\r\nHost: x\r\n\r\n", b"400 Bad Request", "bad_request"),
    ],
)
def test_what_is_no_http_and_no_callback_is_told_as_every_error(
    served, parsed_in_python, parser, sent, status, error_id
):
    parts = urlsplit((served if parser == "auto" else parsed_in_python).url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(sent.encode())
        head, _, body = b"".join(iter(lambda: line.recv(65_536), b"")).partition(b"\r\n\r\n")
    told = json.loads(body)
    assert head.startswith(b"HTTP/1.1 " + status) and f"X-Request-Id: {told['request_id']}".encode() in head
    assert list(told) == ["error_id", "message", "details", "request_id"] and told["error_id"] == error_id
    assert b"<b>" not in body


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    "sent, kept",
    [
        (b"8\r\nbad size\r\nxyz\r\n", b"bad size"),
        (b"9\r\nbad end 9no terminator", b"bad end 9"),
        (b"b\r\nbad trailer\r\n0\r\nno trailer at all\r\n\r\n", b"bad trailer"),
    ],
)
def test_a_body_of_broken_chunks_is_answered_and_kept_as_far_as_it_came(served, database, sent, kept):
    answer, _ = spoken(served, CHUNKED, sent)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(BODY)
    (receipt,) = [one for one in receipts(database, reason="cut_off") if one.body == kept]
    assert (receipt.state, receipt.body_size, receipt.stranger) == ("quarantined", len(kept), False)


@pytest.mark.parametrize("length", [2**63 - 1, 2**63, 2**64 + 7, 10**30], ids=["2^63-1", "2^63", "2^64+7", "10^30"])
@pytest.mark.parametrize("parser", ["auto", "python"])
def test_a_length_that_no_table_holds_is_answered_and_kept(served, database, parsed_in_python, parser, length):
    """A parser may refuse it, or let it through; both are right. What became of it is kept once, with the true reason."""
    body = f"absurd {parser} {length} ".encode() * 3
    head = f"Content-Length: {length}\r\nConnection: close"
    answer, _ = spoken(served if parser == "auto" else parsed_in_python, head, body, hang_up=True)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(BODY)
    (receipt,) = [one for one in receipts(database) if one.body.endswith(body)]
    kept = (receipt.reason, receipt.body_size, receipt.truncated)
    let_through = ("cut_off", len(body), False)  # a sender who hangs up long before the end of what was announced
    refused = ("malformed_request", len(receipt.body), False)
    assert kept == (let_through if receipt.body == body else refused)
    if receipt.body != body:
        assert f"Content-Length: {length}".encode() in receipt.body


@pytest.mark.parametrize("parser", ["auto", "python"])
def test_more_than_is_read_of_such_a_length_is_kept_cut(served, database, parsed_in_python, parser):
    body = b"without end " * 5_592_406
    head = f"Content-Length: {10**30}\r\nConnection: close\r\nX-Parser: {parser}"
    before = {one.id for one in receipts(database)}
    answer, _ = spoken(served if parser == "auto" else parsed_in_python, head, body)
    assert answer.startswith(b"HTTP/1.1 200 ")
    (receipt,) = [one for one in receipts(database) if one.id not in before and b"without end" in one.body]
    assert (len(receipt.body), receipt.truncated) == (1024 * 1024, True)
    assert (receipt.reason, receipt.body_size) in [
        ("oversized", 2**63 - 1),  # as announced, as far as the column goes
        ("malformed_request", receipt.body_size),
    ]
    assert receipt.body_size > 1024 * 1024


@pytest.mark.parametrize("head, sent, kept", [("Content-Length: 50", b"s", b"s"), (CHUNKED, b"5\r\nst", b"st")])
def test_a_sender_that_stalls_is_not_waited_for(served, database, head, sent, kept):
    answer, seconds = spoken(served, head, sent, wait=15)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert 4 < seconds < 8
    assert [one.body_size for one in receipts(database, reason="cut_off") if one.body == kept] == [len(kept)]


def test_stalled_senders_in_numbers_hold_the_others_up_for_seconds_only(served):
    parts = urlsplit(served.callback("terminal"))
    lines = [socket.create_connection((parts.hostname, parts.port)) for _ in range(48)]  # of 2 x 16 threads
    try:
        for line in lines:
            line.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1".encode())
        time.sleep(0.5)
        assert_received(requests.post(served.callback("connect"), data=b"{}", timeout=20))
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("path", ["/{}", "///{}", "/{}/"])
def test_slashes_around_the_path_do_not_count(served, database, path):
    body = f'{{"slashes":"{path}"}}'.encode()
    path = path.format(urlsplit(served.callback("terminal")).path)
    answer, _ = spoken(served, f"Content-Length: {len(body)}\r\nConnection: close", body, path=path)
    assert answer.startswith(b"HTTP/1.1 200 ")
    (receipt,) = [one for one in receipts(database, kind="terminal") if one.body == body]
    assert (receipt.connection, receipt.stranger) == ("ryng", False)


def test_slashes_within_the_path_do_not_count_and_no_token_becomes_a_kind(served, database):
    path = urlsplit(served.callback("terminal")).path.replace("/", "//")
    answer, _ = spoken(served, "Content-Length: 9\r\nConnection: close", b"a//b//c//", path=path)
    assert answer.startswith(b"HTTP/1.1 200 ")
    (receipt,) = [one for one in receipts(database) if one.body == b"a//b//c//"]
    assert (receipt.connection, receipt.kind, receipt.stranger) == ("ryng", "terminal", False)
    token = path.split("/")[-3]
    assert not [one for one in receipts(database) if token in one.kind]


def test_garbage_is_answered_and_quarantined(served, database):
    assert_received(requests.post(served.callback("terminal"), data=b"\x00\xff garbage"))
    (kept,) = until(lambda: [o for o in receipts(database, reason="unparseable") if o.body == b"\x00\xff garbage"], 20)
    assert kept.state == "quarantined"


def test_several_callbacks_on_one_line(served):
    parts = urlsplit(served.callback("connect"))
    line = http.client.HTTPConnection(parts.hostname, parts.port)
    for number in range(3):
        line.request("POST", parts.path, body=json.dumps({"callID": f"line{number}", "event": "agent-connected"}))
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (200, BODY)
    line.close()


def test_the_token_is_in_no_log(served):
    token = served.callback("terminal").split("/")[-2]
    log = served.folder / "err"
    until(lambda: "worker_started" in log.read_text(), 20)
    assert token not in log.read_text()
