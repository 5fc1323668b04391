"""Signatures, against what the library ``standardwebhooks`` 1.1.0 signs and verifies."""

import base64

import pytest

from lib.http import signing
from tests.crm.webhook.receiver import NEXT_SECRET, SECRET

# Of the specification's own example, and of a body in UTF-8.
VECTORS = [
    (
        SECRET,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (NEXT_SECRET, "0193-7a", 1764324000, '{"notes":"Grüße"}'.encode(), "1dLcPiwiIvAprbix1HoanI08AaFi2nP8Bav5NS+khvo="),
]


@pytest.mark.parametrize(("secret", "event_id", "at", "body", "signature"), VECTORS)
def test_a_signature_is_that_of_the_library(secret, event_id, at, body, signature):
    assert signing.headers(event_id, at, body, [signing.key(secret)]) == {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }


def test_while_secrets_rotate_each_of_them_signs_and_the_first_one_first():
    both = signing.headers("a", 1, b"{}", [signing.key(SECRET), signing.key(NEXT_SECRET)])["webhook-signature"]
    each = [signing.headers("a", 1, b"{}", [signing.key(one)])["webhook-signature"] for one in (SECRET, NEXT_SECRET)]
    assert both == " ".join(each) and each[0] != each[1]


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsec_not base64 at all!", "is base64"),
        ("whsec_ümlaut", "is base64"),
        ("whsec_" + "MTIz" * 7, "21 bytes"),
        ("whsec_" + "MTIz" * 22, "66 bytes"),
        ("whsec_", "0 bytes"),
    ],
)
def test_a_wrong_secret_is_a_sentence_that_does_not_repeat_it(secret, words):
    with pytest.raises(ValueError, match=words) as caught:
        signing.key(secret)
    rest = secret.removeprefix("whsec_")
    assert not rest or rest not in str(caught.value)


@pytest.mark.parametrize("count", [24, 64])
def test_secrets_of_24_to_64_bytes_are_taken(count):
    assert signing.key("whsec_" + base64.b64encode(b"k" * count).decode()) == b"k" * count
