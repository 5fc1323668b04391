"""Every route with what no caller should send: always an answer in the API's form, never a fault of ours.

The table is the API's own description, so that a new parameter, path or body is tried as soon as it is described.
"""

import json
import re

import pytest

from lib import ids
from tests.thoroughly import part
from tests.web.conftest import client_with
from web.auth import API
from web.openapi import described

LONG = "9" * 5_000
# What stands in a parameter -> whether it must be refused there, and not only survived.
TEXTS = {
    "%00": True,
    "a%00b": True,
    LONG: False,
    "-" + LONG: False,
    "1e5000": False,
    "[" * 3_000: False,
    "%ED%A0%80": False,  # half a character
    "%FF%FE": False,
    "%F0%9F%93%9E": False,
    "": False,
}
PARAMETERS = ["%00", "x%00y"]
DEEP = "[" * 100_000 + "]" * 100_000
MANY = json.dumps(dict.fromkeys(map(str, range(50_000)))).encode()
# JSON that stands where a member's value stands.
VALUES = [
    DEEP,
    '{"a":' * 1_500 + "1" + "}" * 1_500,
    "[" * 500 + "]" * 500,
    LONG,
    "-" + LONG,
    "1" + "0" * 400,
    "1e999999",
    '"\\ud800"',
    '"a\\udc00b"',
    '"\\u0000"',
    '"a\\u0000b"',
    '["\\u0000"]',
    '{"\\u0000":1}',
    "NaN",
    "-Infinity",
    '"\udcff"',  # a byte that is no UTF-8
]
NAMES = {"connection": "qvoice-main", "name": "ryng-main", "campaign": "1", "call": "1", "lead": "1"}


@pytest.fixture
def admin(app, database):
    return client_with(app, database, "admin")


def operations(app):
    with app.app_context():
        spec = described()
    for path, found in spec["paths"].items():
        if not path.startswith(API):  # a receiver's, which answers everything with 200
            continue
        for method, operation in found.items():
            if method != "parameters":
                parameters = [*found.get("parameters", []), *operation.get("parameters", [])]
                yield method, path, [one for one in parameters if one["in"] == "query"], _body(spec, operation)


