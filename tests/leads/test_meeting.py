"""Where a loaded lead and its calls meet, whichever of them is known first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from dialers.giving import Verdict
from leads import loads, orders
from lib import clock
from models import CallOutcome, LoadedLead
from models.database import Database
from outcomes import meeting
from outcomes import normalize as normalizing
from outcomes.differences import Differences
from outcomes.meeting import Meeting
from outcomes.renormalize import renormalize
from queries.loaded import of_outcome
from tests.databases import scratch
from tests.evidence import START, keep, normalize, outcomes, receipt, terminal
from tests.leads.met import CONNECTIONS, JAICP, LATER, NUMBER, RINGOSTAT, RYNG_GIVING, loaded, met, settled, told


@pytest.fixture(autouse=True)
def at_that_time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: LATER)


def job(number=7, **fields) -> dict:
    return {
        "id": number,
        "phone": int(NUMBER[1:]),
        "jobStatus": "noAnswer",
        "finishedAt": "2026-11-18T10:00:30Z",
    } | fields


def call(**fields) -> dict:
    return {
        "uniqueid": "u1",
        "event": "after_call",
        "call_type": "out",
        "dst": NUMBER[1:],
        "disposition": "NO ANSWER",
        "calldate": "2026-11-18 10:01:00",
    } | fields


LEAD = {"reference": "crm-901", "name": "Ann Lee", "fields": {"Policy": "P-1"}}


@pytest.mark.parametrize("order", ["lead first", "call first", "in between"])
def test_a_lead_with_an_id_of_the_dialers_whichever_is_known_first(database, order):
    if order == "call first":
        told(database, job())
    (sent,) = loaded(database, JAICP, LEAD)
    if order == "in between":
        told(database, job())
        # By its number, as long as the lead has no id.
        assert [row.crm_reference for row in outcomes(database)] == ["crm-901"]
    settled(database, sent, Verdict(dialer_id="7"))
    if order == "lead first":
        told(database, job())
    met(database)
    (row,) = outcomes(database)
    assert (row.crm_reference, row.customer_name, row.custom_fields) == ("crm-901", "Ann Lee", {"Policy": "P-1"})
    assert row.set_by["crm_reference"] == f"lead:{sent.leads[0].id}"
    assert row.sources == ["lead", "report:jobs"]
    assert row.revision == (2 if order == "call first" else 1)
    met(database)
    assert outcomes(database)[0].revision == row.revision


def test_jobs_of_one_id_in_two_campaigns_have_leads_of_their_own(database):
    (here,) = loaded(database, JAICP, {"reference": "here"})
    settled(database, here, Verdict(dialer_id="7"))
    (there,) = loaded(database, JAICP, {"reference": "there"}, campaign="winback")
    settled(database, there, Verdict(dialer_id="7"))
    told(database, job())
    keep(
        database,
        receipt(
            job(callDuration=1),
            "jobs",
            connection=JAICP,
            source="report",
            context={"campaign": "winback"},
            record_key="w",
        ),
    )
    normalize(database, CONNECTIONS)
    assert {row.campaign_id: row.crm_reference for row in outcomes(database)} == {
        "renewals": "here",
        "winback": "there",
    }


@pytest.mark.parametrize("late", [True, False])
def test_a_lead_that_the_dialer_refused_after_all_is_taken_back(database, late):
    (sent,) = loaded(database, RINGOSTAT, {"reference": "crm-1"}, campaign="456")
    if late:  # a call to that number, while the answer is waited for
        told(database, call(), connection=RINGOSTAT)
        assert [(row.crm_reference, row.campaign_id) for row in outcomes(database)] == [("crm-1", "456")]
    settled(database, sent, Verdict("rejected", "No."))
    if not late:
        told(database, call(), connection=RINGOSTAT)
    met(database)
    (row,) = outcomes(database)
    assert (row.crm_reference, row.campaign_id, row.sources) == (None, None, ["callback:call"])


def test_a_lead_that_was_certainly_not_taken_is_taken_back(database):
    (sent,) = loaded(database, RINGOSTAT, {"reference": "crm-1"}, campaign="456")
    told(database, call(), connection=RINGOSTAT)
    with database.write() as session:
        orders.put_back(session, sent)
    met(database)
    assert [row.crm_reference for row in outcomes(database)] == [None]


@pytest.mark.parametrize(("decision", "reference"), [("accepted", "crm-1"), ("rejected", None), ("resend", None)])
def test_what_an_operator_decides_counts(database, decision, reference):
    (sent,) = loaded(database, RINGOSTAT, {"reference": "crm-1"}, campaign="456")
    settled(database, sent, Verdict("unknown", "No answer."))
    told(database, call(), connection=RINGOSTAT)
    assert [row.crm_reference for row in outcomes(database)] == ["crm-1"]
    with database.write() as session:
        loads.decide(session, sent.load.id, decision)
    met(database)
    assert [row.crm_reference for row in outcomes(database)] == [reference]


def test_a_number_that_was_loaded_with_two_references_says_neither(database):
    for reference in ("crm-1", "crm-2"):
        (sent,) = loaded(database, RINGOSTAT, {"reference": reference}, campaign="456")
        settled(database, sent)
    told(database, call(), connection=RINGOSTAT)
    (row,) = outcomes(database)
    assert (row.crm_reference, row.sources) == (None, ["callback:call"])
    with database.read() as session:
        found = of_outcome(session, row)
    assert (found["matched_by"], found["ambiguous"]) == ("number", True)
    assert [one["reference"] for one in found["leads"]] == ["crm-2", "crm-1"]


def test_a_later_load_leaves_the_calls_of_before_alone(database):
    (sent,) = loaded(database, RINGOSTAT, {"reference": "crm-1"}, campaign="456")
    settled(database, sent)
    told(database, call(), connection=RINGOSTAT)
    tomorrow = START + timedelta(days=1)
    (sent,) = loaded(database, RINGOSTAT, {"reference": "crm-2"}, campaign="456", at=tomorrow)
    settled(database, sent, at=tomorrow)
    met(database)
    again = call(uniqueid="u2", calldate="2026-11-19 10:01:00")
    told(database, again, connection=RINGOSTAT, at=tomorrow)
    assert [(row.call_id, row.crm_reference) for row in outcomes(database)] == [("u1", "crm-1"), ("u2", None)]


def test_a_mark_that_comes_through_proves_it(database):
    number = {"number": "+919800012345", "reference": "crm-7"}
    (sent,) = loaded(database, RYNG_GIVING, number, campaign="24", at=START - timedelta(hours=3))
    mark = str(sent.leads[0].id)
    settled(database, sent)
    fields = {"customFields": {"customField1": mark}, "customFieldNames": {"customField1Name": "Wrapup lead"}}
    told(database, terminal(**fields), terminal(20, 50, callStarted="2026-11-17T10:00:00Z"), connection=RYNG_GIVING)
    found = {row.call_id: (row.lead_id, row.crm_reference, row.campaign_id) for row in outcomes(database)}
    assert found == {"19": (mark, "crm-7", "24"), "20": (None, None, None)}


def test_a_queue_of_ryngs_is_no_campaign(database):
    number = {"number": "+919800012345", "reference": "crm-7"}
    (sent,) = loaded(database, RYNG_GIVING, number, campaign="queue:2", at=START - timedelta(hours=3))
    settled(database, sent)
    told(database, terminal(), connection=RYNG_GIVING)
    (row,) = outcomes(database)
    assert (row.crm_reference, row.campaign_id) == ("crm-7", None)


def test_reading_the_past_again_keeps_what_was_taken_over(database):
    (sent,) = loaded(database, JAICP, LEAD)
    settled(database, sent, Verdict(dialer_id="7"))
    told(database, job(jobStatus="odd"))
    (before,) = outcomes(database)
    mapped = {JAICP.name: replace(JAICP, words={"odd": "busy"})}
    differences = Differences()
    for _, some in renormalize(database, mapped, JAICP.name, True):
        differences.add(some)
    (after,) = outcomes(database)
    assert (after.connect_outcome, after.crm_reference, after.sources) == ("busy", "crm-901", before.sources)
    assert set(differences.fields) <= {"connect_outcome", "settling"}


def test_a_long_load_meets_its_calls_some_at_a_time(database, monkeypatch):
    monkeypatch.setattr(meeting, "BATCH", 3)
    monkeypatch.setattr(meeting, "SQLITE_BATCH", 3)
    told(database, *(job(n, phone=380935550000 + n) for n in range(1, 11)))
    (sent,) = loaded(
        database, JAICP, *({"number": f"+{380935550000 + n}", "reference": f"crm-{n}"} for n in range(1, 11))
    )
    settled(database, sent, *(Verdict(dialer_id=str(n)) for n in range(1, 11)))
    loop = Meeting(database, CONNECTIONS)
    assert loop.step() == 3
    assert sum(row.crm_reference is not None for row in outcomes(database)) == 3
    assert met(database) >= 10
    assert all(row.crm_reference == f"crm-{row.call_id}" for row in outcomes(database))


def test_news_that_comes_while_it_looks_is_not_forgotten(database):
    told(database, job())
    (sent,) = loaded(database, JAICP, LEAD)
    settled(database, sent, Verdict(dialer_id="7"))
    loop = Meeting(database, CONNECTIONS)
    assert loop.step() == 1  # it has looked at the call, and not unmarked the lead yet
    later = START + timedelta(seconds=1)
    with database.write() as session:
        session.execute(update(LoadedLead).values(reference="crm-902", news_at=later))
    loop.step()
    with database.read() as session:
        assert session.scalars(select(LoadedLead.news_at)).one() == later
    met(database)
    assert [row.crm_reference for row in outcomes(database)] == ["crm-902"]


def test_whoever_folds_at_the_moment_of_the_news_is_waited_for(database):
    """They have asked for leads a moment before, and their calls cannot be seen yet."""
    if database.is_sqlite:
        pytest.skip("one writes at a time")
    keep(database, receipt(job(), "jobs", LATER, JAICP, source="report", context={"campaign": "renewals"}, method=None))
    loop = Meeting(database, CONNECTIONS)
    with database.write() as folding:
        assert normalizing._write(folding, CONNECTIONS, normalizing.Batch(10), LATER, None) == 1
        (sent,) = loaded(database, JAICP, LEAD)
        settled(database, sent, Verdict(dialer_id="7"))
        assert [loop.step(), loop.step()] == [0, 0]
    assert outcomes(database)[0].crm_reference is None
    while loop.step():
        pass
    assert outcomes(database)[0].crm_reference == "crm-901"


def test_who_does_not_fold_is_not_waited_for(database, request):
    """Not a long transaction of the same database, nor one of another's on the same server."""
    if database.is_sqlite:
        pytest.skip("one writes at a time")
    told(database, job())
    with scratch(request.getfixturevalue("postgresql_server")) as url:
        other = Database(url)
        with other.write() as elsewhere, database.write() as here:
            for session in (elsewhere, here):
                session.execute(text("SELECT pg_current_xact_id()"))
            assert here.scalars(select(CallOutcome.call_id)).all() == ["7"]
            (sent,) = loaded(database, JAICP, LEAD)
            settled(database, sent, Verdict(dialer_id="7"))
            met(database)
        other.close()
    assert outcomes(database)[0].crm_reference == "crm-901"


def test_a_loop_that_failed_begins_again(database, monkeypatch):
    told(database, job())
    (sent,) = loaded(database, JAICP, LEAD)
    settled(database, sent, Verdict(dialer_id="7"))
    loop = Meeting(database, CONNECTIONS)
    with monkeypatch.context() as away:
        away.setattr(loop, "_fold", lambda groups: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            loop.step()
    while loop.step():
        pass
    assert [row.crm_reference for row in outcomes(database)] == ["crm-901"]
