"""Giving JAICP numbers, over real HTTP: what is checked, what is sent, what comes of it."""

import json

import pytest
from marshmallow import ValidationError

from dialers.jaicp.leads import LEADS
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, Unavailable, Uncertain
from tests.dialers.jaicp.account import TOKENS, account, lead
from tests.dialers.jaicp.checked import item, refused, shown


# What is sent ---------------------------------------------------------------------------------------------------------
def test_a_lead_as_it_is_sent():
    one = lead(
        1,
        name="Jana Nová",
        first_name="Jana",
        last_name="Nová",
        reference="crm-88213",
        note="Mornings",
        priority=4,
        timezone="Europe/Prague",
        fields={"Policy": "A-17"},
    )
    found = shown(one)
    assert (found["method"], found["path"]) == ("POST", "/api/calls/campaign/{renewals}/addPhones")
    assert found["body"] == [
        {
            "phone": 79110000001,
            "gmtZone": "Europe/Prague",
            "payload": {
                "name": "Jana Nová",
                "first_name": "Jana",
                "last_name": "Nová",
                "reference": "crm-88213",
                "note": "Mornings",
                "Policy": "A-17",
                "wrapup_lead": one.mark,
            },
            "dialerPriority": 4,
        }
    ]
    assert TOKENS["renewals"] not in json.dumps(found)


def test_a_number_alone(dialer):
    one = lead(1)
    assert item(one) == {"phone": 79110000001, "payload": {"wrapup_lead": one.mark}}
    as_text = dialer.with_settings(phone_as_text=True)
    assert shown(one, connection=as_text)["body"][0]["phone"] == "79110000001"


POLICY = {
    "startDateTime": "2026-11-20T08:00:00+01:00",
    "finishDateTime": "2026-11-27T00:00:00Z",
    "allowedDays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "allowedTime": {
        "default": [{"localTimeFrom": "09:00", "localTimeTo": "12:30"}, {"localTimeFrom": "14:00"}],
        "sat": [{"localTimeFrom": "10:00", "localTimeTo": "14:00"}],
    },
    "retryIntervalInMinutes": 120,
    "maxAttempts": 50,
    "dialerPriority": 5,
}


def test_the_whole_call_policy(dialer):
    sent = item(lead(1), **POLICY)
    assert {name: sent[name] for name in POLICY} == POLICY | {"startDateTime": "2026-11-20T07:00:00Z"}
    assert len(dialer.send(lead(1), **POLICY).verdicts) == 1


def test_a_leads_own_policy_goes_before_the_loads():
    one = lead(1, options={"maxAttempts": "3", "allowedDays": ["sat"]}, priority=2)  # a text, as in CSV
    sent = item(one, maxAttempts=5, retryIntervalInMinutes=60, dialerPriority=1)
    assert (sent["maxAttempts"], sent["retryIntervalInMinutes"], sent["allowedDays"]) == (3, 60, ["sat"])
    assert sent["dialerPriority"] == 2


BAD_POLICY = [
    ({"maxAttempts": 0}, "maxAttempts"),
    ({"maxAttempts": 51}, "maxAttempts"),
    ({"maxAttempts": True}, "maxAttempts"),
    ({"maxAttempts": 2.5}, "maxAttempts"),
    ({"dialerPriority": 6}, "dialerPriority"),
    ({"retryIntervalInMinutes": 0}, "retryIntervalInMinutes"),
    ({"allowedDays": []}, "allowedDays"),
    ({"allowedDays": ["monday"]}, "allowedDays.0"),
    ({"allowedTime": {}}, "allowedTime"),
    ({"allowedTime": {"monday": [{"localTimeFrom": "09:00"}]}}, "allowedTime.monday"),
    ({"allowedTime": {"mon": [{"from": "09:00"}]}}, "allowedTime.mon.0.from"),
    ({"allowedTime": {"mon": [{"localTimeFrom": "9:00"}]}}, "allowedTime.mon.0.localTimeFrom"),
    ({"allowedTime": {"mon": [{"localTimeFrom": "24:00"}]}}, "allowedTime.mon.0.localTimeFrom"),
    ({"allowedTime": {"mon": [{}]}}, "allowedTime.mon.0"),
    (
        {"allowedTime": {"mon": [{"localTimeTo": "09:00"}, {"localTimeFrom": "18:00", "localTimeTo": "09:00"}]}},
        "allowedTime.mon.1.localTimeTo",
    ),
    (
        {"allowedTime": {"default": [{"localTimeFrom": "09:00", "localTimeTo": "09:00"}]}},
        "allowedTime.default.0.localTimeTo",
    ),
    ({"maxAttempts": "1_0"}, "maxAttempts"),
    ({"maxAttempts": "\u0663"}, "maxAttempts"),  # an Arabic three
    ({"maxAttempts": " 3"}, "maxAttempts"),
    ({"maxAttempts": "+3"}, "maxAttempts"),
    ({"startDateTime": "tomorrow"}, "startDateTime"),
    ({"startDateTime": "2026-11-20T08:00:00"}, "startDateTime"),  # whose eight o'clock?
    ({"startDateTime": "2026-11-20T08:00:00Z", "finishDateTime": "2026-11-20T08:00:00Z"}, "finishDateTime"),
    ({"startDateTime": "2026-11-20T08:00:00Z", "finishDateTime": "2026-11-20T08:30:00+01:00"}, "finishDateTime"),
    ({"maxRetries": 3}, "maxRetries"),
]


