"""Tokens of an app: by its secret, or by a request that is signed with its key as OpenSSL would sign it."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from crm.checking import check
from crm.salesforce import oauth, signing
from lib.http.errors import CredentialsRefused, Unavailable
from tests.crm.engine import on_one_database, told
from tests.crm.playing import played
from tests.crm.salesforce.stage import stage
from tests.crm.samples import ASHA

USER = "wrapup@example.test"
PEM, DER = serialization.Encoding.PEM, serialization.PrivateFormat
OPEN = serialization.NoEncryption()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65_537, 2_048)


@pytest.fixture
def path(key, tmp_path):
    found = tmp_path / "key.pem"
    found.write_bytes(key.private_bytes(PEM, DER.PKCS8, OPEN))
    return found


@pytest.mark.parametrize("form", [DER.PKCS8, DER.TraditionalOpenSSL])
def test_a_token_holds_the_claims_and_is_signed_with_the_key(key, path, form):
    path.write_bytes(b"Bag Attributes\n" + key.private_bytes(PEM, form, OPEN))
    said = signing.token(signing.read(str(path)), {"iss": "a", "exp": 7})
    assert said.startswith("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhIiwiZXhwIjo3fQ.")
    head, _, signature = said.rpartition(".")
    theirs = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(theirs, head.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nMIIB!\n-----END PRIVATE KEY-----",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----",
        "schlüssel".encode(),
    ],
)
def test_a_file_that_holds_no_key_is_one_sentence(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="RSA private key in PEM"):
        signing.read(str(path))


def test_keys_that_are_too_short_or_of_another_kind(path):
    from cryptography.hazmat.primitives.asymmetric import ec

    path.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, DER.PKCS8, OPEN))
    with pytest.raises(ValueError, match="RSA"):
        signing.read(str(path))
    path.write_bytes(rsa.generate_private_key(65_537, 1_024).private_bytes(PEM, DER.PKCS8, OPEN))
    with pytest.raises(ValueError, match="1024 bits"):
        signing.read(str(path))


@on_one_database
def test_calls_are_logged_by_an_app_with_a_key(engine, key, path):
    with played("salesforce") as account:
        account.org.app.modulus = key.public_key().public_numbers().n
        sales = account.destination(settings={"private_key_file": str(path), "username": USER, "client_secret": None})
        engine.started(sales)
        account.add(ASHA)
        engine.made(customer_number=ASHA)
        assert told(engine.run(sales)) == [("log_call", "done", None)]
        other = rsa.generate_private_key(65_537, 2_048)
        path.write_bytes(other.private_bytes(PEM, DER.PKCS8, OPEN))
        with pytest.raises(CredentialsRefused, match="invalid_grant: invalid assertion"):
            oauth.renew(sales, "")
        assert account.org.counted["tokens granted"] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"username": "nobody@example.test"}, "user hasn't approved this consumer"),
        ({"audience": "https://test.salesforce.com"}, "audience is invalid"),
        ({"client_id": "another"}, "client identifier invalid"),
    ],
)
def test_what_salesforce_says_of_a_request_that_it_does_not_take(path, given, said):
    with stage({"private_key_file": str(path), "username": USER, **given}) as account:
        with pytest.raises(CredentialsRefused) as error:
            account.client.query("SELECT Id, TimeZoneSidKey FROM Organization")
        assert (said in str(error.value), "this machine's clock" in str(error.value)) == (True, True)


def test_a_key_that_is_gone_is_a_sentence(path):
    with stage({"private_key_file": str(path), "username": USER}) as account:
        path.unlink()
        with pytest.raises(CredentialsRefused, match="private_key_file"):
            account.client.organization()


@on_one_database
def test_several_processes_have_one_token_and_a_session_that_ends_is_begun_anew_once(engine):
    with played("salesforce") as account:
        sales = account.destination()
        engine.started(sales)
        account.add(ASHA)
        engine.made(customer_number=ASHA)
        engine.run(sales)
        engine.made(customer_number=ASHA)
        engine.run(replace(sales, connections=("ryng-main",)))  # as another process, which has the same token
        assert account.org.counted["tokens granted"] == 1
        account.org.tokens.clear()
        engine.made(customer_number=ASHA)
        assert told(engine.run(sales)) == [("log_call", "done", None)] * 3
        assert account.org.counted["tokens granted"] == 2
        assert all(line.fine for line in check(engine.database, sales))


@on_one_database
def test_a_secret_that_is_good_no_more_parks_with_a_sentence(engine):
    with played("salesforce") as account:
        sales = account.destination()
        account.org.app.secret = "another"
        engine.started(sales)
        account.add(ASHA)
        engine.made(customer_number=ASHA)
        assert told(engine.run(sales)) == [("log_call", "parked", "credentials_refused")]
        error = engine.desk(sales).error
        assert ("invalid_client" in error, "client_secret" in error, "demo-secret" in error) == (True, True, False)


def test_a_page_in_the_place_of_a_token_is_asked_for_again():
    with stage() as account:
        for fault in ("html", "server_error", "drop"):
            account.faults(**{fault: {"path": "oauth2"}})
            with pytest.raises(Unavailable):
                account.client.organization()
