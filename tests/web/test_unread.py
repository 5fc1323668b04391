"""What was received and is in no figure yet is said in headers of whatever is asked over calls."""

from datetime import timedelta

import pytest

from lib import clock
from tests import factories
from web.context import context
from web.unread import RECEIPTS, SPOOL

ASKED = [
    "outcomes",
    "outcomes/export?format=ndjson",
    "reports/summary",
    "reports/reconciliation",
    "reports/connect_rate",
    "leads?figure=attempts_per_lead.leads",
]


def told(client, path):
    answer = client.get(f"/api/v1/{path}", buffered=True)
    assert answer.status_code == 200, answer.text
    return answer.headers.get(RECEIPTS), answer.headers.get(SPOOL)


def waits(database, **since):
    at = clock.now() - timedelta(**since)
    with database.write() as session:
        factories.receipt(session, state="pending", received_at=at, seen_at=at, processed_at=None)


@pytest.mark.parametrize("path", ASKED)
def test_receipts_that_wait_to_be_read_are_said_to_be_missing(reader, database, path):
    assert told(reader, path) == (None, None)
    waits(database, seconds=2)
    assert told(reader, path) == (None, None), "it is read within the second, where a worker keeps up"
    waits(database, seconds=60)
    seconds, spooled = told(reader, path)
    assert 60 <= int(seconds) < 90 and spooled is None


def test_so_are_those_of_a_clock_that_was_ahead(reader, database):
    waits(database, hours=-1)
    assert told(reader, "reports/summary") == ("unknown", None)


def test_callbacks_in_the_spool_are_said_to_be_missing(reader, app):
    context(app).spool.append([b"x" * 90])
    assert [told(reader, path) for path in ASKED] == [(None, "100")] * len(ASKED)
    context(app).spool.folder.rename(context(app).spool.folder.with_name("away"))
    context(app).spool.folder.symlink_to("spool")  # a circle: nobody can look into it
    assert [told(reader, path) for path in ASKED] == [(None, "unknown")] * len(ASKED)


def test_who_asks_of_one_call_or_follows_the_feed_is_told_nothing(reader, database):
    with database.write() as session:
        row = factories.outcome(session)
    waits(database, seconds=60)
    assert told(reader, f"outcomes/{row.id}") == told(reader, "outcomes/changes") == (None, None)


def test_a_link_says_it_too(reader, nobody, database):
    view = reader.post("/api/v1/views", json={"name": "Mine", "kind": "outcomes", "query": {}}).json["view"]
    made = reader.post("/api/v1/export-links", json={"view_id": view["id"], "name": "Excel"}).json
    waits(database, seconds=60)
    answer = nobody.get("/x/" + made["urls"]["csv"].partition("/x/")[2], buffered=True)
    assert answer.status_code == 200 and 60 <= int(answer.headers[RECEIPTS]) < 90
