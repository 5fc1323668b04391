"""From a list of leads to outcomes: loaded, sent, asked for and understood, on both databases and over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from dialers import clients
from leads import loads, send_due
from leads.loading import Loading
from lib import clock
from models import Base
from outcomes.settle import settle_due
from polling import poll_connection
from polling.engine import Poller
from queries import health, statuses
from tests.dialers.jaicp.account import account
from tests.evidence import keep, normalize, outcomes, receipt

STATUSES = {
    "longCallWithResult": "connected",
    "longCallWithNoResult": "connected",
    "noAnswer": "no_answer",
    "nonexistentNumber": "invalid_number",
    "canceled": "canceled",
    "notDone": "canceled",
}


class Day:
    """A dialer, our connection to it and our database, with one clock for all of them."""

    def __init__(self, dialer, database):
        self.dialer, self.database, self.connection = dialer, database, dialer.connection

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.dialer.clock.at, UTC)

    def pass_(self, **length) -> None:
        self.dialer.clock.at += timedelta(**length).total_seconds()

    def load(self, *statuses: str, **options) -> None:
        """A lead for each status in which its job is to end."""
        rows = enumerate(
            (
                {"number": f"+7911{at:07d}", "fields": {"sandbox_status": status}}
                for at, status in enumerate(statuses, 1)
            ),
            1,
        )
        Loading(self.connection, "renewals", rows, options=options).keep(self.database)
        while send_due(self.database, self.connection, {}, now=self.now):
            pass

    def poll(self):
        """Everything, due or not."""
        polled = poll_connection(self.database, self.connection, now=self.now)
        assert [one.error for one in polled] == [None] * len(polled)
        self.understand()
        return polled

    def complete_to(self) -> dict[str, datetime]:
        """Report -> how far the pages call it complete."""
        with self.database.read() as session:
            (found,) = health.connections(session, {self.connection.name: self.connection}, self.now())
        return {one["report"]: clock.parse(one["complete_to"]) for one in found["freshness"]}

    def poll_due(self) -> list[tuple[str, str]]:
        """What is due now."""
        walker, walks = Poller(self.database, self.connection, clients.known(self.connection, self.now()), self.now), []
        while polled := walker.walk_due(walker.tasks):
            walks.append((polled.report, polled.layer))
        self.understand()
        return walks

    def understand(self) -> None:
        connections = {self.connection.name: self.connection}
        normalize(self.database, connections, now=self.now())
        while settle_due(self.database, connections, now=self.now()):
            pass

    def outcomes(self) -> dict[str, object]:
        return {outcome.status_raw: outcome for outcome in outcomes(self.database)}


@pytest.fixture
def day(database):
    with account() as dialer:
        yield Day(dialer, database)


def test_leads_become_outcomes(day):
    day.load(*STATUSES)
    day.poll()
    planned = outcomes(day.database)
    assert [(one.connect_outcome, one.settling) for one in planned] == [("pending", "provisional")] * 6
    day.pass_(minutes=10)
    day.poll()
    found = day.outcomes()
    assert {status: one.connect_outcome for status, one in found.items()} == STATUSES
    assert len(outcomes(day.database)) == 6  # nothing twice
    with_result = found["longCallWithResult"]
    jobs = {str(job["id"]): job for job in day.dialer.jaicp.taken()}
    assert with_result.customer_number == f"+{jobs[with_result.lead_id]['phone']}"
    assert (with_result.campaign_id, with_result.settling) == ("renewals", "settled")
    assert with_result.talk_seconds == with_result.duration_seconds > 0
    assert with_result.started_at < with_result.ended_at
    assert set(with_result.custom_fields) == {"Score"}
    assert found["longCallWithNoResult"].settling == "settled"  # none can come any more
    assert found["noAnswer"].settling == "settled" and found["noAnswer"].talk_seconds is None


def test_a_leads_reference_is_on_its_outcome(day):
    """Loaded, sent over HTTP, asked for again: the outcome is the CRM's own lead, though JAICP never heard of the reference."""
    rows = [
        {
            "number": f"+7911000000{at}",
            "reference": f"crm-90{at}",
            "name": "Ann Lee",
            "fields": {"sandbox_status": status},
        }
        for at, status in ((1, "noAnswer"), (2, "longCallWithResult"))
    ]
    Loading(day.connection, "renewals", enumerate(rows, 1)).keep(day.database)
    while send_due(day.database, day.connection, {}, now=day.now):
        pass
    day.poll()
    assert {one.crm_reference for one in outcomes(day.database)} == {"crm-901", "crm-902"}  # while they are planned
    day.pass_(minutes=10)
    day.poll()
    found = day.outcomes()
    unanswered, talked = found["noAnswer"], found["longCallWithResult"]
    assert (unanswered.crm_reference, talked.crm_reference) == ("crm-901", "crm-902")
    assert unanswered.customer_name == "Ann Lee" and unanswered.sources == ["lead", "report:jobs"]
    assert unanswered.set_by["crm_reference"].startswith("lead:")
    # What the script reported outranks what was loaded.
    assert (set(talked.custom_fields), unanswered.custom_fields) == (
        {"Name", "Score"},
        {"sandbox_status": "noAnswer"},
    )


