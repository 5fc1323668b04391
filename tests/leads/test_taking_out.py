"""A number that is put on the list reaches leads that dialers have already: taken out where the dialer can, else
told to a person."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import polling
from leads import loads, suppressing, taking_out
from leads.loading import Loading
from leads.spreading import Spreading
from leads.taking_out import take_out_next
from lib import clock
from models import LoadedLead, TakeOut
from outcomes.normalize import normalize_pending
from queries import take_outs
from tests import factories
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.lead_cases import stage as of
from tests.dialers.qvoice.stage import stage as qvoice
from tests.dialers.ryng.stage import stage as ryng
from tests.leads.sends import load, numbers, send
from tests.leads.test_suppressing import put

NUMBER = numbers(1)[0]


def spread(database, *connections) -> None:
    loop = Spreading(database, {one.name: one for one in connections})
    while loop.step():
        pass


def taken_out(database, connection) -> list[TakeOut]:
    """Everything is done that can be done now."""
    spread(database, connection)
    while take_out_next(database, connection):
        pass
    with database.read() as session:
        rows = list(session.scalars(select(TakeOut).order_by(TakeOut.id)))
        session.expunge_all()
    return rows


def told(rows) -> list[tuple]:
    return [(row.number, row.state) for row in rows]


def listed(database, connection) -> None:
    """The dialer's list of leads is asked for and read."""
    polling.poll_connection(database, connection)
    while normalize_pending(database, {connection.name: connection}):
        pass


def later(monkeypatch, by: timedelta) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + by)


def leads_of(played) -> set[str]:
    return {lead["number"] for campaign in played.qvoice.campaigns.values() for lead in campaign.leads.values()}


def test_a_lead_that_qvoice_lists_is_deleted_there(database):
    with qvoice() as played:
        load(database, played, 2)
        send(database, played.connection)
        listed(database, played.connection)
        put(database, NUMBER)
        (row,) = taken_out(database, played.connection)
        assert (row.number, row.state, row.attempts) == (NUMBER, "done", 1)
        assert leads_of(played) == {numbers(2)[1]}
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]


def test_a_lead_that_qvoice_does_not_list_yet_is_waited_for(database, monkeypatch):
    with qvoice() as played:
        load(database, played, 1)
        send(database, played.connection)
        put(database, NUMBER)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "pending")]
        listed(database, played.connection)
        later(monkeypatch, taking_out.LOOK_AGAIN)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "left"), (NUMBER, "done")]
        assert leads_of(played) == set()


def test_one_that_the_list_never_shows_is_told_to_a_person(database, monkeypatch):
    with qvoice() as played:
        load(database, played, 1)
        send(database, played.connection)
        put(database, NUMBER)
        taken_out(database, played.connection)
        later(monkeypatch, taking_out.PATIENCE + timedelta(minutes=10))
        (row,) = taken_out(database, played.connection)
        assert (row.state, row.reason) == ("by_hand", taking_out.NOT_LISTED)
        by_hand = taking_out.settle_by_hand(database, row.id, "Ann")
        assert (by_hand.state, by_hand.settled_by) == ("done", "Ann")
        assert taking_out.settle_by_hand(database, row.id, "Bob").settled_by == "Ann"


def test_a_job_of_jaicp_is_cancelled(database):
    with jaicp() as played:
        load(database, played, 2)
        send(database, played.connection)
        put(database, NUMBER)
        (row,) = taken_out(database, played.connection)
        assert (row.number, row.state, row.reason) == (NUMBER, "done", None)
        states = {str(job["phone"]): job["jobStatus"] for job in played.jaicp.rows("renewals", [], numbers_of(2))}
        assert states[NUMBER[1:]] == "canceled" and states[numbers(2)[1][1:]] != "canceled"


def numbers_of(count: int) -> list[str]:
    return [number[1:] for number in numbers(count)]