@pytest.mark.parametrize(("options", "field"), BAD_POLICY)
def test_a_policy_that_cannot_be_is_refused_by_name(options, field):
    with pytest.raises(ValidationError) as caught:
        LEADS.options().load(options)
    assert field.split(".")[0] in caught.value.messages
    assert refused(lead(1, options=options)) == f"options.{field}"


def test_a_leads_end_must_be_after_the_loads_start():
    ends = lead(1, options={"finishDateTime": "2026-11-19T00:00:00Z"})
    assert refused(ends, startDateTime="2026-11-20T08:00:00Z") == "options.finishDateTime"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"agents": ("jana",)}, "agents"),
        ({"priority": 0}, "priority"),
        ({"priority": 6}, "priority"),
        ({"fields": {"wrapup_lead": "1"}}, "fields.wrapup_lead"),
        ({"fields": {"name": "Jana"}, "name": "Petra"}, "fields.name"),
    ],
)
def test_what_jaicp_cannot_take_is_refused(given, field):
    assert refused(lead(1, **given)) == field


def test_a_campaign_that_is_not_configured():
    assert refused(lead(1), campaign="unknown") == "campaign"
    assert LEADS.most_new is None  # and none can be made


def test_a_campaign_that_was_taken_out_of_the_settings_meanwhile(dialer):
    with pytest.raises(AskedWrongly, match="no campaign old any more"):
        dialer.send(lead(1), campaign="old")
    assert dialer.jaicp.requests == []


# What comes of it -----------------------------------------------------------------------------------------------------
def test_jobs_are_named_in_the_order_of_the_leads(dialer):
    sent = dialer.send(*(lead(at) for at in range(1, 6)))
    assert [verdict.state for verdict in sent.verdicts] == ["accepted"] * 5
    jobs = {str(job["id"]): job["phone"] for job in dialer.jaicp.taken()}
    assert [jobs[verdict.dialer_id] for verdict in sent.verdicts] == [79110000000 + at for at in range(1, 6)]


def test_job_ids_may_be_texts(dialer):
    dialer.fault(ids_as_text={})
    assert dialer.send(lead(1)).verdicts[0].dialer_id == "120001"


def test_five_hundred_at_once(dialer):
    sent = dialer.send(*(lead(at) for at in range(LEADS.most)))
    assert len({verdict.dialer_id for verdict in sent.verdicts}) == LEADS.most == 500


@pytest.mark.parametrize("fault", ["drop_after", "hang_after", "garbled_after", "error_after"])
def test_an_order_that_is_sent_again_is_taken_once(dialer, fault):
    leads = [lead(at) for at in range(1, 4)]
    dialer.fault(**{fault: {"times": 1, "value": 2}})
    with pytest.raises(Uncertain):
        dialer.send(*leads)
    assert LEADS.knows_keys
    again = dialer.send(*leads)
    taken = dialer.jaicp.taken()
    assert [str(job["id"]) for job in taken] == [verdict.dialer_id for verdict in again.verdicts]
    assert {job["key"] for job in taken} == {"order-1"}


def test_another_key_is_another_order(dialer):
    dialer.send(lead(1), key="a")
    dialer.send(lead(1), key="b")
    assert len(dialer.jaicp.taken()) == 2


@pytest.mark.parametrize("fault", ["fewer_ids", "html", "empty", "redirect", "bad_gateway", "server_error", "drop"])
def test_an_answer_that_says_nothing_leaves_in_doubt(dialer, fault):
    dialer.fault(**{fault: {}})
    with pytest.raises(Uncertain):
        dialer.send(lead(1), lead(2))


@pytest.mark.parametrize(("fault", "wait"), [("too_many", 7.0), ("unavailable", 7.0)])
def test_a_dialer_that_cannot_now_has_taken_nothing(dialer, fault, wait):
    dialer.fault(**{fault: {"value": "7"}})
    with pytest.raises(Unavailable) as caught:
        dialer.send(lead(1))
    assert caught.value.retry_after == wait
    assert dialer.jaicp.taken() == []


def test_more_requests_than_are_allowed():
    with account(requests_per_minute=1) as dialer:
        dialer.send(lead(1), key="a")
        with pytest.raises(Unavailable) as caught:
            dialer.send(lead(2), key="b")
        assert caught.value.retry_after == 1.0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_token_is_never_shown(status):
    with account({"campaigns": {"renewals": "wrong.token.abc"}}, wrong_token_status=status) as dialer:
        with pytest.raises(CredentialsRefused) as caught:
            dialer.send(lead(1))
    assert "campaigns.renewals" in str(caught.value) and str(status) in str(caught.value)
    assert "wrong.token.abc" not in str(caught.value)


def test_no_error_shows_a_token(dialer):
    for fault in dialer.jaicp.faults.known:
        dialer.fault(**{fault: {"value": 2}})
        try:
            dialer.send(lead(1))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            assert TOKENS["renewals"] not in str(error)
            assert "7911" not in str(error)


def test_a_reason_is_told_without_telephone_numbers_and_tokens(dialer):
    with pytest.raises(Declined, match="gmtZone is no time zone"):
        dialer.client.give("renewals", "POST", "/addPhones", [{"phone": 1, "gmtZone": "Mars"}])
    dialer.fault(bad_request={})
    with pytest.raises(Declined, match="invalid data"):
        dialer.send(lead(1))
