"""Values that cannot be read: counted, led to, and repaired where the readers or the connection have learned."""

import json

from sqlalchemy import select, text

from dialers.base import Connection
from models import CallEvent, CallOutcome
from outcomes import normalize
from outcomes.renormalize import renormalize
from queries import selection, unread_values
from tests.factories import event, outcome, receipt

RYNG = Connection("ryng-main", "ryng", {"status_codes": {}}, default_country="IN")
KYIV = Connection("ringostat-kyiv", "ringostat", {"timezone": "UTC", "webhook_fields": {}})


def unread(database):
    with database.read() as session:
        return unread_values.unread(session)


def told(found):
    return [(one["field"], one["sample"], one["calls"]) for one in found]


def posted(session, connection, kind, **body):
    own = {"connection": connection, "kind": kind, "body": json.dumps(body).encode()}
    return receipt(session, **own, state="pending", readings=0, processed_at=None)


def test_they_are_counted_by_connection_and_field(database):
    with database.write() as session:
        for call in (1, 2, 3):
            posted(session, "ryng-main", "terminal", callID=call, callLogID=call, callEnded="soon", talktime=-call)
        posted(session, "ryng-main", "terminal", callID=4, callLogID=4, callEnded="2026-11-18T10:00:00Z", talktime=5)
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    found = unread(database)
    assert told(found["ryng-main"])[0] == ("callEnded", "soon", 3)
    assert [(one["field"], one["calls"]) for one in found["ryng-main"]] == [("callEnded", 3), ("talktime", 3)]
    with database.read() as session:
        outcomes = {str(row.id): row.call_id for row in session.scalars(select(CallOutcome))}
    assert {outcomes[one] for one in found["ryng-main"][0]["sample_outcome_ids"]} == {"1", "2", "3"}


def test_a_call_that_is_told_of_twice_counts_once(database):
    with database.write() as session:
        for _ in range(2):
            posted(session, "ryng-main", "terminal", callID=1, callLogID=1, callEnded="soon")
        posted(session, "ryng-main", "terminal", callID=1, callLogID=1, callEnded="later")
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    (seen,) = unread(database)["ryng-main"]
    assert (seen["field"], seen["calls"], len(seen["sample_outcome_ids"])) == ("callEnded", 1, 1)


def test_the_filter_leads_to_exactly_the_calls_that_are_counted(database):
    with database.write() as session:
        posted(session, "ryng-main", "terminal", callID=1, callLogID=1, callEnded="soon")
        posted(session, "ryng-main", "terminal", callID=2, callLogID=2, talktime="long")
        posted(session, "ryng-main", "terminal", callID=3, callLogID=3, talktime=3)
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    with database.read() as session:
        for fields, calls in ((["callEnded"], {"1"}), (["talktime", "callEnded"], {"1", "2"}), (['x"y.$'], set())):
            found = selection.page(session, {"connection": ["ryng-main"], "unread": fields}).rows
            assert {row.call_id for row in found} == calls


def test_what_the_dialer_states_is_nothing_of_the_outcome(database):
    with database.write() as session:
        posted(session, "ryng-main", "terminal", callID=1, callLogID=1, callEnded="soon", customFields={"_unread": "x"})
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    with database.read() as session:
        (row,) = session.scalars(select(CallOutcome))
        assert row.ended_at is None
        assert row.custom_fields == {"_unread": "x"}
        noted = [own.facts.get("_unread") for own in session.scalars(select(CallEvent))]
    assert noted == [{"callEnded": "soon"}]
    assert told(unread(database)["ryng-main"]) == [("callEnded", "soon", 1)]


def test_a_customers_field_of_that_name_is_none(database):
    with database.write() as session:
        posted(session, "ryng-main", "terminal", callID=1, callLogID=1, customFields={"_unread": "x"})
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    assert unread(database) == {}


def test_renormalizing_repairs_what_the_connection_has_made_certain(database):
    told_at = "2026-11-18 12:00:00 EET"
    with database.write() as session:
        posted(session, KYIV.name, "call", uniqueid="1.2", disposition="ANSWERED", calldate=told_at, billsec="00:03:01")
    normalize.normalize_pending(database, {KYIV.name: KYIV})
    assert told(unread(database)[KYIV.name]) == [("calldate", told_at, 1)]
    learned = Connection(KYIV.name, "ringostat", {"timezone": "Europe/Kyiv", "webhook_fields": {}})
    list(renormalize(database, {KYIV.name: learned}, KYIV.name, apply=False))
    assert told(unread(database)[KYIV.name]) == [("calldate", told_at, 1)]
    list(renormalize(database, {KYIV.name: learned}, KYIV.name, apply=True))
    assert unread(database) == {}
    with database.read() as session:
        (row,) = session.scalars(select(CallOutcome))
    assert row.started_at.isoformat() == "2026-11-18T10:00:00+00:00"
    assert row.talk_seconds == 181


def test_one_call_whose_id_has_passed_through_a_float_is_one(database):
    with database.write() as session:
        posted(session, "ryng-main", "connect", callID="102", event="customer-connected")
        posted(session, "ryng-main", "connect", callid="102.0", event="agent-connected")
        posted(session, "ryng-main", "terminal", CallID=102.0, callLogID=7, status="busy")
    normalize.normalize_pending(database, {"ryng-main": RYNG})
    with database.read() as session:
        (row,) = session.scalars(select(CallOutcome))
    assert (row.call_id, row.attempt_id, row.connect_outcome) == ("102", "7", "busy")


def test_merged_calls_are_not_counted(database):
    with database.write() as session:
        merged = outcome(session, connection="ryng-main", merged_into=outcome(session).id)
        event(session, merged, receipt(session), facts={"_unread": {"callEnded": "soon"}})
    assert unread(database) == {}


def test_the_index_is_used(database):
    """Nobody reads a million events for a page that says that all is well."""
    with database.write() as session:
        first = outcome(session, connection="ryng-main")
        for _ in range(300):
            event(session, first, receipt(session))
        event(session, first, receipt(session), facts={"_unread": {"callEnded": "soon"}})
    statement = select(CallEvent.outcome_id).where(unread_values.has_unread())
    with database.read() as session:
        if database.is_sqlite:
            plan = session.execute(text(f"EXPLAIN QUERY PLAN {statement.compile(session.get_bind())}")).all()
        else:
            session.execute(text("SET enable_seqscan = off"))
            plan = session.execute(text(f"EXPLAIN {statement.compile(session.get_bind())}")).all()
    assert "ix_call_events_unread" in str(plan)
