"""Where a request came from, as the application sees it; refusals leave that in the log, and do not fill it."""

from dataclasses import replace

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from structlog.testing import LogCapture
from werkzeug.test import create_environ, run_wsgi_app

from lib.proxies import Proxies
from service.app import create_app
from tests.web.conftest import settings_for
from tests.web.pages.conftest import Browser, new_key
from web.auth import API
from web.context import FAILURES, SECONDS, context
from web.origin import Origin
from web.pages import session

PROXY, STRANGER = "127.0.0.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        (PROXY, {}, "http"),
        (PROXY, {"HTTP_X_FORWARDED_PROTO": "https"}, "https"),
        (PROXY, {"HTTP_X_FORWARDED_PROTO": "HTTPS"}, "https"),
        (PROXY, {"HTTP_X_FORWARDED_PROTO": "https,http"}, "http"),  # the last one is the proxy's
        (PROXY, {"HTTP_X_FORWARDED_PROTO": "gopher"}, "http"),
        (PROXY, {"HTTP_X_FORWARDED_SSL": "on"}, "http"),
        (STRANGER, {"HTTP_X_FORWARDED_PROTO": "https"}, "http"),
    ],
)
def test_a_proxy_of_ours_says_whether_it_was_https(peer, said, scheme):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("204 No Content", [])
        return []

    run_wsgi_app(Origin(app, Proxies([PROXY])), create_environ("/") | {"REMOTE_ADDR": peer} | said)
    assert (seen["wsgi.url_scheme"], seen["wrapup.client"]) == (scheme, peer)


@pytest.fixture
def app(database, database_url, tmp_path):
    app = create_app(replace(settings_for(database_url, tmp_path), proxies=Proxies([PROXY])))
    yield app
    context(app).database.close()


@pytest.fixture
def lines(monkeypatch):
    capture = LogCapture()
    monkeypatch.setattr("web.origin.log", structlog.wrap_logger(None, [capture], structlog.stdlib.BoundLogger))
    return capture.entries


def refused(client, **environ) -> int:
    return client.get(f"{API}/outcomes", environ_base=environ).status_code


@pytest.mark.parametrize(
    ("environ", "logged"),
    [
        ({"REMOTE_ADDR": STRANGER}, {"address": STRANGER}),
        (
            {"REMOTE_ADDR": STRANGER, "HTTP_X_FORWARDED_FOR": "1.2.3.4"},
            {"address": STRANGER, "forwarded_for": "1.2.3.4"},  # which the caller says by itself
        ),
        ({"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": STRANGER}, {"address": STRANGER, "peer": PROXY}),
        (
            {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": f"1.2.3.4, {STRANGER}"},
            {"address": STRANGER, "peer": PROXY, "forwarded_for": f"1.2.3.4, {STRANGER}"},
        ),
    ],
)
def test_a_refusal_says_where_it_came_from(app, lines, environ, logged):
    assert refused(app.test_client(), **environ) == 401
    assert lines == [{"event": "key_required", "log_level": "warning"} | logged]


def test_refusals_do_not_fill_the_log(app, lines):
    client = app.test_client()
    for _ in range(50):
        assert refused(client, REMOTE_ADDR=STRANGER) == 401
    assert len(lines) == 10
    refused(client, REMOTE_ADDR="203.0.113.10")
    assert (len(lines), lines[-1]["unlogged"]) == (11, 40)
    for number in range(500):
        refused(client, REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}")
    assert len(lines) < 110


def test_a_database_that_is_away_is_nobodys_failure_to_sign_in(app, monkeypatch):
    browser = Browser(app.test_client())

    def away(text):
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(session, "sign_in", away)
    for _ in range(2 * FAILURES):
        assert browser.sign_in(key="wk_any").status_code == 503
    monkeypatch.undo()
    assert browser.sign_in(key="wk_any").status_code == 401


def test_signing_in_is_slowed_down_for_the_address_that_fails(app, database):
    key = new_key(database, "read")

    def tried(address: str, text: str):
        browser = Browser(app.test_client())
        browser.client.environ_base["REMOTE_ADDR"] = address
        return browser.sign_in(key=text)

    for _ in range(3 * FAILURES):  # what succeeds does not count
        assert tried("203.0.113.10", key).status_code == 303
    assert [tried(STRANGER, "wk_no").status_code for _ in range(FAILURES)] == [401] * FAILURES
    throttled = tried(STRANGER, key)
    assert throttled.status_code == 429 and 1 <= int(throttled.headers["Retry-After"]) <= SECONDS
    assert tried("203.0.113.10", key).status_code == 303
