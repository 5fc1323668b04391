"""GET /calls, behind its switch: kept raw, on both databases."""

import pytest
from sqlalchemy import select

from dialers.voipex import DIALER
from lib.http.errors import Garbled, Unavailable
from models import Receipt
from outcomes.normalize import normalize_pending
from polling import poll_connection
from tests.dialers.voipex.stage import stage

(CALLS,) = DIALER.reports


def walk(played):
    return [record.body for page in CALLS.walk(played.client, played.connection, None) for record in page.records]


@pytest.fixture
def played():
    with stage(settings={"poll_calls": True}) as found:
        found.voipex.furnish(3)
        yield found


def test_it_is_asked_for_only_where_the_switch_is_on(played):
    assert DIALER.reports_of(played.connection) == [CALLS]
    with stage() as off:
        assert DIALER.reports_of(off.connection) == []


def test_the_elements_of_an_array_are_records(played):
    assert walk(played) == []
    for _ in range(3):
        played.voipex.call("busy")
    assert len(walk(played)) == 3
    assert all(body.startswith(b'{"') and b'"busy"' in body for body in walk(played))


def test_another_shape_is_one_record(played):
    played.voipex.call("busy")
    played.faults({"calls_in_object": True})
    (body,) = walk(played)
    assert body.startswith(b'{"items":')


def test_a_token_that_expires_before_the_walk_is_renewed(played):
    walk(played)
    played.faults({"expired": {"times": 1, "path": "calls"}})
    walk(played)
    assert played.asked("/calls") == [200, 401, 200]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("html", Garbled),
        ("empty", Garbled),
        ("garbled_after", Garbled),
        ("server_error", Unavailable),
        ("drop", Unavailable),
    ],
)
def test_answers_that_are_none(played, fault, kind):
    played.voipex.call("busy")
    played.faults({fault: {"path": "calls"}})
    with pytest.raises(kind):
        walk(played)


def test_records_are_kept_once_and_ignored(played, database):
    for _ in range(2):
        played.voipex.call("busy")
    for new in (2, 0):
        (polled,) = poll_connection(database, played.connection)
        assert (polled.error, polled.kept.seen, polled.kept.new) == (None, 2, new)
    while normalize_pending(database, {played.connection.name: played.connection}):
        pass
    with database.read() as session:
        found = session.execute(select(Receipt.state, Receipt.reason)).all()
    assert found == [("ignored", "calls_schema_unknown")] * 2


def test_nothing_is_polled_where_the_switch_is_off(database):
    with stage() as off:
        assert poll_connection(database, off.connection) == []
        assert off.voipex.requests == []
