"""What the operator reads about polled reports."""

from datetime import timedelta

from polling import health
from tests.polling.polls import NOW, on_one_database, poll, poll_all_due, polled_portal


def read(database, at=NOW):
    with database.read() as session:
        return {report.report: report for report in health.reports(session, "qvoice-main", at)}


@on_one_database
def test_nothing_was_polled_yet(database):
    assert read(database) == {}


def test_fresh_reports_say_how_far_they_are_complete(database):
    with polled_portal() as (found, clock):
        poll_all_due(database, found, clock)
    history = read(database)["lead_history"]
    assert history.words == "lead history complete to 12:00 UTC"
    assert (history.complete_to, history.last_ok_at, history.failures, history.error) == (NOW, NOW, 0, None)
    assert set(read(database)) == {"lead_history", "leads", "campaign_status", "queue_status"}
    assert read(database, NOW + timedelta(days=1))["leads"].words == "leads complete to 2026-11-18 12:00 UTC"


@on_one_database
def test_a_report_that_fails_says_why_and_how_old_it_is(database):
    with polled_portal() as (found, clock):
        poll(database, found, clock)
        found.fault(server_error={"path": "history"})
        for _ in range(3):
            clock.pass_(minutes=1)
            poll(database, found, clock)
    history = read(database)["lead_history"]
    assert (history.words, history.failures) == ("lead history complete to 12:00 UTC", 3)
    assert history.error_id == "unavailable" and "cannot answer now (500" in history.error


@on_one_database
def test_a_report_that_never_went_well(database):
    with polled_portal() as (found, clock):
        found.fault(login_refused=True)
        poll(database, found, clock)
    history = read(database)["lead_history"]
    assert (history.words, history.complete_to) == ("lead history not read yet", None)
    assert history.error_id == "credentials_refused"
