"""The promise of the list: a lead whose number must not be called is not sent, whenever its number was put there."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy

from dialers.giving import BadLeads, BadList, Refused
from leads import commands, loads, numbers, send_due, suppressing
from leads.loading import Loading
from lib import clock
from models import LoadedLead
from models.suppressions import PERSON
from outcomes import suppressions
from outcomes.suppressions import Wanted
from rig.waiting import until
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice
from tests.dialers.ryng.stage import stage as ryng
from tests.leads.sends import load, send, shown, taken
from tests.leads.sends import numbers as numbered
from tests.web.conftest import CONNECTIONS

REASON = "Asked for it in writing"
KINDS = pytest.mark.parametrize("kind", [qvoice, jaicp])


def put(database, *listed: str, until=None, by="Ann") -> list[suppressions.Change]:
    with database.write() as session:
        wanted = [Wanted(number, number, REASON, until) for number in listed]
        return suppressions.put(session, PERSON, wanted, by, clock.now())


def fates(database, load_id) -> dict[str, tuple[str, str | None]]:
    return {lead["number"]: (lead["state"], lead["reason"]) for lead in shown(database, load_id)["leads"]}


REJECTED = ("rejected", f"Suppressed: {REASON}")
ACCEPTED = ("accepted", None)


@KINDS
def test_a_number_on_the_list_is_shown_in_a_dry_run_and_rejected_by_a_load(database, kind):
    with kind() as played:
        first, second, third = numbered(3)
        put(database, second)
        rows = [{"number": number} for number in (first, second, third, second)]
        loading = Loading(played.connection, played.campaign, enumerate(rows, 1))
        dry = loading.dry(database, {})
        assert (dry["leads"], dry["suppressed"]) == (4, 2)
        assert dry["suppressions"] == [{"row": row, "number": second, "reason": REJECTED[1]} for row in (2, 4)]
        assert second.lstrip("+") not in str(dry["shown"]) and third.lstrip("+") in str(dry["shown"])

        load_id = Loading(played.connection, played.campaign, enumerate(rows, 1)).keep(database)
        assert shown(database, load_id)["counts"] == {"pending": 2, "accepted": 0, "rejected": 2, "unknown": 0}
        send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], fates(database, load_id)) == (
            "done",
            {first: ACCEPTED, second: REJECTED, third: ACCEPTED},
        )
        assert taken(played) == [first.lstrip("+"), third.lstrip("+")]


@KINDS
def test_a_load_of_nothing_else_is_done_and_sends_nothing(database, kind):
    with kind() as played:
        put(database, *numbered(2))
        load_id = load(database, played, 2)
        send(database, played.connection)
        assert (shown(database, load_id)["state"], played.taken()) == ("done", [])


@KINDS
def test_a_number_that_is_put_there_after_the_load_was_checked_is_not_sent(database, kind):
    with kind() as played:
        load_id = load(database, played, 4)
        put(database, numbered(4)[0], numbered(4)[2])
        send(database, played.connection)
        assert list(fates(database, load_id).values()) == [REJECTED, ACCEPTED, REJECTED, ACCEPTED]
        assert taken(played) == [numbered(4)[1].lstrip("+"), numbered(4)[3].lstrip("+")]


def test_thousands_that_were_put_there_after_the_check_are_passed_over(database):
    with qvoice() as played:
        most = 6_000  # of one step: see ``orders.LOOKED_AT`` and ``MOST_LOOKS``
        load_id = load(database, played, most + 1)
        put(database, *numbered(most))
        for _ in range(4):
            send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["accepted"], found["counts"]["rejected"]) == ("done", 1, most)
        assert taken(played) == [numbered(most + 1)[-1].lstrip("+")]


def test_whoever_is_put_there_while_leads_are_sent_is_sent_before_that_or_never(database):
    count, over = 60, {}
    with qvoice() as played:
        load_id = load(database, played, count)

        def put_from_the_end():
            last, *others = reversed(numbered(count))
            put_now(last)  # one at least is refused, and one at least is sent
            until(lambda: taken(played), 30, lambda: "that the first is sent")
            for number in others:
                put_now(number)

        def put_now(number):
            put(database, number)
            over[number] = clock.now()

        putting = threading.Thread(target=put_from_the_end)
        putting.start()
        send(database, played.connection)
        putting.join()
        send(database, played.connection)
        reached = {f"+{number}" for number in taken(played)}
        with database.read() as session:
            leads = session.query(LoadedLead).where(LoadedLead.load_id == load_id).all()
        assert {lead.number for lead in leads if lead.state == "accepted"} == reached
        assert {lead.state for lead in leads} == {"accepted", "rejected"}
        assert [lead.number for lead in leads if lead.sent_at and lead.sent_at > over[lead.number]] == []


def test_a_lead_that_may_have_been_taken_before_is_not_sent_again_and_stays_in_doubt(database):
    with qvoice() as played:
        played.faults({"drop_after": {"times": 1, "path": "lead"}})
        load_id = load(database, played, 1)
        send(database, played.connection)
        put(database, *numbered(1))
        with database.write() as session:
            assert loads.decide(session, load_id, "resend") == 1
        send(database, played.connection)
        assert fates(database, load_id) == {numbered(1)[0]: ("unknown", REJECTED[1])}
        assert (shown(database, load_id)["state"], len(played.taken())) == ("done", 1)


def test_an_order_under_a_key_stays_as_it_was_sent_first(database):
    with jaicp() as played:
        played.faults({"drop_after": {"times": 1, "path": "addPhones"}})
        load_id = load(database, played, 3)
        send_due(database, played.connection, {}, stop=_stopped())  # the dialer took it, and its answer was lost
        assert (shown(database, load_id)["counts"]["pending"], len(taken(played))) == (3, 3)
        put(database, numbered(3)[1])
        for _ in range(3):
            send_due(database, played.connection, {}, now=lambda: clock.now() + timedelta(seconds=30))
        assert len(taken(played)) == len(set(taken(played))) == 3
        assert shown(database, load_id)["counts"]["accepted"] == 3


def _stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def test_one_whose_end_has_come_is_called_again(database):
    with qvoice() as played:
        now = clock.now()
        put(database, *numbered(2), until=now + timedelta(hours=1))
        load_id = load(database, played, 1)
        assert fates(database, load_id) == {numbered(1)[0]: REJECTED}
        with database.read() as session:
            later = suppressions.reasons(session, set(numbered(2)), now + timedelta(hours=1))
        assert later == {}


def test_a_single_call_to_it_is_refused_before_anything_is_sent(database):
    with ryng() as played:
        put(database, "+919812345678")
        given = {"number": "098123 45678", "agent": "1", "campaign": "2"}
        with pytest.raises(Refused, match="Suppressed: Asked for it in writing"):
            commands.act(database, played.connection, "start_call", given, {})


def test_two_who_put_the_same_at_once_put_it_once(database):
    threads = [threading.Thread(target=put, args=(database, *numbered(50)), kwargs={"by": by}) for by in ("Ann", "Bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        changes = suppressions.compared(session, PERSON, [Wanted(number, number, REASON) for number in numbered(50)])
        assert {change.what for change in changes} == {"unchanged"}
        assert session.query(suppressions.Suppression).count() == 50


def test_of_two_who_put_it_at_once_with_another_end_the_later_one_has_the_last_word(database, database_url):
    number, ready = "+919812345678", threading.Event()
    later: list[suppressions.Change] = []

    def for_ever():
        ready.set()
        later.extend(put(database, number))

    putting = threading.Thread(target=for_ever)
    with database.write() as session:
        end = clock.now() + timedelta(days=1)
        suppressions.put(session, PERSON, [Wanted(number, number, "On holiday", end)], "Bob", clock.now())
        putting.start()
        ready.wait()
        if database_url.startswith("postgresql"):
            waits_for_us(database)
    putting.join()
    with database.read() as session:
        rows = {row.id: row for row in session.query(suppressions.Suppression)}
        session.expunge_all()
    (change,) = later
    assert (change.what, rows[change.id].until, rows[change.id].taken_off_at) == ("replaced", None, None)
    assert sorted(row.taken_off_by or "" for row in rows.values()) == ["", "Ann"]


def waits_for_us(database) -> None:
    """Until somebody waits for another's transaction."""
    while True:
        with database.read() as session:
            if session.scalar(sqlalchemy.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return


@pytest.mark.parametrize(
    ("connections", "written", "number"),
    [
        (["ryng-main"], "098123 45678", "+919812345678"),
        (["ryng-main", "qvoice-main"], "098123 45678", "+919812345678"),  # the other reads no national numbers
        (["qvoice-main"], "+91 98123-45678", "+919812345678"),
    ],
)
def test_a_number_is_read_as_the_connections_read_it(connections, written, number):
    readers = numbers.countries(CONNECTIONS[name] for name in connections)
    assert numbers.read(readers, written).number == number


def test_a_number_of_one_of_the_countries_is_no_foreign_one():
    for countries in (["CZ", "IN", "UA", "US"], ["UA", "CZ"]):
        assert numbers.read(countries, "+380935550901").doubts == ()
    (doubt,) = numbers.read(["CZ", "IN"], "+380935550901").doubts
    assert doubt == "It is a number of +380, and the default country is CZ."


@pytest.mark.parametrize(
    ("countries", "written", "sentence"),
    [
        ([None], "098123 45678", "must be international"),
        (["IN", None], "anonymous", "Write it international"),
        (["FR", "IT"], "0612345678", r"Can be read as \+33612345678 and as \+39"),
    ],
)
def test_a_number_that_cannot_be_read_for_certain_is_refused(countries, written, sentence):
    with pytest.raises(Refused, match=sentence):
        numbers.read(countries, written)


def test_a_file_is_read_as_a_whole_or_not_at_all():
    def check(text: str):
        return numbers.check(CONNECTIONS.values(), numbers.rows_of_csv(text.encode()), clock.now())

    (one,) = check("number;reason;until\n09812345678;Moved away;2199-01-01\n").wanted
    assert (one.number, one.reason, one.until.year) == ("+919812345678", "Moved away", 2199)
    found = check("number;reason;until\n09812345678;Moved away;2199-01-01\n+919812345678;;\n")
    assert [(one.number, one.reason, one.until is None) for one in found.wanted] == [
        ("+919812345678", None, True)  # the last counts
    ]
    assert found.repeated == {"+919812345678": [1, 2]}
    with pytest.raises(BadLeads) as bad:
        check("number,until\n12,\n+919812345678,yesterday\n+919812345678,2020-01-01\n,\n,2199-01-01\n")
    assert [(one["row"], one["field"]) for one in bad.value.faults] == [
        (1, "number"),
        (2, "until"),
        (3, "until"),
        (5, "number"),
    ]
    for text in ("", "number\n", "phone\n+919812345678\n", "number,name\n+919812345678,Ann\n"):
        with pytest.raises(BadList):
            check(text)


def test_a_row_is_taken_off_once_and_stays_with_who_took_it(database):
    (change,) = put(database, "+919812345678")
    off = suppressing.take_off(database, change.id, "Bob")
    assert (off.may_be_called, [(row.taken_off_by, row.added_by) for row in off.rows]) == (True, [("Bob", "Ann")])
    again = suppressing.take_off(database, change.id, "Cem")
    assert [(row.taken_off_by, row.taken_off_at) for row in again.rows] == [("Bob", off.rows[0].taken_off_at)]
    assert suppressing.take_off(database, "+919812345678", "Cem") is None
    (new,) = put(database, "+919812345678")
    assert (new.what, new.id != change.id) == ("added", True)
