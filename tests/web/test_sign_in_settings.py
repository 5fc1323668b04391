"""Which roles and connections a provider's claims name, in the forms that providers have for them."""

import pytest

from lib.openid import Client
from web.sign_in_settings import Oidc

ROLES = {"read": ("analysts",), "admin": ("chiefs",)}
ZITADEL = "urn:zitadel:iam:org:project:roles"
CLIENT = Client(issuer="https://id.example", client_id="wrapup", client_secret="told", scopes=("openid",), ca_file=None)


def _oidc(claim, connections_claim=None):
    return Oidc(CLIENT, "Company account", claim, ROLES, connections_claim)


@pytest.mark.parametrize(
    ("claim", "claims", "scopes"),
    [
        ("groups", {"groups": "analysts"}, ["read"]),
        ("groups", {"groups": ["cooks", "analysts", 7, None]}, ["read"]),
        ("groups", {}, []),
        ("groups", {"groups": 7}, []),
        ("groups", {"groups": True}, []),
        # Zitadel's: the names of an object, with the organizations that gave them
        (ZITADEL, {ZITADEL: {"chiefs": {"1713": "acme.example"}, "cooks": {"1713": "acme.example"}}}, ["admin"]),
        (ZITADEL, {ZITADEL: {"analysts": {}, "chiefs": False}}, []),
        (ZITADEL, {ZITADEL: {"analysts": True, "chiefs": "no"}}, []),
        # Keycloak's, within others; a client's id may have points
        ("realm_access.roles", {"realm_access": {"roles": ["analysts"]}}, ["read"]),
        ("resource_access.wrap.up.roles", {"resource_access": {"wrap.up": {"roles": ["chiefs"]}}}, ["admin"]),
        ("realm_access.roles", {"realm_access": ["roles", "analysts"]}, []),
        ("realm_access.roles", {"realm_access": {}, "roles": ["chiefs"]}, []),
        # A name with points is that name first
        ("realm.roles", {"realm.roles": ["analysts"], "realm": {"roles": ["chiefs"]}}, ["read"]),
        ("https://acme.example/roles", {"https://acme.example/roles": ["analysts"]}, ["read"]),
    ],
)
def test_roles_are_found_as_providers_write_them(claim, claims, scopes):
    assert _oidc(claim).scopes_of(claims) == scopes


def test_connections_are_found_likewise_and_none_is_none():
    oidc = _oidc("groups", "access.dialers")

    assert oidc.connections_of(
        {"access": {"dialers": {"ryng-main": {"1": "x"}, "other": {"1": "x"}}}}, ["ryng-main"]
    ) == ["ryng-main"]
    assert oidc.connections_of({"access": {"dialers": "*"}}, ["ryng-main"]) is None
    assert oidc.connections_of({"access": "dialers"}, ["ryng-main"]) == []
