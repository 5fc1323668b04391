"""Of a time of which calls were deleted for their age nothing is known: no report says 0 of it."""

from datetime import UTC, datetime, timedelta

import pytest

from models import Kept
from queries.lacking import lacking
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.web.asking import answered
from tests.web.pages.conftest import browser_with
from tests.web.pages.shown import text
from web.auth import API

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
SENTENCE = (
    "What there was before 2026-11-01 05:30 (Asia/Kolkata) has been deleted for its age ([retention]): of that time, "
)
OCTOBER = {"since": "2026-10-01", "until": "2026-11-01", "tz": "UTC"}
NOTE = "What there was before 2026-11-01 00:00 (UTC) has been deleted for its age ([retention]): of that time, nothing is known."


@pytest.fixture(autouse=True)
def kept(database):
    """Since November. One call of October is still there: the rest of it is being deleted."""
    with database.write() as session:
        session.add(Kept(kind="outcomes", since=SINCE, deleting=True, rounds=1))
        for at in (SINCE - timedelta(hours=1), SINCE + timedelta(days=3)):
            factories.outcome(session, started_at=at, lead_id="1")
        sent = {"sent_at": SINCE - timedelta(days=9)}
        factories.load(
            session, [{"dialer_id": str(at), **sent} for at in range(3)], finished_at=SINCE + timedelta(days=1)
        )


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_report_says_0_of_it(reader, name):
    found = answered(reader, name, **OCTOBER)
    assert (found["rows"], found["note"]) == ([], NOTE)
    told = {name: value for name, value in found["totals"].items() if name not in ("reasons", "limit")}
    assert told and not any(value for value in told.values() if not isinstance(value, dict)), told
    assert all(value is None or set(value.values()) == {None} for value in told.values()), told
    assert set(found["totals"]["reasons"].values()) == {NOTE}


def test_of_what_is_kept_everything_is_known(reader):
    found = answered(reader, "attempts", since="2026-11-01", until="2026-12-01", tz="UTC")
    assert (found["note"], found["totals"]["attempts"]) == (None, 1)
    assert reader.get(f"{API}/reports/summary?since=2026-11-01").json["note"] is None


def test_what_is_there_of_a_longer_time_is_counted_and_the_rest_is_named(reader):
    found = answered(reader, "attempts", since="2026-10-01", tz="Asia/Kolkata")
    assert found["totals"]["attempts"] == 2 and found["note"].startswith(SENTENCE)
    assert answered(reader, "attempts")["note"] == NOTE


def test_what_is_compared_with_it_is_compared_with_nothing(reader):
    found = answered(reader, "attempts", since="2026-11-01", until="2026-12-01", tz="UTC", compare="previous")
    assert (found["totals"]["attempts_before"], found["totals"]["attempts_change"]) == (None, None)
    assert (found["note"], found["compared_with"]["note"]) == (None, NOTE)


def test_summary_and_reconciliation_count_nothing_of_it(reader):
    for name, figure in (("summary", "calls"), ("reconciliation", "calls")):
        found = reader.get(f"{API}/reports/{name}", query_string=OCTOBER).json
        assert (found["rows"], found["totals"][figure], found["note"]) == ([], None, NOTE)
    assert reader.get(f"{API}/reports/summary", query_string=OCTOBER).json["totals"]["connect_outcomes"]["busy"] is None


def test_leads_whose_calls_are_deleted_are_not_said_to_have_none(reader):
    found = reader.get(f"{API}/reports/reconciliation?tz=UTC").json
    assert (found["totals"]["leads_without_call"], found["note"]) == (0, NOTE)
    found = answered(reader, "penetration", tz="UTC")
    assert (found["totals"]["loaded"], found["totals"]["penetration"], found["note"]) == (0, None, NOTE)


def test_a_file_has_no_0(reader):
    lines = reader.get(f"{API}/reports/attempts", query_string=OCTOBER | {"format": "csv"}).text.splitlines()
    assert lines == ["attempts", '""'] or lines == ["attempts", ""]


def test_pages_say_so(app, database):
    browser = browser_with(app, database, "read")
    span = "since=2026-10-01T00:00:00Z&until=2026-11-01T00:00:00Z"
    page = text(browser, f"/reports/attempts?{span}&tz=UTC&group_by=day")
    assert NOTE in page and "There is no row: no call or lead makes one." not in page
    assert NOTE in text(browser, "/calls?until=2026-10-31T00:00:00Z")
    assert "[retention]" not in text(browser, "/calls")


def test_mails_say_so(database):
    with database.read() as session:
        assert lacking(session, {}, {"since": SINCE - timedelta(days=1)}, "UTC", SINCE + timedelta(days=9), 0) == [NOTE]
        assert lacking(session, {}, {"since": SINCE}, "UTC", SINCE + timedelta(days=9), 0) == []
