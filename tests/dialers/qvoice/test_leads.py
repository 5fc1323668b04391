"""What QVoice is given: the documented body, single writes, and what becomes of a write that is cut off."""

from dataclasses import replace

import pytest

from dialers.base import Connection
from dialers.giving import BadLeads, CannotDo, Lead, Order, Refused
from dialers.qvoice.answers import told
from dialers.qvoice.api import Client
from dialers.qvoice.leads import CAMPAIGNS, LEADS
from leads import commands
from leads.loading import Loading
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer
from models.database import Database
from tests.dialers.qvoice.stage import stage

QVOICE = Connection("qvoice-main", "qvoice", settings={}, default_country="US")
ROW = {"number": "(213) 555-0100"}


def request(row, connection=QVOICE, campaign="c1", **options):
    (only,) = Loading(connection, campaign, [(1, ROW | row)], None, options).shown({})["shown"]
    return only


def refused(row, campaign="c1", **options):
    with pytest.raises((Refused, BadLeads)) as found:
        Loading(QVOICE, campaign, [(1, ROW | row)], None, options)
    return found.value.field if isinstance(found.value, Refused) else found.value.faults[0]["field"]


# Bodies ---------------------------------------------------------------------------------------------------------------
def test_all_nine_fields():
    row = {"first_name": "Ada", "last_name": "Moreno", "priority": 4, "reference": "T-9", "note": "Evenings"}
    assert request(row, retries=3, type="warm", cool_off=60) == {
        "method": "PUT",
        "path": "/api/v2/config/campaigns/c1/lead",
        "body": {
            "number": "+12135550100",
            "retries": 3,
            "first_name": "Ada",
            "last_name": "Moreno",
            "type": "warm",
            "priority": 4,
            "ticket_id": "T-9",
            "note": "Evenings",
            "cool_off": 60,
        },
    }


def test_what_is_not_given_is_not_sent():
    assert request({})["body"] == {"number": "+12135550100"}


def test_a_name_is_not_split():
    assert request({"name": "Ada Moreno"})["body"] == {"number": "+12135550100", "first_name": "Ada Moreno"}
    both = request({"name": "Moreno, Ada", "first_name": "Ada", "last_name": "Moreno"})["body"]
    assert (both["first_name"], both["last_name"]) == ("Ada", "Moreno")


@pytest.mark.parametrize(
    ("form", "number"), [("e164", "+12135550100"), ("digits", "12135550100"), ("national", "2135550100")]
)
def test_numbers_in_the_portals_form(form, number):
    connection = replace(QVOICE, settings={"lead_number_form": form})
    assert request({}, connection)["body"]["number"] == number


def test_a_number_of_another_country_is_not_sent_without_its_code():
    connection = replace(QVOICE, settings={"lead_number_form": "national"}, default_country="US")
    assert request({}, connection)["body"]["number"] == "2135550100"
    with pytest.raises(Refused, match="not of US"):
        LEADS.check(connection, "1", Lead("+48501234567", "48501234567", "mark"), {})


def test_a_leads_own_options_win():
    assert (
        request({"options": {"retries": "5"}}, retries=3, cool_off=9)["body"].items()
        >= {"retries": 5, "cool_off": 9}.items()
    )


def test_ids_are_quoted():
    assert request({}, campaign="a/b c")["path"] == "/api/v2/config/campaigns/a%2Fb%20c/lead"


@pytest.mark.parametrize(
    ("row", "more", "field"),
    [
        ({"timezone": "UTC"}, {}, "timezone"),
        ({"agents": ["marta"]}, {}, "agents"),
        ({"fields": {"Policy": "Life"}}, {}, "fields"),
        ({"options": {"ticket": "x"}}, {}, "options.ticket"),
        ({"options": {"retries": True}}, {}, "options.retries"),
        ({}, {"retries": 2.5}, "options.retries"),
        ({}, {"cool_off": "soon"}, "options.cool_off"),
        ({}, {"colour": "red"}, "options.colour"),
        ({}, {"campaign": ".."}, "campaign"),
    ],
)
def test_what_qvoice_has_no_field_for_is_refused(row, more, field):
    assert refused(row, **more) == field


def test_qvoice_makes_no_campaigns():
    with pytest.raises(CannotDo, match="no way to make a campaign"):
        Loading(QVOICE, None, [(1, ROW)])


# Sent -----------------------------------------------------------------------------------------------------------------
LEAD = Lead("+12135550100", "", "mark", first_name="Ada", priority=2, reference="T-9", note="Evenings")


def sent(played, campaign=None, **options):
    order = Order(campaign or played.campaign, None, options, [LEAD], "key")
    return LEADS.send(Client(played.connection), played.connection, order)


def test_a_lead_appears_in_the_portal():
    with stage() as played:
        sent(played, retries=3, type="warm", cool_off=60)
        (lead,) = played.qvoice.campaigns[played.campaign].leads.values()
        assert (lead["number"], lead["ticket_id"], lead["status"]) == ("+12135550100", "T-9", "new")
        assert (lead["retries"], lead["cool_off"], lead["type"]) == (3, 60, "warm")


