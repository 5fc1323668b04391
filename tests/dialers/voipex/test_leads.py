"""What VoIPEX is given, over real HTTP: campaigns of call lists, and every way in which that may go wrong."""

import pytest
from marshmallow import RAISE, ValidationError

from dialers.giving import BadLeads, BadList, CannotDo, Refused
from dialers.voipex import DIALER
from dialers.voipex.options import Options
from leads.loading import Loading
from lib.http.errors import CredentialsRefused, Declined, ExchangeError, Garbled, TooOften, Unavailable, Uncertain
from tests.dialers.voipex.stage import OPTIONS, order, stage

LEADS = DIALER.leads


@pytest.fixture
def played():
    with stage() as found:
        yield found


def send(played, *given, **more):
    return LEADS.send(played.client, played.connection, order(*given, **more))


def error_of(task) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        task()
    return caught.value


# A campaign -----------------------------------------------------------------------------------------------------------
def test_a_campaign_is_made_of_its_leads(played):
    sent = send(played)
    assert (sent.campaign, [verdict.state for verdict in sent.verdicts]) == ("1", ["accepted"] * 3)
    assert played.taken() == ["601000001", "601000002", "00421901000003"]
    made = played.voipex.campaigns[1]
    assert made.fields == {"name": "Renewals", **OPTIONS, "callLists": [1]}
    assert (played.voipex.lists[1].name, made.state) == ("Renewals", "created")  # it is started by a command


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ("national", ["601000001", "601000002", "00421901000003"]),
        ("e164", ["+420601000001", "+420601000002", "+421901000003"]),
        ("digits", ["420601000001", "420601000002", "421901000003"]),
    ],
)
def test_numbers_are_written_as_the_account_wants_them(form, numbers):
    with stage(settings={"number_form": form}) as played:
        send(played)
        assert played.taken() == numbers


def test_reschedule_rules_are_sent_where_there_are_none(played):
    options = Options(unknown=RAISE).load(
        {k: v for k, v in OPTIONS.items() if k not in ("rescheduleRules", "endpoint")}
    )
    without = order()
    without = type(without)(None, "Renewals", options, without.leads, "key-1")
    assert LEADS.send(played.client, played.connection, without).campaign == "1"
    assert played.voipex.campaigns[1].fields["rescheduleRules"] == []
    assert "endpoint" not in played.voipex.campaigns[1].fields


def test_a_dry_run_shows_both_requests_without_sending_any(played):
    first, second = LEADS.shown(played.connection, order())
    assert (first["method"], first["path"]) == ("POST", "/dialer/call-lists")
    assert first["body"]["numbers"][0] == {"number": "601000001", "attributes": []}
    assert (second["path"], second["body"]["callLists"]) == ("/dialer/campaigns", ["<id of the list>"])
    assert played.voipex.requests == []


# Refused before anything is sent --------------------------------------------------------------------------------------
def loading(played, rows=None, name="Renewals", campaign=None, **options):
    rows = rows or [{"number": "601000001"}]
    return Loading(played.connection, campaign, enumerate(rows, 1), name, OPTIONS | options)


def test_a_list_that_is_good_is_taken(played):
    assert len(loading(played).checked.leads) == 1


def test_leads_cannot_be_added_to_a_campaign_and_the_sentence_says_what_to_do(played):
    with pytest.raises(CannotDo, match="Make a campaign with its leads instead"):
        loading(played, campaign="1")


def test_a_campaign_needs_a_name(played):
    with pytest.raises(Refused) as caught:
        loading(played, name=None)
    assert caught.value.field == "name"


def test_more_numbers_than_fit_are_refused(played):
    with pytest.raises(BadList):
        loading(played, rows=[{"number": f"60{n:07d}"} for n in range(10_001)])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Jana"),
        ("first_name", "Jana"),
        ("last_name", "Nova"),
        ("priority", 3),
        ("timezone", "Europe/Prague"),
        ("agents", ["jana"]),
        ("note", "Mornings"),
        ("options", {"attributes": [1]}),
    ],
)
def test_what_a_call_list_has_no_place_for_is_refused(played, field, value):
    with pytest.raises(BadLeads) as caught:
        loading(played, rows=[{"number": "601000001"}, {"number": "601000002", field: value}])
    assert [(fault["row"], fault["field"]) for fault in caught.value.faults] == [(2, field)]


