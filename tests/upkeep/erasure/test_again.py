"""What comes back after an erasure: names that dialers bring again are taken out again, and what comes after a restore is new."""

from datetime import timedelta

from sqlalchemy import select

from lib import clock
from lib.phone_spellings import Spellings
from lib.stand_ins import is_stand_in
from models import CampaignName, Decision, Erasure, Lead, View
from outcomes import decisions
from outcomes.verifying import compare
from queries.views import saved
from tests import factories
from tests.evidence import CONNECTIONS, normalize, outcomes, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, told
from tests.upkeep.erasure import dump
from tests.upkeep.erasure.test_clocks import fresh_call
from tests.upkeep.erasure.test_working import erased, finish
from upkeep.erasure import beginning, ledger
from upkeep.erasure.steps import NEWS

SPELLINGS = Spellings(NUMBER)


def listed(database) -> None:
    """A dialer lists a campaign whose name holds the number."""
    with database.write() as session:
        seen_by = factories.receipt(session, body=b"{}").id
        own = {"name": f"Back {NUMBER}", "campaign_id": "6541", "receipt_id": seen_by}
        session.add(CampaignName(connection="ryng-main", **own))


def test_a_name_of_a_campaign_that_came_back_is_taken_out_again(database, tmp_path):
    told(database, terminal())
    for _ in range(2):
        listed(database)
        erased(database, tmp_path)
        assert not SPELLINGS.within(dump(database))
        with database.read() as session:
            assert len(session.scalars(select(CampaignName.name)).all()) == 1


def test_calls_since_a_restore_are_new_though_their_places_were_given_before(database, tmp_path):
    """A database that was put back gives places anew from where the backup stood."""
    told(database, terminal())
    at = clock.now()
    whom = (database.stand_ins.number(NUMBER), database.stand_ins.key_id, clock.iso(at))
    ledger.append(tmp_path, [ledger.Entry("01a22b4d-2440-73d1-8756-a2b98bd0f7df", *whom, "Ann", False, position=9_999)])
    assert ledger.together(database, tmp_path)
    later = (at + timedelta(minutes=1)).isoformat()
    times = {"callCreated": later, "callStarted": later, "callEnded": None, "callDisposed": None}
    told(database, terminal("98000-12345/7", "7", **times), at=at + timedelta(minutes=2))
    finish(database, tmp_path)
    assert sorted(is_stand_in(row.customer_number) for row in outcomes(database)) == [False, True]


def test_a_call_since_then_keeps_nothing_that_it_took_from_a_lead_of_before(database, tmp_path):
    with database.write() as session:
        factories.load(session, [{"number": NUMBER, "reference": "crm-1"}])
    beginning.begin(database, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    told(database, fresh_call(after=timedelta(seconds=1)), at=clock.now() + timedelta(seconds=1))
    (call,) = outcomes(database)
    assert call.crm_reference == "crm-1"
    finish(database, tmp_path)
    normalize(database)
    (call,) = outcomes(database)
    assert (call.customer_number, call.crm_reference, call.notes) == (NUMBER, None, "She is a customer again")
    assert compare(database, CONNECTIONS, [call.group_id], clock.now()).outcomes == {}
    with database.read() as session:
        (row,) = session.scalars(select(Erasure))
    assert row.left == [NEWS.format("1 call")]


def test_a_lead_that_the_dialer_lists_and_nobody_took_out_is_named(database, tmp_path):
    with database.write() as session:
        for lead, number in (("7", NUMBER), ("8", OTHER)):
            of_it = factories.receipt(session)
            seen = {"connection": "qvoice-main", "first_seen_at": clock.now(), "seen_at": clock.now()}
            session.add(Lead(id=of_it.id, lead_id=lead, number=number, status="success", receipt_id=of_it.id, **seen))
    row = erased(database, tmp_path, keep_uncalled=False)
    assert [(one["to"], one["records"], one["state"]) for one in row.told] == [("qvoice-main", ["7"], "by_hand")]


def test_a_name_that_is_told_again_corrects_nothing(database, tmp_path):
    """A late callback of somebody else's call, by an agent whose name holds the number."""
    own = {"customerNum": OTHER, "agentID": f"desk {NUMBER}", "agentUsername": f"Desk {NUMBER}"}
    told(database, terminal(20, 50, **own))
    erased(database, tmp_path)
    told(database, terminal(20, 50, notes="Anna", callDisposed="2026-11-18T10:02:09.000Z", **own))
    (row,) = outcomes(database)
    assert (row.agent_id, row.notes, row.corrected_at) == (own["agentID"], "Anna", None)
    told(database, terminal(20, 50, callDisposed="2026-11-18T10:02:10.000Z", **{**own, "agentID": "7"}))
    (row,) = outcomes(database)
    assert row.agent_id == "7" and row.corrected_at is not None


def test_a_decided_word_is_the_word_of_the_calls_still(database, tmp_path):
    word = f"Ask {NUMBER}"
    told(database, terminal(20, 50, customerNum=OTHER, disposition=word))
    with database.write() as session:
        decisions.decide(session, CONNECTIONS["ryng-main"], "disposition", word, ["callback"], "Ann")
    erased(database, tmp_path)
    (row,) = outcomes(database)
    with database.read() as session:
        (decided,) = session.scalars(select(Decision)).all()
    assert decided.word == row.disposition != word
    assert not SPELLINGS.within(dump(database))


def test_a_saved_view_finds_the_calls_that_it_found(database, tmp_path):
    told(database, terminal(20, 50, customerNum=OTHER, agentUsername=f"Desk {NUMBER}"))
    with database.write() as session:
        session.add(saved.made("Desk", "outcomes", None, {"agent": [f"Desk {NUMBER}", "Asha"]}, "Ann"))
    erased(database, tmp_path)
    (row,) = outcomes(database)
    with database.read() as session:
        assert session.scalar(select(View.query)) == {"agent": [row.agent_username, "Asha"]}
    assert not SPELLINGS.within(dump(database))
