"""What Bitrix24's answers mean, also where they are none of its own; limits, and tokens that end."""

import pytest

from crm.base import Done, NotSetUp, QuotaSpent, Whom
from crm.bitrix24 import answers, calls, records
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, Unreadable
from lib.http.errors import CredentialsRefused, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer
from tests.crm.bitrix24.stage import stage
from tests.crm.samples import ASHA, call, several

HOST, WHAT, REGISTER = "acme.bitrix24.com", "crm.timeline.comment.add", "externalCall.register"


def said(code: str, words: str = "It says so.") -> bytes:
    return b'{"error":"%s","error_description":"%s"}' % (code.encode(), words.encode())


def raised(status: int, body: bytes, writes: bool = True, is_app: bool = True, **headers: str) -> Exception:
    answer = Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    with pytest.raises(Exception) as found:
        answers.meaning(answer, HOST, WHAT, writes=writes, is_app=is_app, secrets=("hush9",))
    return found.value


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, said("INVALID_ARGUMENT"), WholeRefused),
        (400, said("ERROR_CORE"), WholeRefused),
        (400, b'{"error":100,"error_description":"Missing"}', WholeRefused),
        (400, b"<html>", NotSetUp),
        (401, said("expired_token"), CredentialsRefused),
        (401, said("NO_AUTH_FOUND"), CredentialsRefused),
        (401, b"", CredentialsRefused),
        (401, said("PAYMENT_REQUIRED"), NotSetUp),
        (401, said("METHOD_CONFIRM_WAITING"), MissingScopes),
        (403, said("insufficient_scope"), MissingScopes),
        (403, said("INVALID_CREDENTIALS"), MissingScopes),
        (403, said("user_access_error"), MissingScopes),
        (403, said("WRONG_AUTH_TYPE"), NotSetUp),
        (403, said("ACCESS_DENIED", "REST API is available only on commercial plans"), NotSetUp),
        (403, said("ACCESS_DENIED", "Access denied!"), WholeRefused),
        (404, said("ERROR_METHOD_NOT_FOUND"), WholeRefused),
        (429, said("OPERATION_TIME_LIMIT"), TooOften),
        (503, said("QUERY_LIMIT_EXCEEDED"), TooOften),
        (503, said("OVERLOAD_LIMIT"), QuotaSpent),
        (503, b"<html>", Uncertain),
        (500, said("PORTAL_DELETED"), NotSetUp),
        (500, said("INTERNAL_SERVER_ERROR"), Uncertain),
        (504, b"", Uncertain),
        (302, b"", Unavailable),
        (200, said("ERROR_CORE"), Uncertain),
        (200, b"<html>Sign in", Uncertain),
        (200, b"", Uncertain),
        (200, b"[]", Uncertain),
        (200, b'{"time":{}}', Uncertain),
    ],
)
def test_what_each_answer_is(status, body, kind):
    error = raised(status, body)
    assert isinstance(error, kind)
    assert str(error)
    if kind is Uncertain:
        asked = raised(status, body, writes=False)
        assert isinstance(asked, Unreadable if status == 200 else Unavailable)


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        ("NOT_FOUND", "", "record_deleted"),
        ("OWNER_NOT_FOUND", "", "record_deleted"),
        ("", "Activity is not found", "record_deleted"),
        ("", "Access denied.", "not_allowed"),
        ("ACCESS_DENIED", "", "not_allowed"),
        ("100", "", "required_field"),
        ("ERROR_CORE", "PHONE_NUMBER is required", "required_field"),
        ("ERROR_CORE", "Unknown TYPE", "validation"),
        ("ERROR_METHOD_NOT_FOUND", "Method not found!", "validation"),
    ],
)
def test_why_a_record_is_refused(code, words, reason):
    found = answers.refused(answers.Error(code, words))
    assert found.reason == reason


def test_words_hold_no_secret_and_are_one_short_line():
    error = raised(400, said("ERROR_CORE", "hush9 is\\n" + "long " * 400))
    assert "hush9" not in str(error)
    assert len(str(error)) <= 400
    assert "\n" not in str(error)