def test_fields_are_refused_by_name_unless_they_are_empty(played):
    loading(played, rows=[{"number": "601000001", "fields": {"Policy": ""}, "reference": "crm-1"}])
    with pytest.raises(BadLeads) as caught:
        loading(played, rows=[{"number": "601000001", "fields": {"Policy": "", "Age": 41}}])
    assert caught.value.faults[0]["field"] == "fields.Age"


def period(**changed):
    return {"activePeriod": OPTIONS["activePeriod"] | changed}


def rule(**changed):
    return {"rescheduleRules": [OPTIONS["rescheduleRules"][0] | changed]}


def endpoint(**changed):
    return {"endpoint": OPTIONS["endpoint"] | changed}


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"callerId": ""}, "callerId"),
        ({"callerId": None}, "callerId"),
        ({"ivr": None}, "ivr"),
        ({"activePeriod": None}, "activePeriod"),
        (period(startTime="9:00"), "activePeriod.startTime"),
        (period(startTime="09:00:00"), "activePeriod.startTime"),
        (period(startTime="09:00\n"), "activePeriod.startTime"),
        (period(endTime="24:00"), "activePeriod.endTime"),
        (period(endTime="09:00"), "activePeriod.endTime"),  # no time at all
        (period(startTime="22:00", endTime="06:00"), "activePeriod.endTime"),  # across midnight
        (period(weekDays=[]), "activePeriod.weekDays"),
        (period(weekDays=[0]), "activePeriod.weekDays.0"),
        (period(weekDays=[1, 8]), "activePeriod.weekDays.1"),
        (period(weekDays=[1, 1]), "activePeriod.weekDays"),
        (rule(status=""), "rescheduleRules.0.status"),
        (rule(retryAfter=-1), "rescheduleRules.0.retryAfter"),
        (rule(retryAfter=1.5), "rescheduleRules.0.retryAfter"),
        (rule(maxAttempts=0), "rescheduleRules.0.maxAttempts"),
        ({"rescheduleRules": [{"status": "RS_ERROR"}]}, "rescheduleRules.0.retryAfter"),
        (endpoint(type="agent"), "endpoint.type"),
        (endpoint(boostFactor=0), "endpoint.boostFactor"),
        (endpoint(maxWaitingCalls=-1), "endpoint.maxWaitingCalls"),
        ({"endpoint": {"type": "queue"}}, "endpoint.queue"),
        ({"callLists": [1]}, "callLists"),  # made by us
        ({"callerID": "1"}, "callerID"),
    ],
)
def test_options_are_checked_before_anything_is_sent(played, changed, where):
    with pytest.raises(Refused) as caught:
        loading(played, **changed)
    assert caught.value.field == f"options.{where}"
    assert played.voipex.requests == []


def test_any_status_may_have_a_rule_and_a_phone_needs_no_queue():
    assert Options().load(OPTIONS | rule(status="A word of next year") | {"endpoint": {"type": "phone"}})
    with pytest.raises(ValidationError):
        Options().load({})


# What may go wrong on the way -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("bad_request", Declined),
        ("forbidden", CredentialsRefused),
        ("too_many", TooOften),
        ("unavailable", Unavailable),
        ("server_error", Uncertain),
        ("bad_gateway", Uncertain),
        ("html", Uncertain),
        ("empty", Uncertain),
        ("redirect", Uncertain),
        ("drop", Uncertain),
        ("hang", Uncertain),
        ("drop_after", Uncertain),
        ("hang_after", Uncertain),
        ("garbled_after", Uncertain),
        ("error_after", Uncertain),
        ("no_id", Uncertain),
    ],
)
@pytest.mark.parametrize("path", ["call-lists", "campaigns"])
def test_what_a_failed_request_proves(played, path, fault, kind):
    played.faults({fault: {"path": path, "value": 2 if fault.startswith("hang") else None}})
    error = error_of(lambda: send(played))
    assert type(error) is kind and str(error).endswith(".")
    done = fault.endswith("_after") or fault == "no_id"
    if not fault.startswith("hang"):
        assert len(played.voipex.campaigns) == (1 if path == "campaigns" and done else 0)
    if path == "campaigns" and kind in (Declined, Uncertain):
        assert "call list 1" in str(error)  # whoever reads it can look for the list
    elif kind is Uncertain:
        assert "no campaign" in str(error)  # nobody is called: it can be sent again


