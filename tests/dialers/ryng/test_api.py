"""What Ryng's answers mean to whoever gave it something."""

import pytest

from dialers.ryng import Settings
from dialers.ryng.api import understood
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"error":true,"message":"no"}', Declined),
        (500, b'{"error":true,"message":"Failed to create Campaign"}', Declined),
        (500, b'{"error":true}', Declined),
        (500, b'{"message":"internal error"}', Uncertain),
        (502, b'{"error":true,"message":"bad gateway"}', Uncertain),
        (500, b"<html>", Uncertain),
        (200, b"", Uncertain),
        (200, b"[]", Uncertain),
        (200, b'{"error":"false"}', Uncertain),
        (302, b"", Uncertain),
        (401, b"", CredentialsRefused),
        (403, b'{"error":true,"message":"Unauthorized Token"}', CredentialsRefused),
        (404, b"nothing here", AskedWrongly),
        (429, b'{"error":true,"message":"Too many requests"}', TooOften),
        (503, b'{"error":true,"message":"starting"}', Unavailable),
    ],
)
def test_what_answers_mean(status, body, error):
    with pytest.raises(error) as told:
        understood(Answer(status, {}, body), "acme.ryng.in", "POST /campaign")
    assert type(told.value) is error


def test_a_success_is_its_envelope():
    said = understood(Answer(200, {}, b'{"error":false,"message":"Processing Campaign...","data":{}}'), "h", "w")
    assert said["message"] == "Processing Campaign..."


@pytest.mark.parametrize("token", ["two words", "schlüssel", ""])
def test_a_token_that_no_header_can_hold_is_refused_at_the_start(token):
    assert list(Settings().validate({"access_token": token})) == ["access_token"]
