"""What a person has steered is done by the engine, against the sandbox: chosen, mended and tried again, paused, resumed."""

from dataclasses import replace

from crm import steering
from crm.destination import Rule
from queries import delivery_counts, destinations
from queries.deliveries import conditions
from tests.crm.engine import told
from tests.factories import NOON

NUMBER = "+919810012345"
STATUS = (Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}),)
SALE = {"customer_number": NUMBER, "started_at": NOON, "flags": ["sale"]}


def lag(engine):
    with engine.database.read() as session:
        counts = delivery_counts.counted(session)
        (found,) = destinations.destinations(session, {"sales": "hubspot"}, counts, 0.0, engine.now())
    return found["lag"]


def test_a_picked_record_gets_the_call_and_the_status(engine, hubspot, sales):
    sales = replace(sales, status=STATUS)
    hubspot.add_contact("102", firstname="Bharat", mobilephone=NUMBER)
    engine.made(**SALE)
    held, _ = engine.run(sales)
    assert lag(engine) == "The only call is not in; 1 waits for a person."
    steering.choose(engine.database, held.id, "102", engine.now())
    assert lag(engine) == "The only call is not in."
    assert told(engine.run(sales)) == [("log_call", "done", None), ("set_status", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["102"]]
    assert (hubspot.statuses("102"), lag(engine)) == (["CONNECTED"], "The only call is in.")


def test_who_was_not_there_and_was_made_since_is_found_when_it_is_looked_for_again(engine, hubspot, sales):
    engine.made(customer_number="+919810099999")
    (held,) = engine.run(sales)
    hubspot.add_contact("103", phone="+919810099999")
    steering.retry(engine.database, held.id, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["103"]]


def test_a_refused_call_is_mended_and_tried_again_once(engine, hubspot, sales):
    engine.made(**SALE)
    hubspot.faults.set({"required_field": {"value": {"object": "calls", "when": {}, "need": ["department"]}}})
    (refused,) = engine.run(sales)
    assert (refused.state, "department" in refused.answer) == ("refused", True)
    assert lag(engine) == "The only call is not in; 1 was refused."
    hubspot.faults.set({})
    wanted = conditions({"destination": "sales", "state": "refused", "reason": refused.reason})
    assert steering.retry_many(engine.database, wanted, engine.now()) == 1
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert len(hubspot.calls()) == 1 and lag(engine) == "The only call is in."


def test_what_is_unknown_is_looked_up_when_a_person_asks_and_stands_there_once(engine, hubspot, sales):
    engine.made(**SALE)
    hubspot.faults.set({"drop_after": {"times": 1, "path": "calls/batch/upsert"}})
    (unknown,) = engine.run(sales)
    assert (unknown.state, len(hubspot.calls())) == ("unknown", 1)
    engine.later(60)
    steering.retry(engine.database, unknown.id, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert len(hubspot.calls()) == 1


def test_nothing_is_sent_while_it_is_paused_and_all_of_it_afterwards(engine, hubspot, sales):
    steering.pause(engine.database, "sales", "asha", engine.now())
    engine.made(**SALE)
    assert told(engine.run(sales)) == [("log_call", "pending", None)]
    assert "Paused since" in lag(engine) and "by asha" in lag(engine) and hubspot.calls() == []
    steering.resume(engine.database, "sales", engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]


def test_credentials_that_were_mended_are_tried_at_once(engine, hubspot, sales):
    engine.made(**SALE)
    hubspot.faults.set({"token_revoked": {}})
    (parked,) = engine.run(sales)
    assert (parked.state, "Nothing is sent before" in lag(engine)) == ("parked", True)
    hubspot.faults.set({})
    assert told(engine.run(sales)) == [("log_call", "parked", parked.reason)]  # not before its time, unless
    steering.resume(engine.database, "sales", engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]


def test_a_call_whose_record_was_deleted_goes_to_the_one_that_a_person_names(engine, hubspot, sales):
    sales = replace(sales, status=STATUS)
    hubspot.add_contact("102", firstname="Bharat", phone="+919810099999")
    engine.made(**SALE)
    hubspot.faults.set({"deleted": {"value": ["101"]}})
    rows = engine.run(replace(sales, find_by=("number",)))
    hubspot.faults.set({})
    lost = [row for row in rows if row.state in ("refused", "held")]
    assert len(lost) == 2, told(rows)
    steering.choose(engine.database, lost[0].id, "102", engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None), ("set_status", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["102"]]
