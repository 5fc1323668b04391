"""What a provider tells, and may tell wrongly: its configuration, its keys, and the ID tokens that are signed with them."""

import pytest
from joserfc.jwk import ECKey

from lib import clock
from tests.web.pages.conftest import Browser
from tests.web.pages.provider.conftest import people, sent_back, sessions, signed_in
from tests.web.provider import CLIENT

WRONG = {
    "alg none": {"signing": "none"},
    "signed with our secret": {"signing": "HS256"},
    "signed by a stranger": {"signing": "stranger"},
    "another audience": {"claims": {"aud": "other"}},
    "several audiences, without azp": {"claims": {"aud": [CLIENT, "other"]}},
    "given to somebody else": {"claims": {"azp": "other"}},
    "over": {"claims": {"exp": 1_000_000_000}},
    "without an end": {"claims": {"exp": None}},
    "an end that is no number": {"claims": {"exp": "tomorrow"}},
    "not valid yet": {"claims": {"nbf": 4_000_000_000}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "nobody": {"claims": {"sub": ""}},
}


@pytest.mark.parametrize("faults", WRONG.values(), ids=WRONG)
def test_an_id_token_that_is_not_right_is_refused(browser, provider, database, faults):
    provider.faults = faults
    refused = signed_in(browser)
    assert refused.status_code == 401 and "ID token is not" in refused.text, refused.text
    assert people(database) == [] and sessions(database) == 0


def test_a_token_that_was_over_a_moment_ago_is_refused_with_a_sentence(browser, provider, database):
    """A provider that gives tokens of five minutes, and a clock that is so far ahead, have it so."""
    provider.faults = {"claims": {"exp": int(clock.now().timestamp()) - 5}}
    refused = signed_in(browser)
    assert refused.status_code == 401 and "clock is ahead" in refused.text
    assert sessions(database) == 0
    provider.faults = {"claims": {"iat": int(clock.now().timestamp()) + 30}}
    assert signed_in(browser).status_code == 303


def test_mixed_up_issuers_are_refused(app, browser, provider, database):
    provider.faults = {"back": {"iss": "https://elsewhere.example"}}
    assert signed_in(browser).status_code == 401
    assert "/token" not in provider.asked  # the code went nowhere
    provider.faults = {"back": {"iss": provider.issuer}}
    assert signed_in(browser).status_code == 303


@pytest.mark.parametrize(
    "faults",
    [
        {"other_issuer": "https://elsewhere.example"},
        {"configuration": {"token_endpoint": "ftp://elsewhere.example/token"}},
        {"configuration": {"jwks_uri": None}},
    ],
)
def test_a_configuration_that_is_not_right_is_refused(browser, provider, faults):
    provider.faults = faults
    refused = browser.get("/login/provider")
    assert refused.status_code == 401 and "configuration" in refused.text


@pytest.mark.parametrize("takes", [["client_secret_basic"], ()])  # the second does not say, which means the first
def test_a_provider_that_takes_our_secret_in_a_header_alone_has_it_there(browser, provider, takes):
    provider.takes = takes
    assert signed_in(browser).status_code == 303


def test_a_code_counts_once_and_for_its_browser_alone(app, browser, provider):
    code = sent_back(browser).partition("code=")[2].partition("&")[0]
    other = Browser(app.test_client())
    mine = sent_back(other)
    stolen = mine.replace(mine.partition("code=")[2].partition("&")[0], code)
    assert other.get(stolen).status_code == 401  # PKCE: the verifier is another browser's


@pytest.mark.parametrize("name", ["second", "first"])  # a provider may give the new key the name of the old one
def test_a_new_key_of_the_providers_is_looked_for(app, browser, provider, monkeypatch, name):
    signed_in(browser)
    provider.key = type(provider.key).generate_key(2048, {"kid": name})
    assert signed_in(Browser(app.test_client())).status_code == 401  # it was looked for a moment ago
    monkeypatch.setattr("lib.openid.AGAIN", 0.0)
    assert signed_in(Browser(app.test_client())).status_code == 303


def test_keys_that_nobody_can_read_keep_nobody_out(browser, provider):
    """Of a curve that is not known here, and broken ones: the token is signed with another."""
    point = {"kty": "EC", "x": "AA", "y": "AA"}
    provider.faults["keys"] = [
        *({**point, "crv": curve, "kid": curve} for curve in ("BP-256", "P-256")),
        *({"kty": "RSA", "n": broken, "e": "AQAB", "kid": "broken"} for broken in ("!!", 5)),
    ]
    assert signed_in(browser).status_code == 303


@pytest.mark.parametrize("token_names", [True, False])
@pytest.mark.parametrize("keys_have_names", [True, False])
def test_a_token_is_held_against_each_key_where_names_do_not_tell(browser, provider, token_names, keys_have_names):
    """OpenID Connect Core 10.1 has a provider of several keys name one, and not all do. A stranger's stays one."""
    others = [ECKey.generate_key("P-256", {"kid": "curved"}), type(provider.key).generate_key(2048, {"kid": "older"})]
    if not keys_have_names:
        provider.key, *others = (type(key).import_key(without_name(key)) for key in (provider.key, *others))
    provider.faults |= {"keys": [key.as_dict(private=False) for key in others], "unnamed": not token_names}
    assert signed_in(browser).status_code == 303
    provider.faults["signing"] = "stranger"
    assert signed_in(browser).status_code == 401


def test_several_keys_may_have_one_name(browser, provider):
    """RFC 7517, 4.5: of different kinds, say. Each is held against the token, and a stranger's stays one."""
    curved, older = (
        ECKey.generate_key("P-256", {"kid": "first"}),
        type(provider.key).generate_key(2048, {"kid": "first"}),
    )
    provider.faults["keys"] = [key.as_dict(private=False) for key in (curved, older)]
    assert signed_in(browser).status_code == 303
    provider.faults["signing"] = "stranger"
    assert signed_in(Browser(browser.client.application.test_client())).status_code == 401


def without_name(key) -> dict:
    return {name: value for name, value in key.as_dict(private=True).items() if name != "kid"}
