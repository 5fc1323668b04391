"""What JAICP is asked, over real HTTP: which records come of it, and what the operator is told."""

import json

import pytest
from marshmallow import ValidationError

from dialers.asking import Jobs
from dialers.jaicp import DIALER, Settings
from lib.http.errors import CredentialsRefused, Declined, Garbled, Unavailable
from tests.dialers.jaicp.account import TOKENS, account

RESULT = {"sandbox_status": "longCallWithResult"}


def statuses(walked) -> list[str]:
    return [json.loads(record.body)["jobStatus"] for record in walked.records]


def keys(ids, campaign="renewals") -> list[str]:
    return [f"{campaign}/{job}" for job in ids]


def test_every_job_is_a_record_byte_for_byte(dialer):
    ids = dialer.add(3)
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert (walked.error, walked.keys, walked.warnings) == (None, keys(ids), [])
    assert walked.records[0].context == {"campaign": "renewals"}
    assert walked.records[0].body == f'{{"id": {ids[0]}, "phone": 79110000001, "jobStatus": "planned"}}'.encode()


def test_jobs_move_on_to_their_end(dialer):
    (job,) = dialer.add(1, **RESULT)
    seen = []
    for _ in range(60):
        seen += statuses(dialer.walk("jobs", Jobs({"renewals": (job,)})))
        dialer.clock.at += 5
    assert list(dict.fromkeys(seen)) in (
        ["planned", "inProcess", "longCallWithResult"],
        ["planned", "inProcess", "onRetry", "longCallWithResult"],
    )
    row = json.loads(dialer.walk("jobs", Jobs({"renewals": (job,)})).records[0].body)
    assert (row["finishedAt"] - row["startedAt"]) / 1000 == pytest.approx(row["callDuration"], abs=0.01)


def test_many_jobs_are_asked_for_in_batches_and_by_campaign(dialer):
    here, there = dialer.add(1001), dialer.add(2, "winback")
    walked = dialer.walk("jobs", Jobs({"renewals": here, "winback": there}))
    assert [len(page.records) for page in walked.pages] == [500, 500, 1, 2]
    assert walked.keys == keys(here) + keys(there, "winback")
    assert walked.records[-1].context == {"campaign": "winback"}


def test_ids_are_sent_as_numbers_unless_they_are_none(dialer):
    ids = dialer.add(1)
    walked = dialer.walk("jobs", Jobs({"renewals": (*ids, "0007", "abc-1")}))
    assert walked.keys == keys(ids)
    assert walked.warnings == ["2 of 3 jobs of campaign renewals were not answered; they are asked for again."]


def test_fewer_rows_than_asked_for_are_kept_and_told_of(dialer):
    ids = dialer.add(4)
    dialer.fault(fewer_rows={})
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert walked.keys == keys([ids[0], ids[2]])
    assert walked.warnings == ["2 of 4 jobs of campaign renewals were not answered; they are asked for again."]


def test_an_id_that_is_refused_does_not_hide_the_others(dialer):
    ids = dialer.add(20)
    dialer.fault(unknown_ids_refused={})
    walked = dialer.walk("jobs", Jobs({"renewals": (*ids[:7], "999", *ids[7:])}))
    assert (walked.error, walked.keys) == (None, keys(ids))
    assert len(walked.warnings) == 1 and "Job 999 of campaign renewals was refused" in walked.warnings[0]


def test_where_everything_is_refused_it_is_not_asked_for_ever(dialer):
    ids = dialer.add(400)
    dialer.fault(bad_request={})
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert isinstance(walked.error, Declined)
    assert len(dialer.jaicp.requests) < 100


def test_a_campaign_with_a_wrong_token_does_not_hide_the_others():
    with account({"campaigns": {"renewals": "1.2.wrong", "winback": TOKENS["winback"]}}) as dialer:
        ids = dialer.add(2, "winback")
        walked = dialer.walk("jobs", Jobs({"renewals": ("1", "2"), "winback": ids}))
        assert (walked.error, walked.keys) == (None, keys(ids, "winback"))
        assert "campaigns.renewals" in walked.warnings[0] and "wrong" not in walked.warnings[0]
        alone = dialer.walk("jobs", Jobs({"renewals": ("1", "2")}))
        assert isinstance(alone.error, CredentialsRefused)
        campaigns = dialer.walk("campaigns")
        assert (campaigns.keys, len(campaigns.warnings)) == (["winback"], 1)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_wrong_tokens_are_refused(status):
    with account({"campaigns": {"renewals": "1.2.wrong"}}, wrong_token_status=status) as dialer:
        for walked in (dialer.walk("jobs", Jobs({"renewals": ("1",)})), dialer.walk("campaigns")):
            assert isinstance(walked.error, CredentialsRefused)
            assert "wrong" not in str(walked.error)


