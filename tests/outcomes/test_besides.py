"""Which loaded leads a call may be of, and what it takes over: decided in tables, without a database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import ids
from outcomes.besides import LeadFact, matched, with_campaign, with_leads
from outcomes.fold import Folded
from tests.evidence import START

MARK = ids.new()
NUMBER = "+380935550001"
LEAD = LeadFact(
    id=ids.new(),
    load_id=ids.new(),
    row=1,
    state="accepted",
    sent_at=START,
    dialer_id=None,
    number=NUMBER,
    campaign="456",
    named="456",
    campaign_name=None,
    reference="crm-901",
    customer_name="Ann Lee",
    fields={"Policy": "P-1"},
)
CALL = {
    "lead_id": None,
    "campaign_id": None,
    "campaign_name": None,
    "customer_number": NUMBER,
    "customer_name": None,
    "crm_reference": None,
    "custom_fields": {},
    "direction": "outbound",
    "occurred_at": START + timedelta(minutes=1),
    "set_by": {},
    "sources": ["callback:call"],
}


def lead(**given) -> LeadFact:
    return replace(LEAD, **{"id": ids.new(), **given})


def completed(call=None, *leads) -> dict:
    return dict(with_leads(Folded("1", True, CALL | (call or {}), [], []), leads).values)


JOB = {"dialer_id": "7"}
MATCHES = [
    # by number and time
    ({}, {}, "number"),
    ({"direction": None}, {}, "number"),
    ({}, {"state": "unknown"}, "number"),  # its request left
    ({}, {"state": "sending"}, "number"),
    ({}, {"state": "rejected"}, None),
    ({}, {"state": "pending", "sent_at": None}, None),
    ({}, {"sent_at": None}, None),
    ({"occurred_at": START}, {}, "number"),
    ({"occurred_at": START - timedelta(seconds=1)}, {}, None),  # a call of before
    ({"occurred_at": START}, {"sent_at": START + timedelta(seconds=0.9)}, "number"),  # dialers state whole seconds
    ({"occurred_at": START}, {"sent_at": START + timedelta(seconds=1)}, None),
    ({"direction": "inbound"}, {}, None),  # the customer calls, and not because of the list
    ({"direction": "internal"}, {}, None),
    ({"customer_number": "+380935550002"}, {}, None),
    ({"customer_number": None}, {}, None),
    ({"campaign_id": "456"}, {}, "number"),
    ({"campaign_id": "457"}, {}, None),  # of another campaign
    ({"campaign_id": "457"}, {"campaign": None, "named": None}, "number"),  # nobody knows which
    ({"campaign_id": "457"}, {"campaign": "queue:2", "named": None}, "number"),
    ({"campaign_name": "Winback"}, {"campaign_name": "Renewals"}, None),  # of another one, by its name
    ({"campaign_name": "Renewals"}, {"campaign_name": "Renewals"}, "number"),
    ({"campaign_id": "456", "campaign_name": "Renamed"}, {"campaign_name": "Renewals"}, "number"),
    ({}, JOB, None),  # the dialer told its id: calls are known by that
    ({"lead_id": "9"}, {}, "number"),  # an id of the dialer's that no lead of ours has
    ({"campaign_name": "Winback"}, {"campaign_name": None}, "number"),
    ({"campaign_name": None}, {"campaign_name": "Renewals"}, "number"),
    ({"campaign_id": "456", "campaign_name": "Winback"}, {"named": None, "campaign_name": "Renewals"}, "number"),
    ({"campaign_id": "456"}, {"campaign": "9", "named": "456"}, "number"),  # by the id that calls have
    # by the dialer's id in its campaign
    ({"lead_id": "7"}, JOB, "dialer_id"),
    ({"lead_id": "7", "direction": "inbound", "customer_number": None}, JOB, "dialer_id"),
    ({"lead_id": "7", "campaign_id": "456"}, JOB, "dialer_id"),
    ({"lead_id": "7", "campaign_id": "457"}, JOB, None),
    ({"lead_id": "8"}, JOB, None),
    ({"lead_id": "7"}, JOB | {"state": "rejected"}, None),
    ({"lead_id": "7"}, JOB | {"state": "pending"}, None),
    ({"lead_id": "7"}, JOB | {"state": "sending"}, "dialer_id"),
    ({"lead_id": "7"}, JOB | {"state": "unknown"}, "dialer_id"),
    ({"lead_id": "7", "campaign_id": "457"}, JOB | {"campaign": None}, "dialer_id"),
    ({"lead_id": "7", "campaign_id": "456"}, JOB | {"named": "9"}, "dialer_id"),  # in the load's campaign
    # by our mark, which proves it, whatever else
    ({"lead_id": str(MARK)}, {"id": MARK}, "mark"),
    ({"lead_id": str(MARK), "campaign_id": "457", "customer_number": None}, {"id": MARK}, "mark"),
    ({"lead_id": str(MARK)}, {"id": MARK, "state": "rejected"}, "mark"),
    ({"lead_id": str(MARK)}, {"id": MARK} | JOB, "mark"),
]


@pytest.mark.parametrize(("call", "given", "by"), MATCHES)
def test_which_lead_a_call_is_of(call, given, by):
    one = lead(**given)
    assert matched(CALL | call, [one]) == (by, [one] if by else [])
    assert completed(call, one)["crm_reference"] == ("crm-901" if by else None)


def test_the_surest_way_wins():
    by_number, by_mark, by_id = lead(reference="n"), lead(id=MARK, reference="m"), lead(dialer_id="7", reference="i")
    every = [by_number, by_mark, by_id]
    assert completed({"lead_id": str(MARK)}, *every)["crm_reference"] == "m"
    assert completed({"lead_id": "7"}, *every)["crm_reference"] == "i"
    assert completed({"lead_id": None}, by_number, by_id)["crm_reference"] == "n"


def test_what_is_taken_over_and_from_whom():
    found = completed({}, LEAD)
    taken = {name: found[name] for name in ("crm_reference", "campaign_id", "customer_name", "custom_fields")}
    assert taken == {
        "crm_reference": "crm-901",
        "campaign_id": "456",
        "customer_name": "Ann Lee",
        "custom_fields": {"Policy": "P-1"},
    }
    assert found["set_by"] == dict.fromkeys(taken, f"lead:{LEAD.id}")
    assert found["sources"] == ["callback:call", "lead"]


def test_the_dialers_own_words_outrank_the_lead():
    said = {"crm_reference": "theirs", "campaign_id": "456", "customer_name": "A. L.", "custom_fields": {"x": "1"}}
    said |= {"set_by": {"crm_reference": "a receipt"}}
    assert completed(said, LEAD) == CALL | said  # nothing is taken, so the lead is no source


def test_a_lead_that_says_nothing_is_no_source():
    empty = lead(reference=None, named=None, customer_name=None, fields={})
    assert completed({}, empty) == CALL


@pytest.mark.parametrize(
    ("others", "taken"),
    [
        ([{"reference": "crm-902"}], {}),  # whose it is nobody can tell
        ([{"reference": None}], {}),
        ([{}], {"crm_reference": "crm-901", "campaign_id": "456", "customer_name": "Ann Lee"}),  # sent again
        ([{"fields": {}}], {"crm_reference": "crm-901", "custom_fields": {}}),
        ([{"named": "457", "campaign": "457"}], {"crm_reference": "crm-901", "campaign_id": None}),
        ([{"customer_name": "Bo"}], {"crm_reference": "crm-901", "campaign_id": "456", "customer_name": None}),
        ([{"sent_at": START + timedelta(days=1), "reference": "later"}], {"crm_reference": "crm-901"}),
        ([{"reference": "crm-902", "state": "rejected"}], {"crm_reference": "crm-901"}),
        ([{"reference": "crm-902", "campaign": "9", "named": "9"}, {"reference": None, "state": "pending"}], {}),
    ],
)
def test_of_several_leads_only_what_all_of_them_say(others, taken):
    leads = [LEAD, *(lead(**other) for other in others)]
    for order in (leads, leads[::-1]):
        found = completed({}, *order)
        if not taken:
            assert found == CALL
        assert {name: found[name] for name in taken} == taken


FIRST, SECOND = sorted((ids.new(), ids.new()))
SENT = {"id": FIRST, "sent_at": START}
# of equal leads that a dialer knows by one id -> the one that is named
LAST_SENT = [
    (
        {**SENT, "sent_at": START + timedelta(seconds=30)},
        {"id": SECOND, "sent_at": START},
    ),  # the later, not the younger
    (SENT, {"id": SECOND, "sent_at": None}),  # one that was sent at all
    ({"id": SECOND, "sent_at": START}, SENT),  # of two that were sent at once the younger
]


@pytest.mark.parametrize(("last", "other"), LAST_SENT)
def test_of_equal_leads_the_one_that_was_sent_last_is_named(last, other):
    leads = [lead(**JOB, **last), lead(**JOB, **other)]
    for order in (leads, leads[::-1]):
        assert completed({"lead_id": "7"}, *order)["set_by"]["crm_reference"] == f"lead:{last['id']}"


def test_sources_are_in_order():
    assert completed({"sources": ["callback:call", "report:calls"]}, LEAD)["sources"] == [
        "callback:call",
        "lead",
        "report:calls",
    ]


@pytest.mark.parametrize(
    ("call", "name"), [({}, "Renewals"), ({"campaign_id": "9"}, None), ({"campaign_name": "Theirs"}, "Theirs")]
)
def test_the_name_of_a_campaign_that_the_load_made(call, name):
    made = lead(campaign="456", named="456", campaign_name="Renewals", dialer_id="7")
    assert completed({"lead_id": "7"} | call, made)["campaign_name"] == name


def test_no_name_of_a_campaign_stands_beside_the_id_of_another_one():
    made = lead(campaign=None, named="456", campaign_name="Renewals", dialer_id="7")
    found = completed({"lead_id": "7", "campaign_id": "9"}, made)
    assert (found["crm_reference"], found["campaign_name"]) == ("crm-901", None)


@pytest.mark.parametrize(
    ("call", "made", "campaign_id"),
    [("Winback", None, None), ("Renewals", "Renewals", "456"), (None, "Renewals", "456"), (None, None, "456")],
)
def test_no_id_of_a_campaign_stands_beside_a_name_that_may_be_another_ones(call, made, campaign_id):
    found = completed({"campaign_name": call}, lead(campaign_name=made))
    assert (found["crm_reference"], found["campaign_id"]) == ("crm-901", campaign_id)


def test_a_campaign_is_found_by_its_name():
    receipt = ids.new()
    known = {"Renewals": ("6541", receipt)}
    attempt = Folded("1", True, CALL | {"campaign_name": "Renewals"}, [], [])
    found = with_campaign(attempt, known).values
    assert found["campaign_name"] == "Renewals"
    assert (found["campaign_id"], found["set_by"]) == ("6541", {"campaign_id": str(receipt)})
    for other in (
        {"campaign_name": "renewals"},
        {"campaign_name": None},
        {"campaign_id": "1", "campaign_name": "Renewals"},
    ):
        attempt = Folded("1", True, CALL | other, [], [])
        assert with_campaign(attempt, known) is attempt
