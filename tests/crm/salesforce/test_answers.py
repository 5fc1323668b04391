"""What Salesforce's answers mean, also where they are none of its own."""

import pytest

from crm.base import Again, NotSetUp, QuotaSpent, Refused
from crm.halving import WholeRefused
from crm.http_client import Unreadable
from crm.salesforce import answers
from crm.salesforce.usage import Usage
from lib.http.errors import CredentialsRefused, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer

HOST, WHAT = "acme.my.salesforce.com", "PATCH /services/data/v68.0/composite/sobjects"


def error(code: str, message: str = "m") -> bytes:
    return f'[{{"message":"{message}","errorCode":"{code}"}}]'.encode()


def raised(status: int, body: bytes, writes: bool = True, **headers: str) -> Exception:
    with pytest.raises(Exception) as found:
        answers.meaning(Answer(status, headers, body), HOST, WHAT, writes=writes)
    return found.value


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (300, b'["/services/data/v68.0/sobjects/Task/00T"]', Unavailable),
        (302, b"", Unavailable),
        (400, error("INVALID_FIELD"), WholeRefused),
        (400, error("UNABLE_TO_LOCK_ROW"), TooOften),
        (400, b"<html>", NotSetUp),
        (401, error("INVALID_SESSION_ID"), CredentialsRefused),
        (403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), QuotaSpent),
        (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), TooOften),
        (403, error("API_DISABLED_FOR_ORG"), NotSetUp),
        (403, b"<html>", Unavailable),
        (404, error("NOT_FOUND"), NotSetUp),
        (404, b"", NotSetUp),
        (410, error("UNSUPPORTED_API_VERSION"), NotSetUp),
        (413, b"", WholeRefused),
        (429, b"", TooOften),
        (500, error("UNKNOWN_EXCEPTION"), Uncertain),
        (503, error("SERVER_UNAVAILABLE"), TooOften),
        (503, b"", Uncertain),
        (504, b"", Uncertain),
        (200, error("UNKNOWN_EXCEPTION"), Uncertain),
        (200, b'{"errorCode":"X","message":"m"}', Uncertain),
        (200, b"<html>Sign in", Uncertain),
        (200, b"", Uncertain),
    ],
)
def test_what_each_status_is(status, body, kind):
    found = raised(status, body)
    assert type(found) is kind
    assert str(found)
    if kind is Uncertain:
        asked = raised(status, body, writes=False)
        assert isinstance(asked, Unavailable)
        assert isinstance(asked, Unreadable) == (status == 200)


@pytest.mark.parametrize(
    ("code", "message", "fields", "reason"),
    [
        ("REQUIRED_FIELD_MISSING", "Required fields are missing: [X]", ["X"], "required_field"),
        ("ENTITY_IS_DELETED", "entity is deleted", [], "record_deleted"),
        ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["WhoId"], "record_deleted"),
        ("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", ["OwnerId"], "validation"),
        ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [], "converted_lead"),
        ("DUPLICATES_DETECTED", "Use one of these records?", [], "duplicate"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "no", [], "not_allowed"),
        ("STRING_TOO_LONG", "Subject: data value too large", ["Subject"], "validation"),
        ("SOMETHING_NEW", "", None, "validation"),
    ],
)
def test_why_a_record_is_refused(code, message, fields, reason):
    found = answers.of_record([{"statusCode": code, "message": message, "fields": fields}], ())
    assert isinstance(found, Refused)
    assert (found.reason, code in found.answer) == (reason, True)


def test_a_lock_within_a_triggers_words_is_sent_again():
    said = "TaskTrigger: execution of AfterInsert caused by: System.DmlException: UNABLE_TO_LOCK_ROW, unable to obtain"
    found = answers.of_record([{"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": said}], ())
    assert found == Again(found.answer, 2.0)


def test_secrets_and_long_words_are_not_shown():
    said = answers.words([{"errorCode": "X", "message": "the-secret " + "w" * 900}], ["the-secret"])
    assert ("the-secret" in said, len(said)) == (False, 400)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("per-app-api-usage=17/250(appName=sample); api-usage=25/5000", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sample)", None),
        ("api-usage=18/0", None),
        ("", None),
    ],
)
def test_what_is_used_of_a_day(header, told):
    usage = Usage(10)
    usage.note({"Sforce-Limit-Info": header})
    assert usage.told() == told
