"""What HubSpot's answers mean, whatever was asked. What each route makes of them: test_calls, test_contacts."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.base import NotSetUp, QuotaSpent, Refused
from crm.halving import WholeRefused
from crm.http_client import MissingScopes
from crm.hubspot import calls, contacts
from crm.hubspot.answers import day_ends, meaning, midnight, of_input, words
from lib.http.errors import CredentialsRefused, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer
from tests.crm.hubspot.stage import ASHA, call, stage

TOKEN = "pat-eu1-0123456789abcdef"
KOLKATA = ZoneInfo("Asia/Kolkata")


def said(status: int, body=None, writes=True, zone=None, **headers):
    text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    answer = Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)
    return meaning(answer, "api.hubapi.com", "POST /x", writes=writes, secrets=(TOKEN,), zone=zone)


def error(category: str, message: str = "No.", **more) -> dict:
    return {"status": "error", "category": category, "message": message, **more}


SCOPES = {"errors": [{"message": "needed", "context": {"requiredGranularScopes": ["crm.objects.contacts.write"]}}]}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, error("INVALID_AUTHENTICATION"), CredentialsRefused),
        (401, b"<html>", CredentialsRefused),
        (403, error("MISSING_SCOPES", **SCOPES), MissingScopes),
        (403, error("FORBIDDEN"), MissingScopes),
        (403, b"<html>", Unavailable),  # something before HubSpot
        (400, error("VALIDATION_ERROR"), WholeRefused),
        (404, error("OBJECT_NOT_FOUND"), WholeRefused),
        (409, error("CONFLICT"), WholeRefused),
        (404, b"<html>", NotSetUp),
        (404, {"message": "no such address"}, NotSetUp),
        (405, b"", NotSetUp),
        (408, b"", Uncertain),
        (423, error("LOCKED"), Unavailable),
        (477, error("MIGRATION_IN_PROGRESS"), Unavailable),
        (429, {"policyName": "SECONDLY"}, TooOften),
        (429, b"<html>", TooOften),
        (429, {"policyName": "DAILY"}, QuotaSpent),
        (429, {"message": "You have reached your daily limit."}, QuotaSpent),
        (500, error("INTERNAL_ERROR"), Uncertain),
        (502, b"<html>", Uncertain),
        (503, b"", Uncertain),  # of what was given nobody knows
        (301, b"", Unavailable),
        (200, b"<html>", Uncertain),
        (200, b"", Uncertain),
        (200, error("INTERNAL_ERROR"), Uncertain),
    ],
)
def test_what_was_given(status, body, kind):
    with pytest.raises(kind) as raised:
        said(status, body)
    assert type(raised.value) is kind
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("status", [200, 408, 500, 502, 503, 504])
def test_what_was_only_asked_is_asked_again(status):
    with pytest.raises(Unavailable):
        said(status, b"<html>", writes=False)


def test_what_is_an_answer():
    assert said(204) == {}
    assert said(200, {"status": "COMPLETE", "results": []})["results"] == []
    assert said(200, [{"id": "1"}]) == [{"id": "1"}]


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10),
        (429, {"policyName": "SECONDLY"}, {}, 1),
        (429, {}, {}, 10),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry_After": "3"}, 3),
        (429, {}, {"X_HubSpot_RateLimit_Interval_Milliseconds": "5000"}, 5),
        (423, {}, {}, 2),
        (477, {}, {"Retry_After": "600"}, 600),
    ],
)
def test_how_long_is_waited(status, body, headers, seconds):
    with pytest.raises(Unavailable) as raised:
        said(status, body, **headers)
    assert raised.value.retry_after == seconds


def test_a_day_ends_at_midnight_where_the_account_is():
    at = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)  # 01:30 of the 19th in Kolkata
    assert midnight(at, KOLKATA) == datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
    assert midnight(at, None) == datetime(2026, 11, 19, tzinfo=UTC)
    with pytest.raises(QuotaSpent, match="Asia/Kolkata"):
        said(429, {"policyName": "DAILY"}, zone=KOLKATA)
    with pytest.raises(QuotaSpent, match="zone is not known"):
        said(429, {"policyName": "DAILY"})


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 11, 18, 18, 29, 59, tzinfo=UTC), datetime(2026, 11, 18, 18, 31, tzinfo=UTC)),
        (
            datetime(2026, 11, 18, 18, 30, tzinfo=UTC),
            datetime(2026, 11, 18, 18, 45, tzinfo=UTC),
        ),  # their clock is behind
        (datetime(2026, 11, 18, 18, 45, 1, tzinfo=UTC), datetime(2026, 11, 19, 18, 31, tzinfo=UTC)),
    ],
)
def test_a_second_between_two_clocks_costs_no_day(at, until):
    assert day_ends(at, KOLKATA) == until


@pytest.mark.parametrize(
    ("zone", "at", "hours"),
    [
        ("America/Santiago", datetime(2026, 9, 6, 3, 0, tzinfo=UTC), 1),  # this midnight does not exist
        ("America/Havana", datetime(2026, 11, 1, 3, 0, tzinfo=UTC), 1),  # and this one comes twice
    ],
)
def test_a_midnight_at_which_clocks_are_changed(zone, at, hours):
    assert midnight(at, ZoneInfo(zone)) == at + timedelta(hours=hours)


def test_the_day_of_a_client_is_the_accounts():
    with stage() as account:
        contacts.read(account.client, ["1"], ["phone"])
        account.client.account()
        account.faults(daily_spent={})
        with pytest.raises(QuotaSpent) as raised:
            contacts.read(account.client, ["1"], ["phone"])
        assert raised.value.until.minute in (31, 45)  # in Kolkata it is a minute past midnight, or has been so just now


def test_missing_scopes_are_named():
    with pytest.raises(MissingScopes, match=r"crm\.objects\.contacts\.write"):
        said(403, error("MISSING_SCOPES", **SCOPES))


def test_words_are_short_of_one_line_and_without_secrets():
    told = words(error("VALIDATION_ERROR", f"Bad\n\ttoken {TOKEN} " + "x" * 9_000), (TOKEN,))
    assert told.startswith("Bad token *** xxx")
    assert len(told) <= 400


def test_words_of_properties_are_read_out_of_their_list():
    message = 'Property values were not valid: [{"isValid":false,"message":"HOT was not allowed","error":"E","name":"status"}]'
    assert (
        words(error("VALIDATION_ERROR", message), ()) == "Property values were not valid: status: HOT was not allowed."
    )


@pytest.mark.parametrize(
    ("category", "message", "reason"),
    [
        ("VALIDATION_ERROR", "Some required properties were not set: hs_x", "required_field"),
        ("VALIDATION_ERROR", "HOT was not one of the allowed options", "validation"),
        ("VALIDATION_ERROR", 'Property "hs_x" does not exist', "validation"),
        ("VALIDATION_ERROR", "CONTACT=5 was deleted", "record_deleted"),
        ("OBJECT_NOT_FOUND", "Object not found", "record_deleted"),
        ("CONFLICT", "Contact already exists", "conflict"),
    ],
)
def test_why_a_record_is_refused(category, message, reason):
    assert of_input(error(category, message), ()) == Refused(reason, message)


# What comes over the line ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["huge", "endless", "cut_after", "hang_after", "drop_after"])
def test_answers_without_an_end_cost_no_memory_and_leave_nothing_certain(fault):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        contacts.read(account.client, [contact], ["phone"])
        account.faults(**{fault: {"value": 30} if fault == "hang_after" else {}})
        tracemalloc.start()
        try:
            with pytest.raises(Unavailable):
                contacts.read(account.client, [contact], ["phone"])
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 16 * 1024 * 1024
        account.faults(**{fault: {"path": "upsert"} | ({"value": 3} if fault == "hang_after" else {})})
        with pytest.raises(Uncertain):
            calls.log(account.client, [call("m1", contact)])


def test_a_redirect_is_not_followed():
    with stage() as account:
        account.faults(redirect={})
        with pytest.raises(Unavailable, match="redirects are not followed"):
            contacts.read(account.client, ["1"], ["phone"])


def test_each_request_takes_its_turn_first():
    class Spent:
        def take(self, limit):
            raise QuotaSpent("The day is over.", datetime.now(UTC), "day")

    with stage() as account:
        account.client._budget = Spent()
        with pytest.raises(QuotaSpent):
            contacts.read(account.client, ["1"], ["phone"])
        assert not account.hubspot.requests