def test_an_app_alone_is_said_to_a_webhook_with_what_to_do():
    assert 'calls = "comment"' in str(raised(403, said("WRONG_AUTH_TYPE"), is_app=False))
    assert "webhook_url" in str(raised(401, said("NO_AUTH_FOUND"), is_app=False))


# Limits ---------------------------------------------------------------------------------------------------------------
def test_where_requests_were_too_many_everybody_waits_a_second_and_it_is_asked_again():
    with stage() as account:
        account.portal.add(phone=ASHA)
        account.faults(query_limit={"times": 2})
        ((_,),) = records.find(account.client, [Whom("number", ASHA)])
        assert account.turns.waited == [("requests", 1.0)] * 2
        account.faults(query_limit={})
        with pytest.raises(TooOften):
            records.find(account.client, [Whom("number", ASHA)])


def test_a_method_is_left_alone_until_its_running_time_is_less():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.log(call("m1", lead))  # whose answer says when
        account.faults(operation_limit={"path": REGISTER})
        with pytest.raises(TooOften) as found:
            account.log(call("m2", lead))
        assert 500 < found.value.retry_after <= 600
        assert account.turns.waited == []  # others go on
        account.faults(within_limit={"path": REGISTER})
        with pytest.raises(TooOften) as found:
            account.log(call("m2", lead))
        assert found.value.tried == {"delivery-m2"}
        assert 500 < found.value.retry_after <= 600


def test_a_method_of_which_nothing_is_known_is_left_alone_for_a_minute():
    with stage() as account:
        account.faults(operation_limit={})
        with pytest.raises(TooOften) as found:
            records.find(account.client, [Whom("number", ASHA)])
        assert found.value.retry_after == 60.0


@pytest.mark.parametrize(
    ("status", "body", "ended"),
    [(401, said("expired_token"), True), (401, b"", True), (401, said("PAYMENT_REQUIRED"), False), (403, b"", False)],
)
def test_a_token_is_renewed_only_where_another_one_may_mend_it(status, body, ended):
    assert answers.has_ended(Answer(status, {}, body)) is ended


# Tokens and batches ---------------------------------------------------------------------------------------------------
def test_a_token_that_ends_is_renewed_once_and_a_second_refusal_is_told():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(token_expired={"times": 1, "path": REGISTER})
        account.log(call("m1", lead))
        assert account.client._access.given == 1
        account.faults(token_expired={"path": REGISTER})
        with pytest.raises(CredentialsRefused, match="refresh_token"):
            account.log(call("m2", lead))
        assert account.marks() == ["m1"]


def test_a_token_that_ends_in_the_midst_of_a_batch_is_renewed_and_the_batch_asked_again():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(ended_within={"times": 1, "path": REGISTER})
        assert [type(one) for one in account.log(call("m1", lead))] == [Done]
        assert account.client._access.given == 1
        account.faults(ended_within={"path": REGISTER})
        with pytest.raises(CredentialsRefused):
            account.log(call("m2", lead))
        assert account.marks() == ["m1"]


@pytest.mark.parametrize(
    "fault", ["html", "error_in_200", "empty", "garbled_after", "cut_after", "huge", "drop", "hang"]
)
def test_a_question_that_is_not_answered_leaves_nothing_in_doubt(fault):
    with stage() as account:
        account.portal.add(phone=ASHA)
        account.faults(**{fault: {"times": 2}})
        with pytest.raises(Unavailable):
            records.find(account.client, [Whom("number", ASHA)])
        with pytest.raises(Unavailable):
            calls.look_up(account.client, [call("m1", "1")])


@pytest.mark.parametrize(
    "fault",
    ["html", "error_in_200", "error_in_200_after", "garbled_after", "cut_after", "huge", "drop_after", "error_after"],
)
def test_what_was_given_and_not_answered_is_in_doubt(fault):
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(**{fault: {"times": 1, "path": REGISTER}})
        with pytest.raises(Uncertain):
            account.log(*several(2, lead))


def test_a_user_who_may_not_see_the_statistics_is_told_what_is_missing():
    with stage() as account:
        account.portal.sees_statistics = False
        with pytest.raises(NotSetUp, match="Call statistics, View"):
            calls.look_up(account.client, [call("m1", "1")])
