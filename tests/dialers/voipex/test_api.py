"""VoIPEX's client over real HTTP: grants, renewals, refusals, and what the operator is told."""

import threading
import time
from dataclasses import replace

import pytest
from marshmallow import ValidationError

from dialers.base import Connection
from dialers.voipex import Settings
from dialers.voipex.api import Client
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, TooOften, Unavailable, Uncertain
from tests.dialers.voipex.stage import FAST, stage


@pytest.fixture
def played():
    with stage() as found:
        yield found


def error_of(task) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        task()
    return caught.value


# Grants ---------------------------------------------------------------------------------------------------------------
def test_one_password_grant_serves_everything(played):
    for _ in range(3):
        assert b"TUxw53xCBf" in played.client.ask("/ivr")
    assert played.voipex.grants == {"password": 1}


def test_a_token_is_renewed_a_little_before_its_end():
    with stage(token_seconds=1) as played:
        played.client.ask("/ivr")
        time.sleep(0.92)  # a tenth of its life is left: no request has to fail
        played.client.ask("/ivr")
        assert played.voipex.grants == {"password": 1, "refresh_token": 1}
        assert played.asked("/ivr") == [200, 200]


def test_the_password_is_used_again_when_the_refresh_token_has_expired_too():
    with stage(token_seconds=0.2, refresh_seconds=0.4) as played:
        played.client.ask("/ivr")
        time.sleep(0.45)
        played.client.ask("/ivr")
        assert played.voipex.grants == {"password": 2}


def test_a_refresh_token_that_is_refused_before_its_end_is_answered_with_the_password():
    with stage(token_seconds=0.2) as played:
        played.client.ask("/ivr")
        time.sleep(0.2)
        played.faults({"refresh_refused": True})
        played.client.ask("/ivr")
        assert (played.voipex.grants, played.asked("/token")) == ({"password": 2}, [200, 400, 200])


def test_a_token_that_is_revoked_is_renewed_once(played):
    played.client.ask("/ivr")
    played.faults({"expired": {"times": 1, "path": "ivr"}})
    played.client.ask("/ivr")
    assert played.asked("/ivr") == [200, 401, 200]
    assert played.voipex.grants == {"password": 1, "refresh_token": 1}


def test_a_session_that_is_over_is_begun_again(played):
    played.client.ask("/ivr")
    played.faults({"session_over": {"times": 1, "path": "ivr"}})
    played.client.ask("/ivr")
    assert played.voipex.grants == {"password": 2, "refresh_token": 1}


def test_many_threads_share_one_renewal(played):
    played.client.ask("/ivr")
    played.voipex.forget_tokens()
    together, errors = threading.Barrier(12), []

    def ask():
        together.wait()
        try:
            played.client.ask("/ivr")
        except ExchangeError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert errors == []
    assert played.voipex.grants == {"password": 1, "refresh_token": 1}


def test_a_401_with_a_new_token_means_that_we_are_refused(played):
    played.faults({"unauthorized": {"path": "ivr"}})
    error = error_of(lambda: played.client.ask("/ivr"))
    assert isinstance(error, CredentialsRefused) and "what the user may do" in str(error)
    assert played.asked("/ivr") == [401, 401]


@pytest.mark.parametrize("fault", ["grant_refused", "bad_request", "forbidden"])
def test_refused_credentials_are_remembered(played, fault):
    played.faults({fault: {"path": "token"}})
    first, second = (error_of(lambda: played.client.ask("/ivr")) for _ in range(2))
    assert isinstance(first, CredentialsRefused) and second is first
    assert "username, password and client_id" in str(first)
    assert len(played.asked("/token")) == 1


def test_refused_credentials_are_tried_again_in_an_hour():
    with stage(replace(FAST, refused=0.05)) as played:
        played.faults({"grant_refused": {"times": 1, "path": "token"}})
        assert isinstance(error_of(lambda: played.client.ask("/ivr")), CredentialsRefused)
        time.sleep(0.06)
        assert played.client.ask("/ivr")


