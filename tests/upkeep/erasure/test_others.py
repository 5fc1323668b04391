"""Other people's calls and leads in whose names the number stands: it goes, what was two stays two, and what dialers tell later
finds its row."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from lib import clock, ids
from lib.phone_spellings import Spellings
from lib.stand_ins import is_stand_in
from models import CallEvent, CallKey, CallOutcome, CampaignName, Lead, LoadedLead, Receipt, TakeOut
from outcomes import suppressions
from outcomes.receipts import replay
from outcomes.renormalize import renormalize
from polling.keep import keep_page
from tests import factories
from tests.evidence import CONNECTIONS, connect, keep, normalize, outcomes, receipt, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, told
from tests.upkeep.erasure import dump
from tests.upkeep.erasure.test_working import erased

SPELLINGS = Spellings(NUMBER)
THIRD = "+919800054321"
SPELLED = ("09800012345", "+91 98000 12345")  # two ways of one number: two attempts, agents, leads
CALL = "98000-12345/7"


def attempts(**more) -> list[dict]:
    """Two of one call with somebody else, told apart by how the number is spelled in their names."""
    own = {"customerNum": OTHER, "notes": "Ask her husband: 098000 12345"} | more
    return [
        terminal(CALL, f"{spelled}-1", agentID=f"desk {spelled}", agentUsername=f"Asha {spelled}", **own, **times)
        for spelled, times in zip(
            SPELLED,
            ({}, {"callStarted": "2026-11-18T11:00:00.000Z", "callEnded": "2026-11-18T11:02:00.000Z"}),
            strict=True,
        )
    ]


def seen(database) -> list[tuple]:
    return sorted((row.id, row.started_at, row.connect_outcome, row.customer_number) for row in outcomes(database))


def revisions(database) -> dict:
    return {row.id: row.revision for row in outcomes(database)}


def test_names_of_calls_attempts_and_agents_become_stand_ins(database, tmp_path):
    told(database, *attempts(), terminal(20, 50, customerNum=THIRD, agentUsername="Asha 09800012345"))
    before = outcomes(database)
    erased(database, tmp_path)
    after = outcomes(database)
    assert not SPELLINGS.within(dump(database))
    for name in (
        "agent_id",
        "agent_username",
        "call_id",
        "attempt_id",
    ):  # equal ones are equal still, and others are not
        of = {row.id: getattr(row, name) for row in before}, {row.id: getattr(row, name) for row in after}
        pairs = {(of[0][row.id], of[1][row.id]) for row in before}
        assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs}), name
    assert all(row.agent_username.startswith("Asha ~") for row in after)
    assert {row.customer_number for row in after} == {OTHER, THIRD}
    assert all(row.corrected_at is None for row in after)
    assert [row.notes for row in after if row.customer_number == OTHER] == ["Ask her husband: erased"] * 2
    with database.read() as session:
        keys = session.scalars(select(CallKey.key)).all()
        assert {is_stand_in(key) for key in keys} == {True, False}  # of the third call it stands in no name


def test_reading_again_changes_nothing(database, tmp_path):
    told(database, connect(CALL, customerNum=OTHER, callStarted="2026-11-18T10:00:00.000Z"), *attempts())
    erased(database, tmp_path)
    rows, numbered = seen(database), revisions(database)
    with database.write() as session:
        assert replay(session, [])
    normalize(database)
    assert (seen(database), revisions(database)) == (rows, numbered)
    found = [differences for _, differences in renormalize(database, CONNECTIONS, "ryng-main", apply=True)]
    assert sum(one.changed + one.made for one in found) == 0
    assert not SPELLINGS.within(dump(database))


def test_what_is_told_later_is_of_the_same_attempts_and_nobody_else_is_erased(database, tmp_path):
    told(database, *attempts(disposition=None, callDisposed=None))
    erased(database, tmp_path)
    rows = seen(database)
    told(database, *attempts())
    assert seen(database) == rows
    assert [row.disposition for row in outcomes(database)] == ["Interested"] * 2
    assert {row.customer_number for row in outcomes(database)} == {OTHER}


def test_a_call_without_a_number_is_nobody_s_who_was_erased(database, tmp_path):
    told(database, terminal(CALL, "5", customerNum=None, disposition=None, callDisposed=None))
    erased(database, tmp_path)
    told(database, terminal(CALL, "5", customerNum=None, notes="Nobody answered"))
    (row,) = outcomes(database)
    assert is_stand_in(row.call_id) and (row.attempt_id, row.notes) == ("5", "Nobody answered")


def test_a_call_that_only_wrote_the_number_is_the_person_s(database, tmp_path):
    own = {"customerNum": "09800012345 or 17, ask for Anna"}
    told(database, terminal(20, 50, **own))
    (before,) = outcomes(database)
    erased(database, tmp_path)
    told(database, terminal(20, 50, notes="Anna", **own))
    (after,) = outcomes(database)
    assert (before.customer_number, after.customer_number_raw, after.notes) == (None, None, None)


def test_two_persons_of_one_body_are_erased_one_after_the_other(database, tmp_path):
    (kept,) = keep(database, receipt([terminal(), terminal(20, 50, customerNum=OTHER, notes="Anna, or 09800012345")]))
    normalize(database)
    for number in (NUMBER, OTHER):
        erased(database, tmp_path, number)
        assert not Spellings(number).within(dump(database)), number
    assert "Anna" not in dump(database)
    with database.write() as session:
        replay(session, [])
    normalize(database)
    assert len(outcomes(database)) == 2 and all(is_stand_in(row.customer_number) for row in outcomes(database))


def test_a_polled_record_is_known_by_its_key_still(database, tmp_path):
    connection = Connection("qvoice-main", "qvoice")
    bodies = [b'{"id": %d, "n": "+919800067890"}' % at for at in range(2)]
    told(database, terminal())

    def poll(bodies) -> int:
        records = [Record(body, f"leads of {spelled}", {}) for body, spelled in zip(bodies, SPELLED, strict=True)]
        with database.write() as session:
            found = keep_page(session, connection, "leads", ReportPage(records, None), clock.now()).new
            session.flush()
            for one in session.scalars(select(Receipt).where(Receipt.kind == "leads")):
                one.state, one.reason = "ignored", "check"
            return found

    assert poll(bodies) == 2
    erased(database, tmp_path)
    assert not SPELLINGS.within(dump(database))
    assert poll(bodies) == 0
    changed = [bodies[0], bodies[1].replace(b"n", b"m")]
    assert (poll(changed), poll(changed)) == (1, 0)
    assert not SPELLINGS.within(dump(database))
    with database.read() as session:
        assert len(set(session.scalars(select(Receipt.record_key).where(Receipt.kind == "leads")))) == 2


def test_leads_stay_as_many_and_are_found_again(database, tmp_path):
    told(database, terminal())
    with database.write() as session:
        for spelled in SPELLED:
            seen_by = factories.receipt(session, body=b"{}").id
            times = dict.fromkeys(("first_seen_at", "seen_at"), clock.now())
            own = {"lead_id": spelled, "campaign_id": f"of {spelled}", "number": OTHER, "receipt_id": seen_by}
            session.add(Lead(id=ids.new(), connection="ryng-main", **own, **times))
            session.add(CampaignName(connection="ryng-main", name=spelled, campaign_id="6541", receipt_id=seen_by))
        load = factories.load(
            session, leads=[{"number": OTHER, "dialer_id": spelled, "reference": spelled} for spelled in SPELLED]
        )
        load.name = "Without 9800012345"
        first = factories.take_out(session, ref=f"listed:{SPELLED[0]}", target=SPELLED[0], number=OTHER)
        columns = {column.name: getattr(first, column.name) for column in TakeOut.__table__.columns}
        session.add(TakeOut(**columns | {"id": ids.new(), "ref": f"listed:{SPELLED[1]}", "target": SPELLED[1]}))
        suppressions.put(session, "person", [suppressions.Wanted(OTHER, OTHER, "Asked")], "Bob", clock.now())
    erased(database, tmp_path)
    assert not SPELLINGS.within(dump(database))
    with database.read() as session:
        leads = session.scalars(select(Lead)).all()
        loaded = {lead.dialer_id for lead in session.scalars(select(LoadedLead))}
        assert len({lead.reference for lead in session.scalars(select(LoadedLead))}) == 2
        assert {lead.lead_id for lead in leads} == loaded and len(loaded) == 2 and all(map(is_stand_in, loaded))
        assert {lead.number for lead in leads} == {OTHER} and len({lead.campaign_id for lead in leads}) == 2
        assert len(set(session.scalars(select(CampaignName.name)))) == 2
        refs = session.scalars(select(TakeOut.ref).where(TakeOut.ref.like("listed:%"))).all()
        assert len(refs) == len(set(refs)) == 2 and all(is_stand_in(ref.removeprefix("listed:")) for ref in refs)


@pytest.mark.parametrize("name", ["query", "header"])
def test_base64_beside_the_body_goes(database, tmp_path, name):
    run = "eyJ0ZWwiOiIrOTE5ODAwMDEyMzQ1IiwieCI6Ij8_Pj4-fn5-In0%3D"  # {"tel":"+919800012345","x":"??>>>~~~"}
    given = {"query": f"a=1&d={run}"} if name == "query" else {"headers": {"referer": f"https://a.example/?d={run}"}}
    told(database, terminal(20, 50, customerNum=OTHER), **given)
    with database.write() as session:
        factories.receipt(session, body=b"garbage", state="quarantined", reason="unparseable", **given)
    told(database, terminal())
    erased(database, tmp_path)
    with database.read() as session:
        for row in session.scalars(select(Receipt)):
            assert not SPELLINGS.within_value([row.query, row.headers]), row.state
        assert session.scalar(select(func.count()).select_from(CallOutcome)) == 2


def test_a_mail_in_quoted_printable_goes(database, tmp_path):
    told(database, terminal())
    with database.write() as session:
        body = b"Content-Transfer-Encoding: quoted-printable\r\n\r\nRing =2B9198000=\r\n12345 =28Anna=29\r\n"
        factories.receipt(session, body=body, state="quarantined", reason="unparseable")
    erased(database, tmp_path)
    with database.read() as session:
        assert not any(SPELLINGS.within_bytes(body) for body in session.scalars(select(Receipt.body)))


def test_events_of_somebody_else_have_no_number_in_attempts(database, tmp_path):
    told(database, *attempts())
    erased(database, tmp_path)
    with database.read() as session:
        named = session.scalars(select(CallEvent.attempt)).all()
        assert len(set(named)) == 2 and all(is_stand_in(one) for one in named)
    assert clock.now() - timedelta(minutes=1) < max(row.changed_at for row in outcomes(database))