def test_a_campaign_that_the_settings_name_no_more_is_told_of(dialer):
    ids = dialer.add(1)
    walked = dialer.walk("jobs", Jobs({"old": ("1", "2"), "renewals": ids}))
    assert (walked.error, walked.keys) == (None, keys(ids))
    assert walked.warnings == ["2 jobs of campaign old, which the settings no longer name: not asked for."]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("too_many", Unavailable),
        ("unavailable", Unavailable),
        ("server_error", Unavailable),
        ("bad_gateway", Unavailable),
        ("redirect", Unavailable),
        ("hang", Unavailable),
        ("drop", Unavailable),
        ("html", Garbled),
        ("empty", Garbled),
        ("garbled_after", Garbled),
        ("no_array", Garbled),
        ("unauthorized", CredentialsRefused),
        ("forbidden", CredentialsRefused),
        ("not_found", CredentialsRefused),
    ],
)
def test_whatever_goes_wrong_is_a_sentence(dialer, fault, error):
    ids = dialer.add(3)
    dialer.fault(**{fault: {"value": "2"}})
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert isinstance(walked.error, error)
    assert str(walked.error).endswith(".") and TOKENS["renewals"] not in str(walked.error)
    assert walked.error.retry_after == (2.0 if fault in ("too_many", "unavailable") else None)


def test_information_that_is_refused_with_a_reason(dialer):
    dialer.fault(bad_request={})
    walked = dialer.walk("campaigns")
    assert isinstance(walked.error, Declined)
    assert str(walked.error).endswith("says: invalid data.")


@pytest.mark.parametrize("fault", ["html", "empty", "garbled_after"])
def test_garbled_information_about_a_campaign(dialer, fault):
    dialer.fault(**{fault: {"times": 1}})
    walked = dialer.walk("campaigns")
    assert isinstance(walked.error, Garbled)
    assert walked.keys == ["winback"]


def test_a_page_that_came_before_an_error_is_kept(dialer):
    ids = dialer.add(600)
    dialer.fault(server_error={"after": 1})
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert len(walked.records) == 500
    assert isinstance(walked.error, Unavailable)


def test_a_row_in_a_wrong_encoding_does_not_hide_the_others(dialer):
    ids = (*dialer.add(1, **RESULT), *dialer.add(1, sandbox_status="noAnswer"))
    dialer.clock.at += 600
    dialer.fault(bad_utf8={})
    walked = dialer.walk("jobs", Jobs({"renewals": ids}))
    assert (walked.error, len(walked.records)) == (None, 2)
    assert b'"callResult": "\xe9' in walked.records[0].body
    assert walked.records[1].key == f"renewals/{ids[1]}"


def test_rows_without_an_id_have_no_key(dialer):
    (job,) = dialer.add(1)
    dialer.jaicp.change(int(job), id=None)
    walked = dialer.walk("jobs", Jobs({"renewals": (job,)}))
    assert walked.keys == [None]


def test_campaigns_as_they_are_now(dialer):
    dialer.add(2)
    walked = dialer.walk("campaigns")
    assert (walked.error, walked.keys) == (None, ["renewals", "winback"])
    assert json.loads(walked.records[0].body)["shortReport"]["totalNumbers"] == 2
    assert dialer.asked == ["GET / 200", "GET / 200"]


def test_attempts_are_kept_as_they_come(dialer):
    ids = dialer.add(2)
    walked = dialer.walk("attempts", Jobs({"renewals": ids}))
    assert (walked.error, walked.keys, walked.warnings) == (None, [None, None], [])


@pytest.mark.parametrize(
    ("switch", "names"), [(False, ["jobs", "campaigns"]), (True, ["jobs", "attempts", "campaigns"])]
)
def test_attempts_are_asked_for_where_the_settings_say_so(dialer, switch, names):
    connection = dialer.with_settings(attempt_reports=switch)
    assert [report.name for report in DIALER.reports_of(connection)] == names


# Settings -------------------------------------------------------------------------------------------------------------
def test_settings_have_defaults():
    found = Settings().load({"campaigns": TOKENS})
    assert found["api_url"] == "https://app.jaicp.com"
    assert (found["poll_seconds"], found["requests_per_minute"], found["attempt_reports"]) == (60, 600, False)


@pytest.mark.parametrize(
    "campaigns",
    [
        None,
        {},
        {"renewals": ""},
        {"renewals": "a/b"},
        {"renewals": "a\n"},
        {"a/b": "x"},
        {"a:b": "x"},
        {"..": "x"},
        {"": "x"},
        {"one": "same", "two": "same"},
    ],
)
def test_settings_that_cannot_be(campaigns):
    with pytest.raises(ValidationError) as caught:
        Settings().load({} if campaigns is None else {"campaigns": campaigns})
    assert list(caught.value.messages) == ["campaigns"]


def test_a_refused_setting_is_not_repeated():
    with pytest.raises(ValidationError) as caught:
        Settings().load({"campaigns": {"renewals": "secret token"}})
    assert "secret token" not in str(caught.value)