def test_leads_with_one_number_are_in_different_requests(day):
    """help.cloud.just-ai.com, "Adding phone numbers to the campaign", answers "an array of all created call job IDs", not
    whether equal numbers in one request become two jobs. Where they do not, the whole request would be in doubt."""
    day.dialer.fault(equal_numbers_once={})
    numbers = ["+79110000001", "+79110000002", "+79110000001", "+79110000003", "+79110000001"]
    loading = Loading(day.connection, "renewals", enumerate(({"number": number} for number in numbers), 1))
    load_id = loading.keep(day.database)
    shown = loading.dry(day.database, {})["shown"]
    assert [[item["phone"] % 10 for item in request["body"]] for request in shown] == [[1, 2, 3], [1], [1]]
    while send_due(day.database, day.connection, {}, now=day.now):
        pass
    with day.database.read() as session:
        assert loads.counts(session, load_id) == {"pending": 0, "accepted": 5, "rejected": 0, "unknown": 0}
    assert len(day.dialer.jaicp.taken()) == 5


def test_jobs_of_one_id_in_two_campaigns_are_two_calls(day):
    for campaign, status in (("renewals", "noAnswer"), ("winback", "nonexistentNumber")):
        row = {"id": 7, "phone": 79110000001, "jobStatus": status}
        said = receipt(row, "jobs", connection=day.connection, source="report", context={"campaign": campaign})
        keep(day.database, said)
        day.understand()
    found = {one.campaign_id: (one.call_id, one.connect_outcome) for one in outcomes(day.database)}
    assert found == {"renewals": ("7", "no_answer"), "winback": ("7", "invalid_number")}


def test_a_result_that_is_changed_later_comes_through(day):
    day.load("longCallWithResult")
    day.pass_(minutes=10)
    day.poll()
    (first,) = outcomes(day.database)
    day.dialer.jaicp.change(int(first.lead_id), callResult="Signed after all", reportData={"Policy": "A-17"})
    day.pass_(minutes=31)
    assert ("jobs", "recent") in day.poll_due()
    (changed,) = outcomes(day.database)
    assert changed.id == first.id
    assert (changed.disposition, changed.custom_fields) == ("Signed after all", {"Policy": "A-17"})
    assert changed.revision == first.revision + 1


def test_a_result_that_comes_although_none_was_waited_for_comes_through(day):
    day.load("longCallWithNoResult")
    day.pass_(minutes=10)
    day.poll()
    (without,) = outcomes(day.database)
    assert (without.disposition, without.settling) == (None, "settled")
    day.dialer.jaicp.change(int(without.lead_id), jobStatus="longCallWithResult", callResult="Interested")
    day.pass_(hours=3)
    day.poll_due()
    (settled,) = outcomes(day.database)
    assert (settled.disposition, settled.settling) == ("Interested", "settled")


