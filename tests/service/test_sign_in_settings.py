"""The table ``[sign_in]``: what is taken, and what stops the start with a sentence."""

import pytest

from service.settings.mistakes import BadSettings
from service.settings.sign_in import sign_in_of

GOOD = {"issuer": "https://login.example.com/realms/acme", "client_id": "wrapup", "client_secret": "s"}
GOOD |= {"roles": {"read": ["analysts"], "admin": ["chiefs"]}}


def test_what_is_taken():
    assert sign_in_of({}).keys and sign_in_of({}).oidc is None
    found = sign_in_of({"sign_in": {"keys": False, "oidc": GOOD}})
    assert not found.keys and found.oidc is not None
    assert found.oidc.scopes_of({"groups": ["chiefs", "cooks"]}) == ["admin"]
    assert found.oidc.scopes_of({"groups": "analysts"}) == ["read"]
    assert found.oidc.scopes_of({"groups": {"analysts": True}}) == found.oidc.scopes_of({}) == []


def test_connections_by_claim():
    by_claim = sign_in_of({"sign_in": {"oidc": GOOD | {"connections_claim": "sees"}}}).oidc
    known = ["a", "b"]
    assert by_claim.connections_of({"sees": ["b", "c"]}, known) == ["b"]
    assert by_claim.connections_of({}, known) == by_claim.connections_of({"sees": ["c"]}, known) == []
    assert by_claim.connections_of({"sees": ["*"]}, known) is None
    assert sign_in_of({"sign_in": {"oidc": GOOD}}).oidc.connections_of({}, known) is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"keys": False}, "nobody could sign in"),
        ({"keys": "no"}, "true or false"),
        ({"saml": {}}, "no such setting"),
        ({"oidc": {}}, "issuer"),
        ({"oidc": GOOD | {"issuer": "http://login.example.com"}}, "https://"),
        ({"oidc": GOOD | {"issuer": "https://login.example.com/?x=1"}}, "address alone"),
        ({"oidc": GOOD | {"scopes": ["email"]}}, "openid"),
        ({"oidc": GOOD | {"roles": {}}}, "nobody could sign in"),
        ({"oidc": GOOD | {"roles": {"chief": ["x"]}}}, "chief"),
        ({"oidc": GOOD | {"client_secret": "change-me"}}, "the real one"),
        ({"oidc": GOOD | {"ca_file": "/nowhere/ca.pem"}}, "ca_file"),
        ({"oidc": GOOD | {"colour": "blue"}}, "colour"),
    ],
)
def test_what_is_refused(table, said):
    with pytest.raises(BadSettings, match=said) as refused:
        sign_in_of({"sign_in": table})
    assert "\n" not in str(refused.value)
