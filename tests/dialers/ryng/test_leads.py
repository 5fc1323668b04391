"""What Ryng is given: the documented bodies, what is refused before anything is sent, and what its answers mean."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from dialers.base import Connection, Evidence
from dialers.giving import BadLeads, BadList, CannotDo, Lead, Order, Refused
from dialers.ryng import Settings
from dialers.ryng.api import Client
from dialers.ryng.leads import LEADS
from dialers.ryng.words import read
from leads import send_due
from leads.checking import check_options
from leads.loading import Loading
from lib.http.errors import AskedWrongly, Declined
from models import LoadedLead
from sandbox.ryng.bodies import connect_body, terminal_body
from tests.dialers.ryng.stage import BASE, stage

RYNG = Connection(
    "ryng-main",
    "ryng",
    settings=Settings().load({"api_url": "https://acme.ryng.in", "access_token": "secret-token"}),
    default_country="IN",
)
URLS = {"connect": "https://w.example.test/connect", "terminal": "https://w.example.test/terminal"}
ROW = {"number": "98000 12345"}


def loading(*rows, campaign="24", connection=RYNG, name=None, **options):
    return Loading(connection, campaign, enumerate(rows or (ROW,), 1), name, options)


def request(*rows, **more):
    (only,) = loading(*rows, **more).shown(URLS)["shown"]
    return only


def refused(*rows, **more):
    """(field, sentence) of what is refused, and the row where there is one."""
    with pytest.raises((Refused, BadLeads)) as told:
        loading(*rows, **more)
    if isinstance(told.value, Refused):
        return told.value.field, str(told.value)
    (fault,) = told.value.faults
    return fault["field"], fault["message"]


# Bodies ---------------------------------------------------------------------------------------------------------------
def test_a_campaign_with_everything_that_its_page_shows():
    row = ROW | {"agents": ["john@example.test", "emma@example.test"], "fields": {"Brand": "Acme", "Product": "Soap"}}
    shown = request(
        row, {"number": "+919800012346", "agents": ["a"]}, name="Renewals", campaign=None, agentMapping="inline"
    )
    assert (shown["method"], shown["path"]) == ("POST", "/rest-api/v1/campaign")
    first, second = shown["body"]["customerData"].pop("jsonData")
    assert shown["body"] == {
        "name": "Renewals",
        "agentMapping": "inline",
        "customFieldNames": {
            "customField1Name": "Brand",
            "customField2Name": "Product",
            "customField8Name": "Wrapup lead",
        },
        "customerData": {"connectCallbackUrl": URLS["connect"], "terminalCallbackUrl": URLS["terminal"]},
    }
    mark = first.pop("customField8")
    assert first == {
        "number": "+919800012345",
        "agentsAssigned": ["john@example.test", "emma@example.test"],
        "customField1": "Acme",
        "customField2": "Soap",
    }
    assert second.keys() == {"number", "agentsAssigned", "customField8"} and len({mark, second["customField8"]}) == 2


def test_a_new_queue_with_everything_that_its_page_shows():
    options = {
        "kind": "queue",
        "description": "d",
        "agentMapping": "global",
        "agents": ["asha"],
        "legDirection": "customer-first",
        "maxRetries": 2,
        "retryInterval": 10,
        "maxDisposeTime": 30,
        "outputToLSQ": False,
    }
    shown = request(ROW | {"priority": 90}, campaign=None, name="Q", **options)
    assert shown["path"] == "/rest-api/v1/progressive/queue"
    sent = shown["body"]
    assert sent.items() >= {name: value for name, value in options.items() if name != "kind"}.items()
    assert sent["customerData"]["jsonData"][0]["priority"] == 90 and "kind" not in sent


@pytest.mark.parametrize(
    ("campaign", "options", "path"),
    [
        ("24", {}, "/campaign/24"),
        ("queue:2", {}, "/progressive/queue/2/calls"),
        ("queue:2", {"transactional": True}, "/progressive/queue/2/transactional"),
        ("queue:2", {"maxDispose": 30}, "/progressive/queue/2/calls"),
    ],
)
def test_where_leads_go(campaign, options, path):
    shown = request(campaign=campaign, **options)
    assert shown["path"] == BASE + path
    assert shown["body"].get("maxDispose") == options.get("maxDispose")


def test_custom_fields_keep_the_places_that_they_are_given():
    rows = [ROW | {"fields": {"B": "1", "A": "2"}}, ROW | {"fields": {"C": "3"}}]
    shown = request(*rows, customFieldNames={"customField2Name": "A", "customField5Name": "Never used"})["body"]
    names = {2: "A", 5: "Never used", 1: "B", 3: "C", 8: "Wrapup lead"}
    assert shown["customFieldNames"] == {f"customField{number}Name": name for number, name in names.items()}
    first, second = shown["customerData"]["jsonData"]
    assert (first["customField1"], first["customField2"], second["customField3"]) == ("1", "2", "3")


def test_a_header_has_the_same_place_in_every_request_of_a_load():
    rows = [ROW | {"fields": {"A": str(at)}} for at in range(500)] + [ROW | {"fields": {"B": "b", "A": "a"}}, ROW]
    first, second = (one["body"] for one in loading(*rows).shown(URLS)["shown"])
    assert first["customFieldNames"] == second["customFieldNames"]
    assert list(second["customFieldNames"].values()) == ["A", "B", "Wrapup lead"]
    row = second["customerData"]["jsonData"][0]
    assert (row["customField1"], row["customField2"]) == ("a", "b")
    nine = [ROW | {"fields": {f"f{at // 500 * 5 + at % 5}": "x"}} for at in range(1_000)]  # five in each request
    assert refused(*nine)[0] == "fields.f8"


def test_the_places_of_a_load_are_kept_until_it_is_sent(database):
    rows = [ROW | {"fields": {"A": "a"}}] * 500 + [{"number": "+919800000001", "fields": {"B": "b", "A": "a"}}]
    with stage() as played:
        loading(*rows, connection=played.connection).keep(database)
        while send_due(database, played.connection, {}):
            pass
        assert len(played.ryng.calls) == 501
        (last,) = (call for call in played.ryng.calls if call.customer_number == "+919800000001")
        told = {last.custom_field_names[name + "Name"]: text for name, text in last.custom_fields.items()}
        assert (told["A"], told["B"], last.custom_fields["customField1"]) == ("a", "b", "a")


def test_a_queue_can_go_by_a_campaign():
    for campaign, more in ((None, {"kind": "queue"}), ("queue:2", {}), ("queue:2", {"transactional": True})):
        body = request(campaign=campaign, name="Q", campaignID="24", **more)["body"]
        assert body["customerData"]["campaignID"] == 24 and "campaignID" not in body


@pytest.mark.parametrize(("campaign", "more"), [("24", {}), ("queue:2", {"campaignID": 24})])
def test_agents_may_be_left_to_the_campaign(campaign, more):
    body = request(ROW | {"agents": ["asha"]}, ROW, campaign=campaign, agentMapping="inline", **more)["body"]
    assert body["agentMapping"] == "inline"
    assert ["agentsAssigned" in row for row in body["customerData"]["jsonData"]] == [True, False]


def test_eight_fields_leave_our_mark_no_place_and_nine_are_refused():
    eight = {f"f{number}": str(number) for number in range(8)}
    shown = request(ROW | {"fields": eight})["body"]
    assert list(shown["customFieldNames"].values()) == list(eight)
    assert refused(ROW | {"fields": eight}, ROW | {"fields": {"f9": "x"}})[0] == "fields.f9"


def test_what_ryng_has_no_field_for_goes_into_custom_fields():
    crm = replace(RYNG, settings={**RYNG.settings, "crm_reference_field": "Lead ID"})
    row = ROW | {"first_name": "Asha", "last_name": "Rao", "note": "Evenings", "reference": "crm-7"}
    shown = request(row, connection=crm)["body"]
    named = dict(
        zip(shown["customFieldNames"].values(), list(shown["customerData"]["jsonData"][0].values())[1:], strict=True)
    )
    assert named.items() >= {"Name": "Asha Rao", "Note": "Evenings", "Lead ID": "crm-7"}.items()
    assert "crm-7" not in str(request(row))  # without a field to come back in, it stays with us


def test_a_sheet_for_a_campaign():
    rows = [
        ROW | {"fields": {"Policy": 'Life, "term"'}, "agents": ["a", "b"]},
        {"number": "+919800012346", "agents": ["a"]},
    ]
    options = {"form": "csv", "without_callbacks": True, "agentMapping": "inline", "agents_header": "Agents"}
    shown = request(*rows, campaign=None, name="Sheet", **options)
    sheet = list(csv.reader(io.StringIO(shown["body"].pop("campaign-sheet"))))
    assert shown["body"] == {"agents": "in-file", "campaign-name": "Sheet"}
    assert sheet[0] == ["Mobile", "Agents", "Policy", "Wrapup lead"]
    assert [row[:3] for row in sheet[1:]] == [["+919800012345", "a,b", 'Life, "term"'], ["+919800012346", "a", ""]]


# Refused --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "more", "field"),
    [
        ({"timezone": "Asia/Kolkata"}, {}, "timezone"),
        ({"priority": 1}, {}, "priority"),
        ({"agents": ["asha"]}, {}, "agents"),
        ({}, {"agentMapping": "inline", "campaign": None}, "agents"),
        ({}, {"agentMapping": "inline", "campaign": "queue:2"}, "agents"),
        ({}, {"agentMapping": "inline", "form": "csv", "without_callbacks": True, "agents_header": "A"}, "agents"),
        ({}, {"campaignID": 24}, "options.campaignID"),  # the page of campaigns knows none
        ({}, {"campaign": "queue:2", "campaignID": "renewals"}, "options.campaignID"),
        ({}, {"campaign": "queue:2", "campaignID": 0}, "options.campaignID"),
        ({"options": {"retries": 1}}, {}, "options.retries"),
        ({"name": "Asha", "fields": {"Name": "Bilal"}}, {}, "name"),
        ({"fields": {"Wrapup lead": "mine"}}, {}, "fields.Wrapup lead"),
        ({}, {"agentMapping": "implicit"}, "options.agentMapping"),
        ({}, {"agentMapping": "global"}, "options.agents"),
        ({}, {"agents": ["asha"]}, "options.agents"),
        ({}, {"agentMapping": "global", "agents": []}, "options.agents"),
        ({}, {"maxRetries": 2}, "options.maxRetries"),
        ({}, {"campaign": "queue:2", "maxRetries": 2.5}, "options.maxRetries"),
        ({}, {"campaign": "queue:2", "maxDisposeTime": 2}, "options.maxDisposeTime"),
        ({}, {"campaign": None, "kind": "queue", "maxDispose": 2}, "options.maxDispose"),
        ({}, {"campaign": None, "kind": "queue", "transactional": True}, "options.transactional"),
        ({}, {"kind": "queue"}, "options.kind"),
        ({}, {"legDirection": "agent-first"}, "options.legDirection"),
        ({}, {"retries": 2}, "options.retries"),
        ({}, {"customFieldNames": {"customField9Name": "x"}}, "options.customFieldNames"),
        ({}, {"customFieldNames": {"customField1Name": "x", "customField2Name": "x"}}, "options.customFieldNames"),
        ({}, {"campaign": "renewals"}, "campaign"),
        ({}, {"campaign": "queue:"}, "campaign"),
        ({}, {"campaign": "queue:../2"}, "campaign"),
        ({}, {"form": "csv"}, "options.without_callbacks"),
        ({}, {"form": "csv", "without_callbacks": True}, "options.agents"),  # of one lead the page asks for agents
        ({}, {"form": "csv", "without_callbacks": True, "campaign": "queue:2"}, "options.form"),
        ({}, {"number_header": "Phone"}, "options.number_header"),
    ],
)
def test_what_cannot_be_said_to_ryng_is_refused_by_its_field(row, more, field):
    found, sentence = refused(ROW | row, **more)
    assert found == field and sentence


def test_a_sheet_does_not_guess_the_column_of_agents():
    options = {"form": "csv", "without_callbacks": True, "agentMapping": "inline"}
    assert refused(ROW | {"agents": ["a"]}, **options)[0] == "options.agents_header"


def test_transactional_takes_one_lead():
    assert refused(ROW, ROW, campaign="queue:2", transactional=True)[0] == "options.transactional"


def test_a_new_campaign_is_one_request():
    with pytest.raises(BadList, match="5,000 leads at most"):
        loading(*[ROW] * 5_001, campaign=None)
    assert loading(*[ROW] * 1_001).shown(URLS)["requests"] == 3  # an older one takes 500 at a time


def test_a_connection_that_only_receives_takes_no_leads():
    with pytest.raises(CannotDo, match="api_url and access_token"):
        loading(connection=replace(RYNG, settings=Settings().load({})))


SHEET = {"form": "csv", "without_callbacks": True, "agentMapping": "global", "agents": ["dev@agents.example"]}


# Sent -----------------------------------------------------------------------------------------------------------------
def sent(played, *rows, campaign="24", name=None, **options):
    leads = [Lead(number=number, number_raw=number, mark=f"mark-{at}") for at, number in enumerate(rows)]
    options = check_options(played.connection, options)
    order = Order(campaign, name, options, leads, "key", {kind: "http://127.0.0.1:9/x" for kind in URLS})
    return LEADS.send(Client(played.connection), played.connection, order)


@pytest.mark.parametrize(
    ("campaign", "options", "page"),
    [
        (None, {}, "campaign"),
        ("24", {}, "campaign"),
        (None, {"kind": "queue", "maxRetries": 0}, "queue"),
        ("queue:2", {"maxDispose": 20}, "append"),
        ("queue:2", {"transactional": True}, "transactional"),
        (
            None,
            {"form": "csv", "without_callbacks": True, "agentMapping": "global", "agents": ["dev@agents.example"]},
            "campaign",
        ),
    ],
)
def test_every_request_is_taken(campaign, options, page):
    with stage() as played:
        found = sent(played, "+919800012345", campaign=campaign, name="Renewals", **options)
        assert ([verdict.state for verdict in found.verdicts], found.campaign) == (["accepted"], None)
        (call,) = played.ryng.calls
        assert (call.customer_number, call.page) == ("+919800012345", page)
        assert "mark-0" in call.custom_fields.values()
        assert "Wrapup lead" in call.custom_field_names.values()


def test_ryngs_own_no_is_a_refusal_with_its_words():
    with stage() as played:
        with pytest.raises(Declined, match="Failed to create Campaign"):
            sent(played, "+919800012345", campaign="999")


def test_leads_that_do_not_fit_together_any_more_are_not_sent():
    with stage() as played:
        leads = [Lead("+919800012345", "", str(at), fields={f"f{at}": "x"}) for at in range(9)]
        options = check_options(played.connection, {})
        with pytest.raises(AskedWrongly, match="Nothing was sent"):
            LEADS.send(Client(played.connection), played.connection, Order("24", None, options, leads, "key"))
        assert played.taken() == []


def test_a_load_names_both_callback_urls_and_its_lead_comes_back(database):
    with stage() as played:
        load_id = loading(ROW | {"fields": {"Policy": "Life"}}, connection=played.connection).keep(database)
        send_due(database, played.connection, {kind: f"http://127.0.0.1:9/{kind}" for kind in URLS})
        (call,) = played.ryng.calls
        assert played.ryng._placed[call.call_id].urls == {kind: f"http://127.0.0.1:9/{kind}" for kind in URLS}
        with database.read() as session:
            (mark,) = session.scalars(select(LoadedLead.id).where(LoadedLead.load_id == load_id))
        attempt = call.attempts[0]
        for body in (connect_body(call, attempt, "agent-connected"), terminal_body(call, attempt)):
            for event in read(Evidence("callback", "connect", json.dumps(body).encode()), RYNG).events[:1]:
                assert (event.facts["lead_id"], event.facts["custom_fields"]) == (str(mark), {"Policy": "Life"})
