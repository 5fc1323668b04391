"""What Zoho's answers, and those of its accounts server, come to."""

import orjson
import pytest

from crm.base import NotSetUp, QuotaSpent
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, Unreadable
from crm.zoho import answers, oauth
from crm.zoho.centers import CENTERS, named_by
from crm.zoho.credits import Credits
from lib.http.errors import CredentialsRefused, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer
from tests.crm.zoho.stage import Lent, stage


def means(status, body, writes=True, records=1, **headers):
    if isinstance(body, dict):
        body = orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = Answer(status, named, body)
    how = {"writes": writes, "records": records, "secrets": ("s3cret-token",)}
    return answers.meaning(given, "zoho.test", "POST /x", "com", **how)


def error(code, message="", **details):
    return {"code": code, "message": message, "details": details, "status": "error"}


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400])
def test_records_are_told_of_one_by_one_whatever_the_status(status):
    said = {"data": [error("INVALID_DATA")]}
    assert means(status, said) == said


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, error("INVALID_TOKEN"), CredentialsRefused),
        (401, {"data": [error("OAUTH_SCOPE_MISMATCH")]}, MissingScopes),
        (403, {"data": [error("NO_PERMISSION")]}, MissingScopes),
        (404, {"data": [error("INVALID_URL_PATTERN")]}, NotSetUp),
        (401, error("OAUTH_SCOPE_MISMATCH"), MissingScopes),
        (403, error("NO_PERMISSION"), MissingScopes),
        (403, b"<html>", NotSetUp),
        (400, error("INVALID_MODULE"), NotSetUp),
        (404, error("INVALID_URL_PATTERN"), NotSetUp),
        (404, b"<html>", NotSetUp),
        (400, error("INVALID_DATA", "body"), WholeRefused),
        (429, error("TOO_MANY_REQUESTS", "too many calls at once"), TooOften),
        (429, error("TOO_MANY_REQUESTS", "the limit of API credits"), QuotaSpent),
        (302, b"", Unavailable),
        (500, error("INTERNAL_ERROR"), Uncertain),
        (504, b"<html>", Uncertain),
        (200, error("INTERNAL_ERROR"), Uncertain),
        (200, b"<!doctype html>", Uncertain),
        (200, b"", Uncertain),
        (200, b"[1]", Uncertain),
    ],
)
def test_what_each_answer_means(status, body, kind):
    with pytest.raises(kind):
        means(status, body)


def test_of_a_batch_that_has_one_error_in_all_nobody_is_told():
    with pytest.raises(WholeRefused, match="DUPLICATE"):
        means(400, {"data": [error("DUPLICATE_DATA")]}, records=2)
    with pytest.raises(WholeRefused, match="INVALID_QUERY"):
        means(400, {"data": [error("INVALID_QUERY")]}, writes=False, records=None)


def test_what_was_only_asked_leaves_nothing_in_doubt():
    assert means(204, b"", writes=False) == {}
    for status, body in ((200, b"<html>"), (200, error("INTERNAL_ERROR"))):
        with pytest.raises(Unreadable):
            means(status, body, writes=False)
    with pytest.raises(Unavailable):
        means(500, b"", writes=False)


def test_a_spent_day_is_known_by_the_header_alone():
    with pytest.raises(QuotaSpent):
        means(429, error("TOO_MANY_REQUESTS"), X_API_CREDITS_REMAINING="0")
    with pytest.raises(TooOften) as told:
        means(429, error("TOO_MANY_REQUESTS"), Retry_After="7")
    assert told.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (error("INVALID_DATA", "invalid data", api_name="Call_Type"), "validation"),
        (error("INVALID_DATA", "the id given seems to be invalid", api_name="id"), "record_deleted"),
        (error("INVALID_DATA", "the id given seems to be invalid", api_name="Owner"), "validation"),
        (error("MANDATORY_NOT_FOUND", "required field not found"), "required_field"),
        (error("NO_PERMISSION"), "not_allowed"),
        (error("RECORD_LOCKED"), "locked"),
        (error("DUPLICATE_DATA", api_name="Phone"), "conflict"),
        (error("SOMETHING_NEW"), "validation"),
    ],
)
def test_why_a_record_is_refused(said, reason):
    assert answers.refused(said, ()).reason == reason


def test_zohos_words_are_one_line_without_secrets():
    said = answers.words(error("INVALID_DATA", "no\n s3cret-token here", api_name="Phone"), ("s3cret-token",))
    assert said == "INVALID_DATA: no *** here (api_name Phone)"
    several = error(
        "MULTIPLE_OR_MULTI_ERRORS", errors=[error("INVALID_DATA", "first"), error("INVALID_DATA", "second")]
    )
    assert answers.words(several, ()) == "INVALID_DATA: first"


def test_credits_are_known_from_the_header_and_asked_anew_after_they_were_spent():
    credits = Credits(10)
    credits.check("zoho.test")
    credits.note({"X-API-CREDITS-REMAINING": "10"})
    with pytest.raises(QuotaSpent, match="10 credits left"):
        credits.check("zoho.test")
    credits.check("zoho.test")
    credits.note({"X-API-CREDITS-REMAINING": "11"})
    credits.check("zoho.test")
    credits.note({})
    assert credits.left() is None


# Tokens ---------------------------------------------------------------------------------------------------------------
def test_every_data_centre_is_known_by_what_its_tokens_say():
    assert {name: named_by(one.api) for name, one in CENTERS.items()} == {name: name for name in CENTERS}
    assert CENTERS["ca"].accounts == "https://accounts.zohocloud.ca"
    assert [named_by(one) for one in (None, "x", "https://example.test", "https://sandbox.zohoapis.eu")] == [
        None
    ] * 3 + ["eu"]


@pytest.mark.parametrize(
    ("given", "faults", "said"),
    [
        ({"data_center": "eu"}, {}, r'one of the data centre com, and data_center says eu. Set data_center = "com"'),
        ({}, {"other_center": {"value": "in"}}, r'data_center = "in"'),
        ({"client_secret": "wrong"}, {}, r"\(invalid_client\).*data_center \(com\)"),
        ({"refresh_token": "wrong"}, {}, r"\(invalid_code\)"),
        ({}, {"unauthorized": {"path": "oauth"}}, r"\(401\)"),
    ],
)
def test_a_token_that_is_refused_is_a_sentence_that_names_the_data_centre(given, faults, said):
    with stage(given) as account:
        account.faults(**faults)
        with pytest.raises(CredentialsRefused, match=said):
            account.client.org()


def test_tokens_that_are_asked_for_too_often_are_waited_for():
    with stage() as account:
        account.faults(grants_too_often={})
        with pytest.raises(Unavailable) as told:
            account.client.org()
        assert told.value.retry_after == oauth.WINDOW


def test_a_token_that_ends_early_is_renewed_once_and_one_without_a_scope_is_not():
    with stage() as account:
        account.client.org()
        account.zoho.tokens.clear()
        account.client.ask("/crm/v8/org")
        assert account.zoho.counted["tokens granted"] == 2
        account.faults(scope_missing={})
        with pytest.raises(MissingScopes):
            account.client.ask("/crm/v8/org")
        assert account.zoho.counted["tokens granted"] == 2
        assert isinstance(account.client._access, Lent)
