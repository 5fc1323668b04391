"""What callbacks, reports and our own loads know of, side by side; and where a lead meets its calls."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from marshmallow import Schema
from sqlalchemy import select

from dialers.asking import Report
from dialers.base import Dialer, Reading
from dialers.registry import DIALERS
from lib import ids
from models import CallOutcome, LeadLoad, LoadedLead
from models.database import Database
from queries import counting, loaded
from queries import reconciliation as sides
from queries.days import span
from tests.factories import NOON, many_calls, minutes, outcome

NUMBER = "+919800012345"


def found(database, tz="UTC", **filters):
    with database.read() as session:
        return sides.reconciliation(session, filters, tz)


def figures(database, *names, tz="UTC", **filters):
    return [tuple(row[name] for name in names) for row in found(database, tz, **filters)["rows"]]


def lead(session, **given) -> LoadedLead:
    """An accepted lead of a load of its own, sent at noon."""
    defaults = {
        "id": ids.new(),
        "connection": "ryng-main",
        "ordinal": 1,
        "number": NUMBER,
        "number_raw": NUMBER,
        "given": {},
        "state": "accepted",
        "sent_at": NOON,
    }
    campaign = given.pop("campaign", "6541")
    values = defaults | given
    load = LeadLoad(id=ids.new(), connection=values["connection"], campaign=campaign, options={}, total=1)
    load.created_at = NOON
    session.add(load)
    session.flush()
    row = LoadedLead(**values, load_id=load.id)
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def two_sided(monkeypatch):
    """A dialer that posts callbacks and has a report."""
    report = Report("call_log", (), walk=lambda *_: iter(()))
    dialer = Dialer("twofold", Schema, read=lambda *_: Reading(), callback_kinds=("call",), reports=(report,))
    monkeypatch.setitem(DIALERS, "twofold", dialer)
    return {"connection": "two", "dialer": "twofold"}


def test_calls_by_who_told_of_them(database):
    with database.write() as session:
        outcome(session, sources=["callback:connect", "callback:terminal"])
        outcome(session, sources=["callback:terminal", "report:lead_history"])
        outcome(session, sources=["report:cdr"], started_at=NOON + timedelta(days=1))
        outcome(session, sources=["import:csv"], connection="old")
    whole = found(database)
    assert [tuple(row.values()) for row in whole["rows"]] == [
        # connection, day, calls, callbacks only, reports only, both, neither, leads without call, callbacks missed
        ("old", "2026-11-18", 1, 0, 0, 0, 1, 0, None),
        ("ryng-main", "2026-11-18", 2, 1, 0, 1, 0, 0, None),
        ("ryng-main", "2026-11-19", 1, 0, 1, 0, 0, 0, None),
    ]
    totals = {"calls": 4, "callbacks_only": 1, "reports_only": 1, "both": 1, "neither": 1}
    assert whole["totals"] == totals | {"leads_without_call": 0, "callbacks_missed": None}
    assert figures(database, "connection", connection=["old"]) == [("old",)]


def test_callbacks_that_never_came(database, two_sided):
    """Only of calls that are over: of the others the callback may be on its way."""
    with database.write() as session:
        for sources in (["report:call_log"], ["callback:call", "report:call_log"], ["callback:call"]):
            outcome(session, **two_sided, sources=sources)
        outcome(session, **two_sided, sources=["report:call_log"], settling="provisional")
        outcome(session, **two_sided, sources=["callback:call"], started_at=NOON + timedelta(days=1))
        outcome(session, connection="qvoice-main", dialer="qvoice", sources=["report:lead_history"])
    assert figures(database, "connection", "reports_only", "callbacks_missed") == [
        ("qvoice-main", 1, None),
        ("two", 2, 1),
        ("two", 0, 0),
    ]
    assert found(database)["totals"]["callbacks_missed"] == 1


def test_nothing_is_missed_where_the_report_is_kept_as_it_comes(database):
    with database.write() as session:
        outcome(session, connection="voipex", dialer="voipex", sources=["callback:event"])
    assert figures(database, "connection", "callbacks_missed") == [("voipex", None)]


def test_leads_without_a_call_stand_at_the_day_they_were_sent(database):
    with database.write() as session:
        lead(session)
        lead(session, sent_at=datetime(2026, 11, 18, 18, 29, tzinfo=UTC))
        lead(session, sent_at=datetime(2026, 11, 18, 18, 31, tzinfo=UTC))  # tomorrow in India
        lead(session, connection="qvoice-main")
        for state in ("pending", "sending", "rejected", "unknown"):
            lead(session, state=state)
    names = ("connection", "day", "calls", "leads_without_call", "callbacks_missed")
    assert figures(database, *names, tz="Asia/Kolkata") == [
        ("qvoice-main", "2026-11-18", 0, 1, None),
        ("ryng-main", "2026-11-18", 0, 2, None),
        ("ryng-main", "2026-11-19", 0, 1, None),
    ]
    assert found(database)["totals"]["leads_without_call"] == 4


CASES = [
    # the lead, the outcome, whether they meet
    ({"dialer_id": "14"}, {"lead_id": "14"}, True),
    ({"dialer_id": "14"}, {"lead_id": "15", "customer_number": NUMBER}, False),  # its id tells that it is another's
    ({"dialer_id": "14"}, {"customer_number": NUMBER}, False),
    ({"dialer_id": "14"}, {"lead_id": "14", "connection": "other"}, False),
    ({"dialer_id": "14"}, {"lead_id": "14", "started_at": NOON - minutes(5)}, True),  # clocks differ, ids do not
    ({"dialer_id": "14"}, {"lead_id": "14", "campaign_id": "6542"}, False),  # each campaign counts on its own
    ({"dialer_id": "14", "campaign": None}, {"lead_id": "14", "campaign_id": "6542"}, True),
    ({"dialer_id": "14"}, {"lead_id": "14", "campaign_id": None}, True),
    ({"dialer_id": "14"}, {"lead_id": "MARK"}, True),
    ({"dialer_id": "14"}, {"lead_id": "14", "connect_outcome": "pending", "started_at": None}, False),
    ({"dialer_id": "14"}, {"lead_id": "14", "connect_outcome": "canceled", "started_at": None}, False),
    ({"dialer_id": "14"}, {"lead_id": "14", "connect_outcome": "canceled"}, True),
    ({}, {"lead_id": "MARK"}, True),
    ({}, {"lead_id": "15"}, False),
    ({}, {"customer_number": NUMBER}, True),
    ({}, {"lead_id": "15", "customer_number": NUMBER}, True),  # the dialer has an id of its own, and did not tell it
    ({}, {"customer_number": NUMBER, "started_at": NOON + timedelta(days=9)}, True),
    ({}, {"customer_number": NUMBER, "started_at": NOON - minutes(1)}, False),
    ({}, {"customer_number": NUMBER, "connection": "other"}, False),
    ({}, {"customer_number": "+919800012346"}, False),
    ({}, {"customer_number": None, "customer_number_raw": NUMBER}, False),
    ({}, {"customer_number": NUMBER, "settling": "provisional"}, True),
    ({}, {"customer_number": NUMBER, "direction": "outbound"}, True),
    ({}, {"customer_number": NUMBER, "direction": "inbound"}, False),  # the customer called
    ({"sent_at": NOON + timedelta(seconds=0.7)}, {"customer_number": NUMBER}, True),  # dialers state whole seconds
    ({"sent_at": NOON + timedelta(seconds=1)}, {"customer_number": NUMBER}, False),
]


@pytest.mark.parametrize("given, called, meets", CASES)
def test_where_lead_and_outcome_meet(database, given, called, meets):
    with database.write() as session:
        row = lead(session, **given)
        marked = {key: str(row.id) if value == "MARK" else value for key, value in called.items()}
        call = outcome(session, **marked)
    assert found(database)["totals"]["leads_without_call"] == (0 if meets else 1)
    with database.read() as session:
        assert session.scalar(select(LoadedLead.id).where(loaded.produced_no_call())) == (None if meets else row.id)
        # The same rules asked from the call's side, which does not care whether it is one already.
        of_it = loaded.of_outcome(session, call)
    assert (of_it is not None) == (meets or called.get("connect_outcome") in ("pending", "canceled"))


def test_a_merged_row_is_no_call(database):
    with database.write() as session:
        lead(session, dialer_id="14")
        outcome(session, lead_id="14", merged_into=outcome(session).id)
    assert found(database)["totals"]["leads_without_call"] == 1


def test_filters_that_leads_can_be_asked_about(database):
    with database.write() as session:
        lead(session)
        lead(session, campaign="7", connection="qvoice-main")
        lead(session, sent_at=NOON + timedelta(days=2), campaign=None)

    def left(**filters):
        return found(database, **filters)["totals"]["leads_without_call"]

    assert left(connection=["qvoice-main"]) == left(campaign_id=["7"]) == left(since=NOON + minutes(1)) == 1
    assert left(until=NOON) == 0
    assert left(agent=["Priya"]) is None
    assert left(agent=[], is_final=None) == 3


def test_a_report_that_nobody_could_read_is_refused(database, monkeypatch):
    monkeypatch.setattr(counting, "MOST_GROUPS", 1)
    with database.write() as session:
        lead(session)
        outcome(session, connection="other")
    with pytest.raises(counting.TooManyGroups):
        found(database)


def test_an_empty_database(database):
    whole = found(database)
    assert (whole["rows"], whole["totals"]["calls"], whole["totals"]["leads_without_call"]) == ([], 0, 0)


def test_leads_find_their_calls_by_indexes(database):
    with database.write() as session:
        for _ in range(3):
            lead(session)
        if not database.is_sqlite:
            many_calls(session, 20_000)
        statement = sides._leads({"since": NOON}, "UTC", span(session, LoadedLead.sent_at))
        written = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        lines = session.connection().exec_driver_sql(f"{explain} {written}")
        plan = "\n".join(str(row) for row in lines)
    assert plan.count("ix_call_outcomes_lead") == 2, plan
    assert plan.count("ix_call_outcomes_number") == 1, plan
    assert not database.is_sqlite or "ix_loaded_leads_sent" in plan, plan


def test_many_leads_find_their_calls_by_an_index_of_sqlite(sqlite_url):
    """PostgreSQL knows how many calls are not merged; SQLite took them for few, and went through all leads for each."""
    with closing(Database(sqlite_url)) as database, database.read() as session:
        statement = loaded.calls_of((CallOutcome.occurred_at,))
        of_report = str(statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        for asked in (of_report, "SELECT * FROM leads_v1"):
            plan = "\n".join(map(str, session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")))
            assert plan.count("ix_call_outcomes_lead") == 2, plan
            assert plan.count("ix_call_outcomes_number") == 1, plan
