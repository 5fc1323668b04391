"""Errors: one shape for all of them, the field named, nothing of the inside shown."""

import codecs
import io
import logging
import sqlite3
from tempfile import NamedTemporaryFile

import pytest
from gunicorn.http.errors import InvalidChunkSize
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from queries import selection
from tests.databases import refuse_writes
from web import keys
from web.auth import API
from web.context import context
from web.errors import LOCKED, NO_RIGHTS, READ_ONLY, UNPREPARED

LIST = f"{API}/outcomes"


def error(response, status):
    assert response.status_code == status
    assert response.content_type == "application/json"
    assert list(response.json) == ["error_id", "message", "details", "request_id"]
    assert response.json["message"].endswith(".")
    assert response.headers["X-Request-Id"] == response.json["request_id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return response.json


@pytest.mark.parametrize(
    "address", ["/nowhere", "/api/v1", "/api/v1/", f"{API}/nowhere", f"{LIST}/", f"{LIST}/not-an-id"]
)
def test_nothing_there(asking_admin, asking_nobody, address):
    assert error(asking_admin.get(address), 404)["error_id"] == "not_found"
    assert error(asking_nobody.get(address), 404)["error_id"] == "not_found"


def test_a_wrong_method_is_told_the_right_ones(admin):
    response = admin.delete(LIST)
    assert error(response, 405)["error_id"] == "method_not_allowed"
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_and_options(admin, nobody):
    assert admin.head(LIST).status_code == 200
    assert admin.head(LIST).get_data() == b""
    with admin.head(f"{LIST}/export?format=csv") as response:
        assert response.status_code == 200
    assert "GET" in nobody.options(LIST).headers["Allow"]


@pytest.mark.parametrize(
    "query, field",
    [
        ("agnet=priya", "agnet"),
        ("campaign=6541", "campaign"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1_0", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=10&limit=20", "limit"),
        ("order=name", "order"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("since=yesterday", "since"),
        ("since=05/11/2026", "since"),  # the fifth of November, or the eleventh of May
        ("since=2026-11-18T10:00:00 IST", "since"),  # of three zones
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("until=9999-12-31T23:59:59-14:00", "until"),
        ("until=2026-02-30", "until"),
        ("until=2026-11-18T25:00:00Z", "until"),
        ("changed_since=1e400", "changed_since"),
        ("is_final=1", "is_final"),
        ("is_final=yes", "is_final"),
        ("connect_outcome=answered", "connect_outcome"),
        ("connect_outcome=connected&connect_outcome=answered", "connect_outcome"),
        ("settling=done", "settling"),
        ("flag=vip", "flag"),
        ("answered_by=robot", "answered_by"),
        ("dialer=asterisk", "dialer"),
        ("agent=", "agent"),
        ("%00=1", "\x00"),
        ("agent=%00", "agent"),
        ("connection=ryng-main&connection=a%00b", "connection"),
        ("&".join(f"lead_id={at}" for at in range(101)), "lead_id"),
    ],
)
def test_a_bad_parameter_is_named(asking_admin, query, field):
    found = error(asking_admin.get(f"{LIST}?{query}"), 422)
    assert found["error_id"] == "invalid"
    assert list(found["details"]) == [field]


@pytest.mark.parametrize(
    "address, field",
    [
        ("/outcomes/changes?after=x", "after"),
        ("/outcomes/changes?since=2026-11-18", "since"),
        ("/outcomes/export", "format"),
        ("/outcomes/export?format=yaml", "format"),
        ("/outcomes/export?format=csv&limit=5", "limit"),
        ("/reports/summary?group_by=week", "group_by"),
        ("/reports/summary?group_by=day,", "group_by"),
        ("/reports/summary?tz=Mars/Base", "tz"),
        ("/reports/summary?tz=%00", "tz"),
        ("/reports/reconciliation?group_by=day", "group_by"),
        ("/campaigns?cursor=x", "cursor"),
        ("/queues?dialer=ryng", "dialer"),
        ("/receipts?state=lost", "state"),
        ("/receipts?cursor=x", "cursor"),
        ("/connections?name=x", "name"),
        ("/receipts/019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11?body=no", "body"),
    ],
)
def test_a_bad_parameter_is_named_elsewhere_too(asking_admin, address, field):
    assert list(error(asking_admin.get(API + address), 422)["details"]) == [field]


@pytest.mark.parametrize("text", ["%ED%A0%80", "%ff", "%F0%9F%93%9E", "%25", "'", "%5C", "%0A", "a" * 500])
@pytest.mark.parametrize("name", ["campaign_name", "agent", "number", "disposition", "connection"])
def test_any_text_may_be_asked_for(asking_admin, name, text):
    assert asking_admin.get(f"{LIST}?{name}={text}").json == {"outcomes": [], "next": None}


@pytest.mark.parametrize(
    "body, content_type, status, field",
    [
        (b"{", "application/json", 400, "json"),
        (b"\xff", "application/json", 400, "json"),
        (b"[]", "application/json", 422, "_schema"),
        (b"{}", "application/json", 422, "state"),
        (b'{"stat": "quarantined"}', "application/json", 422, "stat"),
        (b'{"state": "pending"}', "application/json", 422, "state"),
        (b'{"state": ["quarantined"]}', "application/json", 422, "state"),
        (b'{"state": null}', "application/json", 422, "state"),
        (b'{"since": 5}', "application/json", 422, "since"),
        (b"state=quarantined", "application/x-www-form-urlencoded", 400, "json"),
    ],
)
def test_a_bad_body_is_named(asking_admin, body, content_type, status, field):
    response = asking_admin.post(f"{API}/receipts/replay", data=body, content_type=content_type)
    assert list(error(response, status)["details"]) == [field]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain", "application/json"])
def test_json_is_read_whatever_it_is_said_to_be(asking_admin, content_type, mark):
    """curl -d says that it sends a form, and others say nothing."""
    for body in (b'{"state": "quarantined"}', b'{"state": "pending"}'):
        response = asking_admin.post(f"{API}/receipts/replay", data=mark + body, content_type=content_type)
        if b"pending" in body:
            assert list(error(response, 422)["details"]) == ["state"]
        else:
            assert (response.status_code, response.json) == (202, {"replayed": 0})


def test_a_body_that_is_too_large(app, admin):
    app.config["MAX_CONTENT_LENGTH"] = 100
    response = admin.post(f"{API}/receipts/replay", data=b"x" * 101, content_type="application/json")
    assert error(response, 413)["error_id"] == "too_large"


def test_our_own_fault_tells_nothing_of_the_inside(admin, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(selection, "page", broken)
    with caplog.at_level(logging.CRITICAL):
        response = admin.get(LIST)
    found = error(response, 500)
    assert (found["error_id"], found["details"]) == ("internal_error", {})
    assert "hunter2" not in response.get_data(as_text=True)


def test_a_database_that_is_gone_is_an_error_and_not_an_empty_list(admin, monkeypatch):
    def gone(*_args, **_kwargs):
        raise OperationalError("SELECT secret", {}, Exception("gone"))

    for target, name in ((selection, "page"), (keys, "find_key")):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, gone)
            response = admin.get(LIST)
        assert error(response, 503)["error_id"] == "database_unavailable"
        assert "secret" not in response.get_data(as_text=True)


def locked() -> OperationalError:
    """As SQLite says it of a database that another process holds."""
    with NamedTemporaryFile() as file:
        holder = sqlite3.connect(file.name, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            sqlite3.connect(file.name, timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return OperationalError("BEGIN", {}, error)
        finally:
            holder.close()
    raise AssertionError("it was not locked")


def test_a_database_that_another_process_holds_is_said_to_be_locked_and_not_away(admin, monkeypatch, caplog):
    def held(*_, **__):
        raise locked()

    monkeypatch.setattr(selection, "page", held)
    caplog.set_level(logging.ERROR)
    body = error(admin.get(LIST), 503)
    assert (body["error_id"], body["message"]) == ("database_unavailable", LOCKED)
    assert "database is locked" in caplog.text


def test_a_database_without_tables_is_said_to_be_unprepared(admin, database, monkeypatch):
    def unprepared(session, *_, **__):
        session.execute(text("SELECT 1 FROM of_another_release"))

    monkeypatch.setattr(selection, "page", unprepared)
    assert error(admin.get(LIST), 503)["message"] == UNPREPARED


def test_a_database_that_takes_no_writes_is_said_to_be_readable_and_not_away(admin, app):
    refuse_writes(context(app).database)
    assert admin.get(LIST).status_code == 200
    found = error(admin.post(f"{API}/views", json={"name": "mine", "kind": "outcomes", "query": {}}), 503)
    assert (found["error_id"], found["message"]) == ("database_unavailable", READ_ONLY)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_right_that_is_lacking_is_said_to_be_and_not_our_fault(admin, app, database, monkeypatch, caplog):
    def refused(session, *_, **__):
        session.execute(text("SET LOCAL ROLE pg_database_owner"))
        session.execute(text("SELECT 1 FROM api_keys"))

    monkeypatch.setattr(selection, "page", refused)
    assert error(admin.get(LIST), 503)["message"] == NO_RIGHTS
    assert "permission denied for table api_keys" in caplog.text


def test_a_wrong_question_is_our_fault(admin, app, database, monkeypatch):
    if database.is_sqlite:
        pytest.skip("SQLite has one kind of error for this and for a database that is away")

    def wrong(session, *_, **__):
        session.execute(text("SELECT nothing FROM api_keys"))

    monkeypatch.setattr(selection, "page", wrong)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert error(admin.get(LIST), 500)["error_id"] == "internal_error"


def test_a_question_that_takes_the_database_too_long_is_told_so(admin, app, database, monkeypatch):
    """And not that the database is away."""
    endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"
    )
    context(app).database.limit(0.2)
    monkeypatch.setattr(selection, "page", lambda session, *_args, **_kwargs: session.execute(endless).all())
    assert error(admin.get(LIST), 503)["error_id"] == "too_slow"


@pytest.mark.parametrize(
    "given, kept", [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 65, False), ("é", False)]
)
def test_the_callers_request_id_is_kept_where_it_is_usable(asking_nobody, given, kept):
    response = asking_nobody.get("/nowhere", headers={"X-Request-Id": given})
    assert (response.headers["X-Request-Id"] == given) is kept
    assert response.headers["X-Request-Id"]


def test_answers_are_not_to_be_stored(admin):
    assert admin.get(LIST).headers["Cache-Control"] == "no-store"


class Garbled(io.RawIOBase):
    """What gunicorn makes of chunks that are none."""

    def readable(self):
        return True

    def readinto(self, buffer):
        raise InvalidChunkSize(b"zz")


def test_chunks_that_cannot_be_told_apart_are_the_callers_fault(admin):
    response = admin.post(
        f"{API}/receipts/replay",
        headers={"Authorization": f"Bearer {admin.key}", "Content-Type": "application/json"},
        environ_overrides={"wsgi.input": Garbled(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    error(response, 400)
    assert response.json["error_id"] == "cut_off"