def _body(spec: dict, operation: dict) -> dict | None:
    """An example of its body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = spec["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    return {name: one.get("example", one.get("default")) for name, one in schema["properties"].items()}


def address(path: str, **places: str) -> str:
    own = NAMES | places
    return re.sub(r"{(\w+)}", lambda found: own.get(found[1], str(ids.new())), path)


def told(response, where) -> None:
    """Raises unless it is an answer, or an error in the form that errors have."""
    away = response.status_code == 503 and response.json["error_id"] == "unavailable"  # no dialer listens here
    assert response.status_code < 500 or away, where
    if response.status_code >= 400:
        assert list(response.json) == ["error_id", "message", "details", "request_id"], where
        assert len(response.data) < 20_000, where


@pytest.mark.slow
def test_whatever_stands_in_a_parameter(app, admin, database):
    tried = 0
    for number, (method, path, parameters, _) in enumerate(operations(app)):
        for one in parameters:
            for text, refused in part(TEXTS.items(), (number + database.is_sqlite) % 2):
                with admin.open(f"{address(path)}?{one['name']}={text}", method=method) as response:
                    where = (method, path, one["name"], text[:20])
                    told(response, where)
                    if refused:
                        assert response.status_code == 422, where
                        assert one["name"] in response.json["details"], where
                    tried += 1
        for name in PARAMETERS:
            told(admin.open(f"{address(path)}?{name}=1", method=method), (method, path, name))
    assert tried > 500


def test_whatever_stands_in_a_path(app, admin):
    for method, path, _, body in operations(app):
        for name in re.findall(r"{(\w+)}", path):
            for text, refused in TEXTS.items():
                response = admin.open(address(path, **{name: text or "%20"}), method=method, json=body)
                told(response, (method, path, name, text[:20]))
                if refused:
                    assert response.status_code in (404, 422), (method, path, name, text)


@pytest.mark.slow
def test_whatever_stands_in_a_body(app, admin, database):
    tried = 0
    for number, (method, path, _, body) in enumerate(operations(app)):
        if body is None:
            continue
        for name in body:
            for value in part(VALUES, (number + database.is_sqlite) % 2):
                members = [
                    f"{json.dumps(key)}:{value if key == name else json.dumps(own)}" for key, own in body.items()
                ]
                data = f"{{{','.join(members)}}}".encode("utf-8", "surrogateescape")
                response = admin.open(address(path), method=method, data=data, content_type="application/json")
                told(response, (method, path, name, value[:20]))
                assert 400 <= response.status_code < 500, (method, path, name, value[:20])
                tried += 1
        for data in (
            DEEP.encode(),
            LONG.encode(),
            b'"\\ud800"',
            b"\xff",
            b"",
            b"null",
            b"[]",
            b"{",
            b'{"\\u0000":1}',
            MANY,
        ):
            response = admin.open(address(path), method=method, data=data, content_type="application/json")
            told(response, (method, path, data[:20]))
            assert 400 <= response.status_code < 500, (method, path, data[:20])
    assert tried > 100


@pytest.mark.parametrize("path", ["/docs/{}", "/static/{}", "/{}", "/api/v1/{}", "/x/{}", "/docs/dialers/{}"])
@pytest.mark.parametrize("text", [*filter(None, TEXTS), "..%2f..%2fsetup.cfg", "%2e%2e/%2e%2e/setup.cfg", "a" * 3_000])
def test_whatever_stands_where_no_parameter_is(asking_nobody, path, text):
    response = asking_nobody.get(path.format(text))
    assert response.status_code == 404
    told(response, (path, text[:20]))


YEAR = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
HEADERS = {
    "Authorization": [
        "Basic \xff",
        "Basic ====",
        "Basic",
        'Digest a="',
        "Bearer",
        "Bearer \xff",
        "Bearer a b",
        "bearer =",
        " ",
    ],
    "Cookie": [
        "a=b; " * 1_600,
        'session="' + "\\377" * 2_000,
        "session=" + "eyJ" * 2_000,
        "wrapup_zone=../../etc/passwd",
        "=;=;",
    ],
    "If-Modified-Since": [YEAR, "Mon, 01 Jan 0 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +" + "9" * 30, "1 " * 4_000],
    "If-Unmodified-Since": [YEAR, "x"],
    "If-Range": [YEAR, '"a"', "W/" * 4_000],
    "If-None-Match": ['"a",' * 2_000, '"' * 8_000, "W/" * 4_000, "*"],
    "Range": [f"bytes={LONG}-", "bytes=-" + LONG, "bytes=" + "0-0," * 2_000, "bytes=5-2", "bytes=\xb2-", "=", "bytes"],
    "Accept": ["a/b;q=0.1," * 800, "a/b;" * 2_000, "text/html;q=" + LONG, "text/html;q=nan,a/b;q=1e999", ";;;"],
    "Accept-Language": ["x-" * 3_000, "de;q=" + LONG],
    "Content-Type": [
        "multipart/form-data; boundary*" + LONG + "=x",
        "a/b;" + "a=b;" * 2_000,
        "application/json; charset=zlib",
        ";",
    ],
    "Content-Length": ["2"],
    "Host": ["<script>", "a:b:c", "[", "\xff", "x" * 8_000],
    "X-Request-Id": ["\xff", "x" * 8_000, "a b"],
    "X-Forwarded-For": ["," * 8_000, "1.2.3.4," * 1_000, "[::1", "\xff"],
    "X-Forwarded-Proto": ["javascript", "," * 8_000],
    "Referer": ["\xff", "http://[", "x" * 8_000],
    "Origin": ["null", "http://[", "\xff"],
    "User-Agent": ["\xff", "x" * 8_000],
    "Transfer-Encoding": ["gzip", "x" * 8_000],
}
ASKED = [
    "/",
    "/login",
    "/zone",
    "/nothing",
    "/static/pages.css",
    "/metrics",
    "/openapi.json",
    "/docs",
    f"{API}/outcomes?limit=1",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", ASKED)
def test_whatever_stands_in_a_header(asking_nobody, path):
    client = asking_nobody
    for name, values in HEADERS.items():
        more = {"Range": "bytes=0-1"} if name == "If-Range" else {}
        for value in values:
            for method in ("GET", "POST", "OPTIONS"):
                with client.open(path, method=method, headers={name: value} | more) as response:
                    assert response.status_code < 500, (method, path, name, value[:30])