def test_who_is_put_there_while_the_request_is_on_its_way_is_taken_out_when_it_has_come(database, monkeypatch):
    with jaicp() as played:
        load(database, played, 1)
        send(database, played.connection)
        with database.write() as session:
            session.execute(update(LoadedLead).values(state="sending", dialer_id=None))
        put(database, NUMBER)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "pending")]
        with database.write() as session:
            (job,) = [job["id"] for job in played.jaicp.taken()]
            session.execute(update(LoadedLead).values(state="accepted", dialer_id=str(job)))
        later(monkeypatch, taking_out.SOON)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]


def test_ryng_is_asked_about_a_call_that_is_not_over_and_else_a_person_is(database):
    with ryng() as played:
        load(database, played, 2)
        send(database, played.connection)
        with database.write() as session:
            first, second = session.scalars(select(LoadedLead).order_by(LoadedLead.ordinal)).all()
            played_call = str(played.ryng.calls[0].call_id)
            open_call = {"connect_outcome": "retry_scheduled", "settling": "provisional", "is_final": False}
            factories.outcome(session, lead_id=str(first.id), call_id=played_call, **open_call)
        put(database, *numbers(2))
        found = {row.number: (row.state, row.target) for row in taken_out(database, played.connection)}
        assert found[second.number] == ("by_hand", None)
        assert found[first.number][1] == played_call and found[first.number][0] in ("done", "by_hand")


@pytest.mark.parametrize("dialer", ["ringostat", "voipex"])
def test_what_a_dialer_cannot_is_told_to_a_person(database, dialer):
    with of(dialer) as played:
        rows = [(1, {"number": "+420601000001"}), (2, {"number": "+420601000002"})]
        Loading(played.connection, played.campaign, rows, "Renewals", played.options).keep(database)
        send(database, played.connection)
        put(database, "+420601000001")
        (row,) = taken_out(database, played.connection)
        assert (row.state, row.reason) == (
            "by_hand",
            f"{dialer} has no way to take a lead out over its API; take it out there.",
        )
        with database.read() as session:
            assert take_outs.by_hand(session) == {played.connection.name: 1}
        suppressing.take_off(database, "+420601000001", "Ann")
        assert [row.state for row in taken_out(database, played.connection)] == ["left"]


def test_a_lead_that_was_talked_to_or_refused_needs_nothing(database):
    with of("ringostat") as played:
        rows = enumerate(({"number": f"+42060100000{n}"} for n in range(2)), 1)
        Loading(played.connection, played.campaign, rows).keep(database)
        send(database, played.connection)
        with database.write() as session:
            session.execute(update(LoadedLead).where(LoadedLead.ordinal == 1).values(state="rejected"))
            name = {"connection": played.connection.name, "dialer": "ringostat"}
            at = {"started_at": clock.now() + timedelta(minutes=1)}
            factories.outcome(session, customer_number="+420601000001", direction="outbound", **name, **at)
        put(database, "+420601000000", "+420601000001")
        assert taken_out(database, played.connection) == []


def test_a_dialer_that_does_not_answer_is_asked_again_and_its_no_is_told(database, monkeypatch):
    with qvoice() as played:
        load(database, played, 1)
        send(database, played.connection)
        listed(database, played.connection)
        put(database, NUMBER)
        away = replace(played.connection, settings=played.connection.settings | {"portal_url": "http://127.0.0.1:9"})
        (row,) = taken_out(database, away)
        assert (row.state, row.attempts) == ("pending", 1) and row.reason
        played.qvoice.delete_lead(row.target)  # somebody else was there first
        later(monkeypatch, taking_out.LONGEST_BACKOFF)
        (row,) = taken_out(database, played.connection)
        assert (row.state, row.attempts) == ("by_hand", 2) and "invalid" in row.reason


def test_a_number_that_may_be_called_again_leaves_its_leads_where_they_are(database):
    with qvoice() as played:
        load(database, played, 1)
        send(database, played.connection)
        listed(database, played.connection)
        put(database, NUMBER)
        spread(database, played.connection)
        suppressing.take_off(database, NUMBER, "Ann")
        assert told(taken_out(database, played.connection)) == [(NUMBER, "left")]
        assert leads_of(played) == {NUMBER}
        put(database, NUMBER)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]


