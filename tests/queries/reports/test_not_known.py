"""What is not known is null, with a reason, and never 0: what nobody has decided, and what came before the first call."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from dialers.base import Connection
from models import CallOutcome
from queries.reports import answering, leads
from queries.reports.base import Limits
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.factories import NOON

CONNECTIONS = {
    "ryng-main": Connection("ryng-main", "ryng", dispositions={"Sold": ("contact", "sale"), "Nothing": ()}),
    "qvoice-main": Connection("qvoice-main", "qvoice"),
    "mute": Connection("mute", "voipex"),
}
NUMBER = "+919812345678"
ON_CONTACTS = {
    "contact_rate": ("contacts", "per_call", "per_conversation", "per_lead"),
    "first_attempt_contact": ("contacted_first", "rate"),
    "attempts_to_contact": ("reached", "never"),
    "best_time": ("contacts", "contact_rate"),
    "agents": ("contacts", "sales", "sales_per_contact"),
    "compliance": ("after_dnc",),
    "unreachable_numbers": ("numbers", "attempts"),
    "penetration": ("closed", "reached", "sold"),
}
# connection, and of each call: connect outcome, disposition, flags
UNKNOWN = {
    "nobody has decided the words of calls that did not connect": ("qvoice-main", [("unknown", "Sold", [])] * 6),
    "nor of those that did": ("qvoice-main", [("connected", "Sold", []), ("connected", None, [])] * 3),
    "none is ever stated": ("mute", [("connected", None, [])] * 6),
}
KNOWN = {
    "one was decided": ("ryng-main", [("unknown", "Sold", []), ("unknown", "Nothing", [])] * 3),
    "none was told": ("ryng-main", [("no_answer", None, [])] * 6),
}


@pytest.fixture
def stored(database, request):
    connection, calls = request.param
    with database.write() as session:
        load = factories.load(session, (), connection=connection)
        sent_at = NOON - timedelta(hours=1)
        factories.lead(session, load, number=NUMBER, state="accepted", sent_at=sent_at, dialer_id="7")
        for at, (end, disposition, flags) in enumerate(calls):
            factories.outcome(
                session,
                connection=connection,
                dialer=CONNECTIONS[connection].dialer,
                started_at=NOON + timedelta(minutes=at),
                customer_number=NUMBER,
                lead_id="7",
                connect_outcome=end,
                disposition=disposition,
                flags=flags,
            )


def totals(session, name):
    return answering.answer(answering.asked(session, {}, configured=CONNECTIONS), REPORTS[name])["totals"]


def contacted(session, figure):
    (lead,) = leads.page(answering.asked(session, {}, configured=CONNECTIONS), figure, {}, 10, None).rows
    return lead["contacted"]


LEADS = ("attempts_per_lead.leads", "penetration.loaded")


@pytest.mark.parametrize("stored", UNKNOWN.values(), ids=UNKNOWN, indirect=True)
def test_whatever_rests_on_meanings_that_are_not_known_is_null_and_says_why(database, stored):
    with database.read() as session:
        for name, figures in ON_CONTACTS.items():
            found = totals(session, name)
            assert REPORTS[name].by_meaning != REPORTS[name].tables
            assert [found[figure] for figure in figures] == [None] * len(figures), (name, found)
            assert set(figures) <= set(found["reasons"]), (name, found)
        assert [contacted(session, figure) for figure in LEADS] == [None, None]


@pytest.mark.parametrize("stored", KNOWN.values(), ids=KNOWN, indirect=True)
def test_what_is_known_to_be_none_is_0(database, stored):
    with database.read() as session:
        found = [totals(session, name)[figures[0]] for name, figures in ON_CONTACTS.items()]
        assert found == [0, 0, 0, 0, 0, 0, 1, 0]  # one number is unreachable
        assert [contacted(session, figure) for figure in LEADS] == [False, False]


def test_a_call_after_a_dnc_is_one_whatever_the_filters(database):
    """Calls of a connection that states none, to a number that asked another one for no more."""
    with database.write() as session:
        told = {"disposition": "Do not call", "flags": ["dnc"]}
        factories.outcome(session, started_at=NOON, customer_number=NUMBER, **told)
        later = {"started_at": NOON + timedelta(hours=1), "customer_number": NUMBER}
        factories.outcome(session, connection="mute", dialer="voipex", **later)
    with database.read() as session:
        question = answering.asked(session, {"connection": ["mute"]}, configured=CONNECTIONS)
        found = answering.answer(question, REPORTS["compliance"])["totals"]
        assert found["after_dnc"] == 1 and "reasons" not in found


def test_how_long_people_talked_is_not_0_where_nobody_told(database):
    def told(*calls):
        with database.write() as session:
            session.execute(delete(CallOutcome))
            for end, seconds in calls:
                factories.outcome(session, connect_outcome=end, talk_seconds=seconds)
        with database.read() as session:
            agents, numbers = totals(session, "agents"), totals(session, "number_health")
        assert ("talk_seconds" in agents.get("reasons", {})) == (agents["talk_seconds"] is None)
        assert set(numbers["reasons"]) == {
            "answer_rate_14d",
            *(["short_share"] if agents["talk_seconds"] is None else []),
        }
        return agents["talk_seconds"], numbers["short_share"]

    assert told(("connected", None), ("no_answer", 0)) == (None, None)
    assert told(("connected", None), ("connected", 3)) == (3, 0.5)
    assert told(("no_answer", None)) == (0, None)  # nobody talked


FIRST = "The first call that is known here was at 2026-11-18 12:00:00 (UTC): of the time before, nothing is known."


def test_compared_with_a_time_without_calls(database):
    """Counts were 0 then and there is no median of nothing; a limit is what it is; and before the first call nothing is known."""
    with database.write() as session:
        for connection in ("qvoice-main", "ryng-main"):
            talk = {"talk_seconds": 60, "disposition": "Sold" if connection == "qvoice-main" else None}
            factories.outcome(session, connection=connection, started_at=NOON, **talk)

    def compared(name, since, compare, group_by=("connection",), tz="UTC"):
        days = {"since": since, "until": since + timedelta(days=1)}
        question = answering.asked(session, days, tz, group_by, configured=CONNECTIONS)
        found = answering.answer(question, REPORTS[name], compare)
        return found["rows"][0], found["compared_with"]["note"]

    morning = NOON.replace(hour=0)
    with database.read() as session:
        row, note = compared("times", morning + timedelta(days=1), "previous")
        assert (row["talk_median_before"], row["talk_median"], row["talk_median_change"], note) == (
            60,
            None,
            None,
            FIRST,
        )
        row, _ = compared("abandon_rate", morning + timedelta(days=1), "previous")
        assert (row["humans"], row["humans_before"], row["limit"], row["limit_before"]) == (0, 1, 0.03, 0.03)
        row, _ = compared("agents", morning + timedelta(days=1), "previous")
        assert (row["contacts"], row["contacts_before"], row["contacts_change"]) == (0, None, None)
        assert row["reasons"]["contacts_before"].startswith("Nobody has decided")
        row, note = compared("connect_rate", morning, "previous")
        assert (row["final"], row["final_before"], row["final_change"], note) == (1, None, None, FIRST)
        assert row["reasons"]["final_before"] == "Nothing is known of that time."
        row, _ = compared("may_still_move", morning, "previous", ())
        assert row["now_before"] == {"connected": None, "contacts": None} and "now_contacts_before" in row["reasons"]
        _, note = compared("connect_rate", morning, "previous", tz="Asia/Kolkata")
        assert note == FIRST.replace("12:00:00 (UTC)", "17:30:00 (Asia/Kolkata)")
        row, note = compared("connect_rate", morning, "2026-11-19..2026-11-19")
        assert (row["final"], row["final_before"], row["final_change"], note) == (1, 0, 1, None)


def test_compared_with_a_time_before_any_call_at_all(database):
    """Nothing is known of it, as the first page says: to be told that nothing has changed would be to be told something."""
    with database.read() as session:
        for name, what, figure in (("attempts", "call", "attempts"), ("penetration", "loaded lead", "loaded")):
            question = answering.asked(
                session, {"since": NOON - timedelta(days=1), "until": NOON}, configured=CONNECTIONS
            )
            found = answering.answer(question, REPORTS[name], "week")
            totals, said = found["totals"], found["compared_with"]["note"]
            assert (totals[figure], totals[f"{figure}_before"], totals[f"{figure}_change"]) == (0, None, None)
            assert said == f"No {what} is known here: of that time, nothing is known."


def test_who_calls_us_is_not_called_in_vain(database):
    with database.write() as session:
        for at in range(6):
            inbound = {"direction": "inbound", "customer_number": NUMBER, "connect_outcome": "no_answer"}
            factories.outcome(session, started_at=NOON + timedelta(minutes=at), **inbound)
    with database.read() as session:
        assert totals(session, "unreachable_numbers") == {"numbers": 0, "attempts": 0}


def test_what_no_dialer_tells_of_is_not_0(database):
    """Ringostat's words know voicemail and no abandoned calls, QVoice's the other way round; the tenant's may know both."""
    ringostat = Connection("ringostat-main", "ringostat")
    knows = Connection("qvoice-main", "qvoice", words={"AMD": "voicemail"})

    def told(connection):
        with database.write() as session:
            session.execute(delete(CallOutcome))
            factories.outcome(session, connection=connection.name, dialer=connection.dialer)
        with database.read() as session:
            question = answering.asked(session, {}, limits=Limits(), configured={connection.name: connection})
            machines, dropped = (
                answering.answer(question, REPORTS[name])["totals"] for name in ("machine_rate", "abandon_rate")
            )
        assert ("abandoned" in dropped.get("reasons", {})) == (dropped["state"] is None)
        return machines["machine_rate"], dropped["abandon_rate"]

    assert told(ringostat) == (0, None)
    assert told(CONNECTIONS["qvoice-main"]) == (None, 0)
    assert told(knows) == (0, 0)
