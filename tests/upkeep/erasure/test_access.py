"""What is kept of a person is shown, all of it, and nothing of anybody else."""

import json

from sqlalchemy import select

from lib import clock
from lib.phone_spellings import Spellings
from models import Audit, Base, Lead, LeadStatus, audit
from models.audit import Actor
from tests import factories
from tests.evidence import connect, keep, outcomes, receipt, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, PERSONAL, told
from tests.upkeep.erasure import dump
from tests.upkeep.erasure.test_working import erased, filled
from upkeep.erasure import access

SPELLINGS = Spellings(NUMBER)
PASSED = {"audit_log"}  # holds the ends of numbers alone


def tables_of(rows) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in rows:
        found[one["table"]] = found.get(one["table"], 0) + 1
    return found


def test_calls_with_their_evidence_whatever_stands_in_them(database):
    told(database, connect(), terminal(**PERSONAL))
    told(database, terminal(20, 50, customerNum=OTHER, notes="Another one"))
    rows = list(access.kept(database, NUMBER))
    assert tables_of(rows) == {"call_outcomes": 1, "call_events": len(rows) - 3, "receipts": 2}
    call = next(one["row"] for one in rows if one["table"] == "call_outcomes")
    assert (call["customer_number"], call["notes"]) == (NUMBER, PERSONAL["notes"])
    bodies = [json.loads(one["row"]["body"]) for one in rows if one["table"] == "receipts"]
    assert {body["callbackType"] for body in bodies} == {"connect", "terminal"}
    assert "Another one" not in json.dumps(rows)


def test_everywhere_each_row_in_which_the_number_stands_is_there_once(database, tmp_path):
    filled(database, tmp_path)
    before = dump(database)
    rows = list(access.kept(database, NUMBER, everywhere=True))
    assert dump(database) == before, "it is looked at alone"
    shown = [json.dumps(one, sort_keys=True) for one in rows]
    assert len(set(shown)) == len(shown)
    of_tables = tables_of(rows)
    for table in Base.metadata.sorted_tables:
        with database.read() as session:
            there = session.execute(select(table)).mappings().all()
        holding = sum(any(map(_holds, row.values())) for row in there)
        assert table.name in PASSED or of_tables.get(table.name, 0) >= holding, table.name
    assert {"lead_loads", "loaded_leads", "suppressions", "deliveries"} <= of_tables.keys()
    assert "secret_hash" not in "".join(shown)


def _holds(value) -> bool:
    return SPELLINGS.within_bytes(value) if isinstance(value, bytes) else SPELLINGS.within_value(value)


def test_a_listed_lead_with_its_statuses_and_what_told_of_it(database):
    with database.write() as session:
        of_it = factories.receipt(session)
        common = {"connection": "qvoice-main", "first_seen_at": clock.now(), "seen_at": clock.now()}
        lead = Lead(id=of_it.id, lead_id="7", number=NUMBER, receipt_id=of_it.id, **common)
        session.add(lead)
        session.flush()
        status = {"lead_id": lead.id, "status": "NEW", "seen_at": clock.now(), "receipt_id": of_it.id}
        session.add(LeadStatus(id=of_it.id, **status))
    found = tables_of(access.kept(database, NUMBER))
    assert found == {"receipts": 1, "leads": 1, "lead_statuses": 1}


def test_a_call_of_the_same_lead_of_which_no_number_was_told(database):
    with database.write() as session:
        factories.outcome(session, customer_number=NUMBER, lead_id="7")
        factories.outcome(session, customer_number=None, lead_id="7", notes="ring the neighbour")
        factories.outcome(session, customer_number=OTHER, lead_id="8")
        factories.outcome(session, customer_number=None, lead_id="9")
    notes = [one["row"]["notes"] for one in access.kept(database, NUMBER) if one["table"] == "call_outcomes"]
    assert len(notes) == 2 and "ring the neighbour" in notes


def test_of_who_was_erased_what_stands_for_them(database, tmp_path):
    told(database, connect(), terminal(**PERSONAL))
    erased(database, tmp_path, keep_uncalled=True)
    rows = list(access.kept(database, NUMBER, everywhere=True))
    assert {"call_outcomes", "suppressions", "erasures"} <= tables_of(rows).keys()
    assert not SPELLINGS.within_value(rows)


def test_that_somebody_asked_is_noted_without_the_number(database):
    with audit.acting(Actor("Ann", "192.0.2.7")):
        assert list(access.kept(database, NUMBER)) == []
    with database.read() as session:
        (note,) = session.scalars(select(Audit))
    assert (note.act, note.who) == ("person.show", "Ann") and not SPELLINGS.within(str(note.subject))


def test_a_body_that_is_no_text_is_there_in_base64(database):
    told(database, terminal())
    keep(database, receipt(b"\xff\xfe" + NUMBER.encode("utf-16-le")))
    bodies = [one["row"] for one in access.kept(database, NUMBER, everywhere=True) if one["table"] == "receipts"]
    assert [body["body"] is None for body in bodies] == [False, True] and bodies[1]["body_base64"]
    assert len(outcomes(database)) == 1
