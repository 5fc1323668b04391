"""Where a URL may lead that somebody else has chosen; over real sockets, with answers of the resolver that change."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
import trustme
from flask import Flask, request

from lib.http.errors import AddressRefused, Unavailable
from lib.http.exchange import Http, Patience
from lib.http.guarded import mistake, public
from rig.patience import stretched
from sandbox.server import running

FAST = Patience(connect=1.5, read=1.5, whole=3)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.0", "2606:4700::1111",
     "2a00:1450::1", "64:ff9b::808:808", "::ffff:8.8.8.8"],
)  # fmt: skip
def test_public_addresses(address):
    assert public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
        "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "4000::1",
        "2606:4700::1111%lo", "127.1", "0177.0.0.1", "", "localhost",
    ],
)  # fmt: skip
def test_all_others_are_not(address):
    assert not public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f000001", "http://0x7f.0.0.1/", "http://2130706433", "http://127.1", "http://0177.0.0.1/",
        "http://017700000001/", "http://127.0.0.1./", "http://localhost./", "https://example.com./", "http://.example.com/",
        "http://[fe80::1%25eth0]/", "http://[::1%lo]/", "http://[127.0.0.1]/", "http://[::1]x/", "http://[v1.a]/",
        "http://user@example.com/", "http://example.com@127.0.0.1/", "http://example.com:80@127.0.0.1/",
        "http://example.com\\@127.0.0.1/", "http://127.0.0.1#@example.com/", "http://example.com:123456/",
        "http://\uff11\uff12\uff17.0.0.1/", "http://\u2460.example/", "http://ex ample.com/", "http://example.com/a b",
        "http:///path", "http://", "//example.com/", "file:///etc/passwd", "gopher://example.com/", "http:example.com",
        "http://exa%6dple.com/", "http://1.2.3/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://example.0x1/",
        "http://example.com/\r\nHost: x", "http://" + "a" * 300 + ".com/", " http://example.com/",
        "http://boo\u212a.example/", "http://example.com/\u017f", "http://example.com:99999/", "http://example.com:0/",
    ],
)  # fmt: skip
def test_odd_spellings_are_refused_wherever_they_lead(url):
    for private in (False, True):
        said = mistake(url, private)
        if "#@" in url and private:  # to this machine, plainly
            continue
        assert said is not None and "example" not in said


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "https://10.1.1.1:8443/x", "http://[::1]:80/", "http://[::ffff:10.0.0.1]/", "http://LOCALHOST/",
     "http://crm.local/", "http://a.b.internal:80?x"],
)  # fmt: skip
def test_what_is_private_by_its_name_may_be_meant(url):
    assert mistake(url) is not None and mistake(url, private=True) is None


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "HTTPS://Example.COM:8443/a/b?c=d#e", "http://93.184.216.34/", "https://[2606:4700::1111]:443/",
     "https://xn--bcher-kva.example/hook", "https://my_host.example.com/", "https://3com.com/"],
)  # fmt: skip
def test_plain_urls_are_fine(url):
    assert mistake(url) is None


class Names:
    """What the resolver says, by host: the first time, the second ...; the last of them for ever after."""

    def __init__(self, monkeypatch, **said):
        self.asked = []
        self._said = said
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, host, port, *given, **named):
        said = self._said.get(str(host).partition(".")[0])
        if said is None:
            return self._real(host, port, *given, **named)
        self.asked.append(host)
        addresses = said[min(self.asked.count(host), len(said)) - 1]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]


@contextmanager
def place(context=None):
    app, asked = Flask("place"), []

    @app.get("/")
    def root():
        asked.append(request.host)
        return {"ok": True}

    with running(app, context) as url:
        yield int(url.rpartition(":")[2]), asked


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["93.184.216.34", "127.0.0.1"], []])
def test_a_name_that_leads_to_a_private_address_is_not_asked(monkeypatch, addresses):
    with place() as (port, asked):
        Names(monkeypatch, hook=[addresses])
        with pytest.raises(AddressRefused, match="not public"):
            Http(FAST, admits=public).exchange("GET", f"http://hook.example:{port}/")
        assert asked == []


def test_an_answer_of_the_resolver_that_changes_meanwhile_is_never_asked_for(monkeypatch):
    """It says a good address first, and another one ever after: only the good one may be connected to."""
    with place() as (port, asked):
        names = Names(monkeypatch, hook=[["127.0.0.1"], ["127.0.0.2"]])
        judged = []

        def admits(address):
            judged.append(address)
            return address == "127.0.0.1"

        answer = Http(FAST, admits=admits).exchange("GET", f"http://hook.example:{port}/")
        assert answer.status == 200
        assert names.asked == ["hook.example"] and judged == ["127.0.0.1"]
        assert asked == [f"hook.example:{port}"]  # the host is said as it was given
        with pytest.raises(AddressRefused):
            Http(FAST, admits=admits).exchange("GET", f"http://hook.example:{port}/")
        assert len(asked) == 1


def test_tls_verifies_the_name_and_not_the_address(monkeypatch, tmp_path):
    authority = trustme.CA()
    path, context = tmp_path / "ca.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(path)
    authority.issue_cert("hook.example").configure_cert(context)
    shown = []
    context.sni_callback = lambda line, name, _: shown.append(name)
    Names(monkeypatch, hook=[["127.0.0.1"]], other=[["127.0.0.1"]])
    with place(context) as (port, _):
        http = Http(FAST, str(path), admits=lambda address: True)
        assert http.exchange("GET", f"https://hook.example:{port}/").status == 200
        assert shown == ["hook.example"]
        with pytest.raises(Unavailable, match="certificate"):
            http.exchange("GET", f"https://other.example:{port}/")
        with pytest.raises(Unavailable, match="certificate"):
            http.exchange("GET", f"https://127.0.0.1:{port}/")


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "localhost."])
def test_odd_spellings_are_not_connected_to_either(host):
    with place() as (port, asked):
        with pytest.raises(AddressRefused):
            Http(FAST, admits=lambda address: True).exchange("GET", f"http://{host}:{port}/")
        assert asked == []


def test_the_next_address_is_tried_where_one_does_not_accept(monkeypatch):
    with place() as (port, asked):
        Names(monkeypatch, hook=[["127.0.0.9", "127.0.0.1"]])
        assert Http(FAST, admits=lambda address: True).exchange("GET", f"http://hook.example:{port}/").status == 200
    with pytest.raises(Unavailable, match="connection was refused"):
        Http(FAST, admits=lambda address: True).exchange("GET", f"http://hook.example:{port}/")


def test_a_name_that_nobody_knows_is_said(monkeypatch):
    def unknown(*given, **named):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="cannot be resolved"):
        Http(FAST, admits=public).exchange("GET", "http://hook.example/")


def test_a_resolver_that_says_nothing_is_not_waited_for(monkeypatch):
    let_go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: let_go.wait(20) and [])
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        Http(Patience(connect=0.3, read=1, whole=1), admits=public).exchange("GET", "http://hook.example/")
    assert time.monotonic() - began < stretched(2)
    let_go.set()


def test_a_connection_of_this_kind_has_an_end_too():
    """As every exchange, also where bytes come one by one."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            line, _ = server.accept()
            with line:
                line.recv(65_536)
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
                        line.sendall(bytes([byte]))
                        if stop.wait(0.05):
                            return
                except OSError:
                    return

        stop = threading.Event()
        threading.Thread(target=drip, daemon=True).start()
        patience = Patience(connect=1, read=1, whole=1, altogether=1)
        with pytest.raises(Exception, match="longer than 1 s"):
            Http(patience, admits=lambda address: True).exchange("GET", f"http://127.0.0.1:{server.getsockname()[1]}/")
        stop.set()
