"""What Pipedrive's answers mean, also where they are none of its own; and the tokens of a day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.base import NotSetUp, QuotaSpent, Whom
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, Unreadable
from crm.pipedrive import answers, calls, records
from crm.pipedrive.day import Day
from lib import clock
from lib.http.errors import CredentialsRefused, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer
from tests.crm.pipedrive.stage import stage
from tests.crm.samples import ASHA, call, several

HOST, WHAT = "api.pipedrive.com", "POST /api/v1/callLogs"
NO = b'{"success":false,"error":"\\"outcome\\" is required.","error_info":"Please check developers.pipedrive.com for more."}'


def raised(status: int, body: bytes = NO, what: str = WHAT, writes: bool = True, **headers: str) -> Exception:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(Exception) as found:
        answers.meaning(Answer(status, named, body), HOST, what, Day(ZoneInfo("UTC"), 10), writes=writes)
    return found.value


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, NO, WholeRefused),
        (400, b"<html>", NotSetUp),
        (401, NO, CredentialsRefused),
        (402, NO, NotSetUp),
        (403, b'{"success":false,"error":"Scope and URL mismatch","errorCode":403}', MissingScopes),
        (403, NO, WholeRefused),
        (403, b"<html>Cloudflare", Unavailable),
        (404, NO, WholeRefused),
        (404, b"", NotSetUp),
        (409, NO, WholeRefused),
        (410, NO, NotSetUp),
        (429, NO, TooOften),
        (302, b"", Unavailable),
        (500, NO, Uncertain),
        (504, b"", Uncertain),
        (200, NO, Uncertain),
        (200, b"<html>Sign in", Uncertain),
        (200, b"", Uncertain),
        (200, b"[]", Uncertain),
        (200, b'{"data":{}}', Uncertain),
    ],
)
def test_what_each_status_is(status, body, kind):
    error = raised(status, body)
    assert isinstance(error, kind)
    assert str(error)
    if kind is Uncertain:
        asked = raised(status, body, writes=False)
        assert isinstance(asked, Unavailable)
        assert isinstance(asked, Unreadable) == (status == 200)


def test_why_a_record_is_refused():
    reasons = [raised(status).refused.reason for status in (400, 403, 404, 409)]
    assert reasons == ["required_field", "not_allowed", "record_deleted", "conflict"]
    assert raised(400, b'{"success":false,"error":"Validation failed"}').refused.reason == "validation"
    assert raised(400).refused.answer == '"outcome" is required.'  # without the advice that every error has
    assert raised(410, what="DELETE /api/v1/callLogs/CA1").refused.reason == "record_deleted"


def test_a_limit_says_how_long_and_a_day_that_is_spent_when_it_ends():
    assert raised(429, x_ratelimit_reset="1").retry_after == 1.0
    assert raised(429, x_ratelimit_reset="1700000000").retry_after == 2.0  # no number of seconds
    assert raised(429).retry_after == 2.0
    spent = raised(429, x_daily_ratelimit_token_remaining="0", Retry_After="3")
    assert isinstance(spent, QuotaSpent)
    assert timedelta() < spent.until - clock.now() <= timedelta(days=1, minutes=1)
    assert isinstance(raised(429, x_daily_ratelimit_token_remaining="12"), TooOften)


def test_the_edge_that_shuts_out_is_left_in_peace_for_long():
    assert raised(403, b"<html>Cloudflare").retry_after == answers.BLOCKED
    assert raised(403, b"<html>Cloudflare", Retry_After="60").retry_after == 60.0


# The day --------------------------------------------------------------------------------------------------------------
def test_a_day_ends_at_midnight_of_its_zone_and_a_minute():
    at = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
    assert Day(ZoneInfo("UTC"), 0).ends(at) == datetime(2026, 11, 30, 0, 1, tzinfo=UTC)
    assert Day(ZoneInfo("Europe/Tallinn"), 0).ends(at) == datetime(2026, 11, 29, 22, 1, tzinfo=UTC)


def test_the_others_share_of_a_days_tokens_is_left_to_them():
    with stage({"keep_tokens_percent": 50}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.pipedrive.limits.tokens = 100
        results = calls.log(account.client, several(8, person))
        done = sum(type(one).__name__ == "Done" for one in results)
        assert 0 < done < 8
        assert [one.tried for one in results[done + 1 :]] == [False] * (7 - done)
        assert len(account.pipedrive.calls()) == done
        with pytest.raises(QuotaSpent, match="keep_tokens_percent"):
            calls.log(account.client, [call("m9", person)])
        # Whoever resumes may have bought more: it is asked once more.
        account.pipedrive.limits.tokens = 100_000
        assert [type(one).__name__ for one in calls.log(account.client, [call("m9", person)])] == ["Done"]


def test_an_account_that_does_not_say_what_is_left_is_asked_all_the_same():
    with stage({"keep_tokens_percent": 50}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.pipedrive.limits.tokens, account.pipedrive.limits.told = 10, False
        assert [type(one).__name__ for one in calls.log(account.client, several(3, person))] == ["Done"] * 3


# Answers that tell of nobody ------------------------------------------------------------------------------------------
def test_an_answer_without_a_list_says_of_nobody_that_they_are_gone():
    with stage() as account:
        for fault in ("html", "empty", "error_in_200"):
            account.faults(**{fault: {}})
            for asked in ([Whom("number", ASHA)], [Whom("crm_reference", "101")]):
                with pytest.raises(Unavailable):
                    records.find(account.client, asked)
            with pytest.raises(Unavailable):
                records.read(account.client, ["101"], ["label_ids"])
            with pytest.raises(Unavailable):
                calls.look_up(account.client, [call("m1", "101")])


def test_a_token_that_was_refused_once_is_tried_a_second_time():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(token_revoked={"times": 1, "path": "callLogs"})
        (result,) = calls.log(account.client, [call("m1", person)])
        assert type(result).__name__ == "Done"
        account.faults(token_revoked={})
        with pytest.raises(CredentialsRefused, match="api_token"):
            calls.log(account.client, [call("m2", person)])