def test_who_is_found_again_days_later_is_asked_for_as_long_as_the_first_time(database, monkeypatch):
    with qvoice() as played:
        load(database, played, 1)
        send(database, played.connection)
        listed(database, played.connection)
        put(database, NUMBER)
        spread(database, played.connection)
        suppressing.take_off(database, NUMBER, "Ann")
        assert told(taken_out(database, played.connection)) == [(NUMBER, "left")]
        later(monkeypatch, taking_out.PATIENCE + timedelta(days=1))
        put(database, NUMBER)
        away = replace(played.connection, settings=played.connection.settings | {"portal_url": "http://127.0.0.1:9"})
        (row,) = taken_out(database, away)
        assert (row.state, row.attempts, row.settled_at) == ("pending", 1, None)


def resent(database, load_id, played) -> None:
    with database.write() as session:
        assert loads.decide(session, load_id, "resend") == 1
    send(database, played.connection)


def test_an_order_that_is_sent_again_under_its_key_after_the_number_was_put_there_is_taken_out(database, monkeypatch):
    with jaicp() as played:
        load_id = load(database, played, 1)
        send(database, played.connection)
        with database.write() as session:
            session.execute(update(LoadedLead).values(state="unknown", dialer_id=None))
            assert loads.decide(session, load_id, "resend") == 1
        put(database, NUMBER)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "pending")]
        send(database, played.connection)
        later(monkeypatch, taking_out.SOON)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]


def test_a_lead_that_was_sent_anew_since_a_person_took_it_out_is_taken_out_anew(database):
    with jaicp() as played:
        load_id = load(database, played, 1)
        send(database, played.connection)
        with database.write() as session:
            session.execute(update(LoadedLead).values(state="unknown", dialer_id=None, order_key=None))
        put(database, NUMBER)
        (row,) = taken_out(database, played.connection)
        assert taking_out.settle_by_hand(database, row.id, "Ann").state == "done"
        suppressing.take_off(database, NUMBER, "Ann")
        resent(database, load_id, played)
        put(database, NUMBER)
        (row,) = taken_out(database, played.connection)
        assert (row.state, row.settled_by, row.attempts) == ("done", None, 1)


def test_a_lead_that_qvoice_comes_to_list_later_by_another_way_is_deleted(database):
    with qvoice() as played:
        put(database, NUMBER)
        assert taken_out(database, played.connection) == []
        campaign = next(iter(played.qvoice.campaigns))
        for number in (NUMBER, "+420601000009"):
            assert played.qvoice.add_lead(campaign, {"number": number})
        listed(database, played.connection)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]
        assert leads_of(played) == {"+420601000009"}
        listed(database, played.connection)  # what stays there is looked for no more
        spread(database, played.connection)
        assert told(taken_out(database, played.connection)) == [(NUMBER, "done")]


def test_where_the_credentials_are_refused_the_others_are_not_asked_for_and_leads_are_sent_meanwhile(
    database, monkeypatch
):
    with qvoice() as played:
        load(database, played, 3)
        send(database, played.connection)
        listed(database, played.connection)
        put(database, *numbers(3))
        played.faults({"forbidden": {"path": "campaigns/leads"}})
        assert sorted((row.state, row.attempts) for row in taken_out(database, played.connection)) == [
            ("pending", 0),
            ("pending", 0),
            ("pending", 1),
        ]
        played.faults({})
        later(monkeypatch, taking_out.LONGEST_BACKOFF)
        assert sorted(row.state for row in taken_out(database, played.connection)) == ["done", "done", "pending"]
        later(monkeypatch, 2 * taking_out.LONGEST_BACKOFF)
        assert {row.state for row in taken_out(database, played.connection)} == {"done"}
        assert leads_of(played) == set()