def test_wrong_credentials_are_asked_for_once_by_many_threads(played):
    played.voipex.credentials["password"] = "changed"
    together, errors = threading.Barrier(8), []

    def ask():
        together.wait()
        errors.append(error_of(lambda: played.client.ask("/ivr")))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {type(error) for error in errors} == {CredentialsRefused}
    assert played.voipex.grants == {"password": 1}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("grant_without_token", Unavailable),
        ("html", Unavailable),
        ("empty", Unavailable),
        ("not_found", Unavailable),
        ("server_error", Unavailable),
        ("too_many", Unavailable),
        ("drop", Unavailable),
        ("drop_after", Unavailable),  # a token more or less does no harm
        ("redirect", Unavailable),
    ],
)
def test_a_token_address_that_fails_leaves_nothing_in_doubt(played, fault, kind):
    played.faults({fault: {"times": 1, "path": "token"}})
    error = error_of(lambda: played.client.tell("POST", "/dialer/call-lists", {}))
    assert isinstance(error, kind) and not isinstance(error, Uncertain)
    assert played.asked("/dialer") == []
    assert played.client.ask("/ivr")


# Answers --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "asked", "told"),
    [
        ("bad_request", AskedWrongly, Declined),
        ("not_found", AskedWrongly, Declined),
        ("forbidden", CredentialsRefused, CredentialsRefused),
        ("too_many", TooOften, TooOften),
        ("unavailable", Unavailable, Unavailable),
        ("server_error", Unavailable, Uncertain),
        ("bad_gateway", Unavailable, Uncertain),
        ("redirect", Unavailable, Uncertain),
        ("drop", Unavailable, Uncertain),
        ("hang", Unavailable, Uncertain),
    ],
)
def test_what_an_answer_proves_depends_on_whether_something_was_given(played, fault, asked, told):
    played.faults({fault: {"path": "ivr", "value": 2 if fault == "hang" else None}})
    error = error_of(lambda: played.client.ask("/ivr"))
    assert type(error) is asked and str(error).endswith(".")
    error = error_of(lambda: played.client.tell("POST", "/ivr", {}))
    assert type(error) is told and str(error).endswith(".")
    for secret in ("Bearer", "Bad gateway", "demo"):
        assert secret not in str(error)


def test_a_refusal_is_told_in_voipex_own_words(played):
    error = error_of(lambda: played.client.tell("POST", "/dialer/call-lists", {"name": ""}))
    assert isinstance(error, Declined)
    assert str(error).endswith("refused POST /dialer/call-lists: name is required.")


def test_retry_after_is_kept(played):
    played.faults({"too_many": {"path": "ivr", "value": 7}})
    assert error_of(lambda: played.client.ask("/ivr")).retry_after == 7


def test_an_account_that_is_not_there():
    with stage() as played:
        settings = {**played.connection.settings, "auth_url": "http://127.0.0.1:9/token"}
    error = error_of(lambda: Client(Connection("v", "voipex", settings), FAST).ask("/ivr"))
    assert isinstance(error, Unavailable) and "the connection was refused" in str(error)


# Settings -------------------------------------------------------------------------------------------------------------
GOOD = {"username": "u", "password": "p"}


def test_settings_have_defaults():
    loaded = Settings().load(GOOD)
    assert loaded["api_url"] == "https://ipbxapi.voipex.io"
    assert loaded["auth_url"] == "https://auth.voipex.io/token"
    assert (loaded["client_id"], loaded["number_form"], loaded["poll_calls"]) == ("api", "national", False)
    assert (loaded["timeout_seconds"], loaded["requests_per_minute"]) == (30, 120)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_url", "ftp://ipbxapi.voipex.io"),
        ("username", None),
        ("number_form", "czech"),
        ("webhook_fields", {"from": "a"}),  # a documented key is written as documented
        ("webhook_fields", {"From": ""}),
        ("webhook_fields", {"From": "To"}),  # To stands for itself already
        ("poll_calls", "perhaps"),
        ("requests_per_minute", 0),
        ("basic_user", "u"),  # what the webhook presents is not looked at
    ],
)
def test_bad_settings_are_refused(name, value):
    with pytest.raises(ValidationError) as caught:
        Settings().load(GOOD | {name: value})
    assert list(caught.value.messages) == [name]


def test_renamed_keys_may_change_places():
    assert Settings().load(GOOD | {"webhook_fields": {"From": "To", "To": "From"}})