def test_the_portals_no_is_told_with_its_reason():
    with stage() as played, pytest.raises(Declined, match=r"invalid \(400\): The information sent is invalid"):
        sent(played, campaign="nowhere")


def test_a_token_that_is_over_is_renewed_once_and_the_lead_sent_once():
    with stage() as played:
        client = Client(played.connection)
        order = Order(played.campaign, None, {}, [LEAD], "key")
        LEADS.send(client, played.connection, order)
        played.qvoice.forget_tokens()
        LEADS.send(client, played.connection, order)
        assert (len(played.taken()), played.qvoice.logins) == (2, 2)
        assert [asked.status for asked in played.qvoice.requests if asked.path.endswith("/lead")] == [200, 401, 200]


def test_a_401_right_after_a_login_means_that_we_may_not():
    with stage() as played:
        played.faults({"unauthorized": {"path": "/lead"}})
        with pytest.raises(CredentialsRefused, match="account_id"):
            sent(played)


@pytest.mark.parametrize("fault", ["login_down", "login_without_token", "not_found", "redirect"])
def test_a_login_that_fails_leaves_the_lead_unsent(fault):
    with stage() as played:
        played.faults({fault: {"path": "login"}})
        with pytest.raises(Unavailable):
            sent(played)
        assert not [asked for asked in played.qvoice.requests if asked.path.endswith("/lead")]


@pytest.mark.parametrize("fault", ["drop_after", "hang_after", "error_after"])
def test_a_write_is_never_made_again_by_itself(fault):
    with stage() as played:
        played.faults({fault: {"path": "/lead", "value": 2.5}})
        with pytest.raises(Uncertain):
            sent(played)
        assert len(played.taken()) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<!doctype html>", Uncertain),
        (200, b'{"status":"error","error":"500","message":"datastore timeout"}', Uncertain),
        (500, b'{"message":"internal error"}', Uncertain),
        (302, b"", Uncertain),
        (400, b"", Declined),
        (404, b"", AskedWrongly),
        (403, b"", CredentialsRefused),
        (429, b"", TooOften),
        (503, b"", Unavailable),
    ],
)
def test_what_answers_mean(status, body, error):
    with pytest.raises(error) as found:
        told(Answer(status, {}, body), "portal", "PUT /x")
    assert type(found.value) is error


@pytest.mark.parametrize(("body", "said"), [(b"", None), (b"Lead added", None), (b'{"id":"7"}', {"id": "7"})])
def test_the_documented_success_is_the_status_alone(body, said):
    assert told(Answer(200, {}, body), "portal", "PUT /x") == said


# Single writes --------------------------------------------------------------------------------------------------------
@pytest.fixture
def played():
    with stage() as found:
        found.qvoice.add_lead(found.campaign, {"number": "+12135550100"})
        yield found


@pytest.fixture
def act(played, sqlite_url):
    """act(name, given) does it at the dialer that is played."""
    database = Database(sqlite_url)
    yield lambda name, given: commands.act(database, played.connection, name, given, {})
    database.close()


def test_a_status_is_set_and_a_lead_deleted(played, act):
    leads = played.qvoice.campaigns[played.campaign].leads
    (lead,) = leads
    assert act("set_lead_status", {"lead": lead, "status": "do not call"})
    assert played.qvoice.campaigns[played.campaign].leads[lead]["status"] == "do not call"
    assert act("delete_lead", {"lead": lead}) == {"message": "Lead deleted successfully."}
    assert not played.qvoice.campaigns[played.campaign].leads
    with pytest.raises(Declined):
        act("delete_lead", {"lead": lead})


def test_a_call_is_marked_as_voicemail(played, act):
    with pytest.raises(Declined):
        act("set_voicemail", {"call": "none"})
    played.qvoice.add({"call_id": "call-7", "timestamp": 1})
    act("set_voicemail", {"call": "call-7"})
    assert played.qvoice.voicemails == ["call-7"]


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("delete_lead", {"lead": ".."}, "lead"),
        ("delete_lead", {"lead": "."}, "lead"),
        ("delete_lead", {"lead": ""}, "lead"),
        ("set_lead_status", {"lead": "1", "status": ".."}, "status"),
        ("set_lead_status", {"lead": "1"}, "status"),
        ("set_voicemail", {"call": ".."}, "call"),
    ],
)
def test_an_id_that_would_lead_elsewhere_is_refused(played, act, name, given, field):
    with pytest.raises(Refused) as found:
        act(name, given)
    assert found.value.field == field
    assert not [asked for asked in played.qvoice.requests if asked.path.startswith(CAMPAIGNS)]


def test_a_slash_in_an_id_stays_in_its_place(played, act):
    with pytest.raises((Declined, AskedWrongly)):
        act("delete_lead", {"lead": "x/status/success"})
    assert len(played.qvoice.campaigns[played.campaign].leads) == 1