def test_a_job_that_is_planned_for_next_week_is_not_forgotten(day):
    day.dialer.jaicp.control("renewals", "pause")
    day.load("noAnswer")
    day.poll()
    for _ in range(7):
        day.pass_(days=1)
        day.poll_due()
    (untold,) = outcomes(day.database)
    assert (untold.connect_outcome, untold.settling) == ("unknown", "never_disposed")
    day.dialer.jaicp.control("renewals", "resume")
    day.pass_(minutes=10)
    day.poll_due()
    (found,) = outcomes(day.database)
    assert (found.id, found.connect_outcome, found.settling) == (untold.id, "no_answer", "settled")


def test_a_job_that_was_over_and_goes_on_is_asked_for_until_it_is_over_again(day):
    """help.cloud.just-ai.com, "$dialer.getDialHistory": a bot that has reached the customer may schedule a new call by
    $dialer.redial, and a new series of attempts begins."""
    day.load("longCallWithResult")
    day.pass_(minutes=10)
    day.poll()
    (first,) = outcomes(day.database)
    job = int(first.lead_id)
    day.dialer.jaicp.change(job, jobStatus="onRetry")
    day.pass_(minutes=31)
    day.poll_due()
    (talked,) = outcomes(day.database)
    assert (talked.connect_outcome, talked.disposition) == ("connected", first.disposition)  # which has happened
    day.pass_(days=5)
    day.dialer.jaicp.change(job, jobStatus="longCallWithResult", callResult="Signed after all")
    day.poll_due()
    (second,) = outcomes(day.database)
    assert (second.id, second.disposition) == (first.id, "Signed after all")
    asked = len([one for one in day.dialer.asked if "getReport" in one])
    day.pass_(days=2)
    day.poll_due()
    assert len([one for one in day.dialer.asked if "getReport" in one]) == asked


def test_what_is_over_is_asked_for_no_more(day):
    day.load("noAnswer", "nonexistentNumber")
    day.pass_(minutes=10)
    day.poll()
    day.pass_(minutes=2)
    asked = len([one for one in day.dialer.asked if "getReport" in one])
    day.poll_due()
    assert len([one for one in day.dialer.asked if "getReport" in one]) == asked
    day.pass_(days=2)
    day.poll_due()
    assert len([one for one in day.dialer.asked if "getReport" in one]) == asked


def test_a_report_that_fails_is_made_up_for(day):
    day.load("noAnswer")
    day.pass_(minutes=10)
    day.dialer.fault(server_error={"path": "getReport"})
    failed = poll_connection(day.database, day.connection, now=day.now)
    assert {one.error_id for one in failed if one.report == "jobs"} == {"unavailable"}
    assert outcomes(day.database) == []
    day.dialer.fault()
    day.poll()
    assert day.outcomes()["noAnswer"].connect_outcome == "no_answer"


def test_campaigns_are_shown_by_the_names_that_we_gave_them(day):
    day.load("noAnswer", "noAnswer")
    day.poll()
    with day.database.read() as session:
        page = statuses.campaigns(session)
    assert [(row["campaign_id"], row["total_leads"]) for row in page.rows] == [("renewals", 2), ("winback", 0)]


def test_the_token_is_nowhere_in_the_database(day):
    day.load("noAnswer")
    day.dialer.fault(bad_request={"times": 1})
    poll_connection(day.database, day.connection, now=day.now)
    day.dialer.fault(not_found={"times": 3})
    poll_connection(day.database, day.connection, now=day.now)
    day.dialer.fault()
    day.poll()
    with day.database.read() as session:
        connection = session.connection()
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                assert "8231.7056" not in repr(tuple(row))


def test_jobs_that_are_not_answered_are_not_called_complete(day):
    day.load("noAnswer", "longCallWithResult", "canceled", "notDone")
    day.poll()
    answered = day.now()
    assert day.complete_to()["jobs"] == answered
    day.pass_(minutes=5)
    day.dialer.fault(fewer_rows={})
    polled = {one.report: one for one in day.poll()}
    assert "were not answered" in polled["jobs"].warning
    assert polled["jobs"].complete_to is None
    assert day.complete_to()["jobs"] == answered
    assert day.complete_to()["campaigns"] == day.now()
    day.dialer.fault()
    day.pass_(minutes=5)
    day.poll()
    assert day.complete_to()["jobs"] == day.now()