def test_a_list_that_holds_another_count_makes_no_campaign(played):
    played.faults({"fewer_numbers": True})
    error = error_of(lambda: send(played))
    assert isinstance(error, Uncertain) and "sent with 3 numbers" in str(error) and "counted 2" in str(error)
    assert played.voipex.campaigns == {}


def test_a_list_without_a_count_makes_no_campaign(played):
    played.faults({"no_count": True})
    error = error_of(lambda: send(played))
    assert isinstance(error, Uncertain) and "did not say how many" in str(error)


def test_a_campaign_that_is_declined_names_the_list_that_was_made(played):
    error = error_of(lambda: send(played, ivr="nowhere"))
    assert isinstance(error, Declined)
    assert "there is no such ivr. The call list 1 was made and is used by no campaign." in str(error)


def test_a_campaign_that_comes_again_uses_the_list_that_was_made(played):
    played.faults({"too_many": {"times": 2, "path": "campaigns"}})
    for _ in range(2):
        assert isinstance(error_of(lambda: send(played)), Unavailable)
    assert send(played).campaign == "1"
    assert (len(played.voipex.lists), played.taken()[0]) == (1, "601000001")
    # The same leads in a campaign of their own are a list of their own.
    assert send(played).campaign == "2"
    assert len(played.voipex.lists) == 2


def test_an_expired_token_between_the_two_requests_is_renewed(played):
    played.faults({"expired": {"times": 1, "path": "campaigns"}})
    assert send(played).campaign == "1"
    assert played.asked("campaigns") == [401, 200]


@pytest.mark.parametrize("fault", ["not_found", "html", "empty", "server_error", "forbidden"])
def test_a_token_that_is_not_had_between_the_two_requests_leaves_the_list_to_be_used(played, fault):
    played.faults({"session_over": {"times": 1, "path": "campaigns"}, fault: {"path": "token", "after": 1}})
    error = error_of(lambda: send(played))
    assert type(error) is (CredentialsRefused if fault == "forbidden" else Unavailable)
    played.faults({})
    played.client.forget_refusal()
    assert send(played).campaign == "1"
    assert len(played.voipex.lists) == 1  # none is left over


# Commands and acts ----------------------------------------------------------------------------------------------------
def control(played, command, campaign="1"):
    offered = DIALER.control
    return offered.run(played.client, played.connection, campaign, offered.commands[command])


def test_commands_in_voipex_own_words(played):
    send(played)
    for command, state in [
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("reload", "running"),
        ("remove", "removed"),
    ]:
        assert control(played, command) == {"message": "Campaign successfully controlled"}
        assert played.voipex.campaigns[1].state == state
    assert set(DIALER.control.commands) == {"start", "pause", "resume", "reload", "remove"}


def test_a_command_that_is_refused_tells_the_reason(played):
    assert "Campaign not found" in str(error_of(lambda: control(played, "start", "7")))
    send(played)
    error = error_of(lambda: control(played, "resume"))
    assert isinstance(error, Declined) and "takes no unpause" in str(error)


def test_a_command_without_an_answer_body_is_taken_and_a_web_page_is_none(played):
    played.faults({"empty": {"path": "control"}})
    assert control(played, "start") == {}
    played.faults({"html": {"path": "control"}})
    assert isinstance(error_of(lambda: control(played, "start")), Uncertain)


@pytest.mark.parametrize("campaign", [".", "..", ""])
def test_a_campaign_that_would_be_another_path_is_refused(played, campaign):
    with pytest.raises(Refused):
        control(played, "start", campaign)


def test_a_campaign_stays_one_part_of_the_path(played):
    send(played)
    assert isinstance(error_of(lambda: control(played, "start", "2/../1")), Declined)
    assert played.voipex.campaigns[1].state == "created"


def test_ivr_applications_are_listed(played):
    act = DIALER.acts["list_ivrs"]
    assert act.run(played.client, played.connection, act.given().load({}))[0]["id"] == "TUxw53xCBf"
    played.faults({"html": {"path": "ivr"}})
    assert isinstance(error_of(lambda: act.run(played.client, played.connection, {})), Garbled)


def test_what_is_offered():
    assert DIALER.offers == [
        "callbacks",
        "reports",
        "campaigns",
        "start",
        "pause",
        "resume",
        "reload",
        "remove",
        "list_ivrs",
    ]
