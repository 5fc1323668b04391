"""The table ``[sign_in]`` of the settings file: whether keys sign in, and a provider that does."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, fields, validate

from lib.http.authorities import is_certificate_file
from lib.openid import Client
from service.settings import guards, tables
from service.settings.mistakes import BadSettings
from web.sign_in_settings import Oidc, Settings

_CLAIM = validate.Length(1, 200)


def _values() -> fields.List:
    return fields.List(fields.Str(validate=_CLAIM), load_default=(), validate=validate.Length(max=100))


class Roles(Schema):
    class Meta:
        unknown = RAISE

    read = _values()
    leads = _values()
    admin = _values()


class OidcSchema(Schema):
    class Meta:
        unknown = RAISE

    issuer = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    client_id = fields.Str(required=True, validate=_CLAIM)
    client_secret = fields.Str(required=True, validate=validate.Length(1, 500))
    scopes = fields.List(fields.Str(validate=_CLAIM), load_default=("openid", "email", "profile"))
    label = fields.Str(load_default="Sign in with your company account", validate=_CLAIM)
    claim = fields.Str(load_default="groups", validate=_CLAIM)
    roles = fields.Nested(Roles, required=True)
    connections_claim = fields.Str(load_default=None, validate=_CLAIM)
    session_minutes = fields.Int(strict=True, load_default=720, validate=validate.Range(5, 720))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)


def sign_in_of(file: dict[str, Any]) -> Settings:
    """Raises BadSettings."""
    table = file.get("sign_in", {})
    if not isinstance(table, dict):
        raise BadSettings("[sign_in] must be a table.")
    if unknown := sorted(set(table) - {"keys", "oidc"}):
        raise BadSettings(f"[sign_in] {unknown[0]}: There is no such setting; there are keys and oidc.")
    keys, given = table.get("keys", True), table.get("oidc")
    if not isinstance(keys, bool):
        raise BadSettings("[sign_in] keys: Must be true or false.")
    if given is None:
        if not keys:
            raise BadSettings("[sign_in] keys: Without keys and without [sign_in.oidc] nobody could sign in.")
        return Settings()
    return Settings(keys, _oidc(given))


def _oidc(table: Any) -> Oidc:
    where = "[sign_in.oidc]"
    given = tables.read(where, OidcSchema(), table)
    issuer = urlsplit(given["issuer"])
    if issuer.query or issuer.fragment or issuer.username is not None:
        raise BadSettings(f"{where} issuer: The provider's address alone, without a name, a password or a query.")
    if issuer.scheme != "https" and not guards.is_here(issuer.hostname or ""):
        raise BadSettings(f"{where} issuer: Must be https://: who reads the code on the way signs in with it.")
    if "openid" not in given["scopes"]:
        raise BadSettings(f"{where} scopes: Must have openid.")
    roles = {scope: tuple(values) for scope, values in given["roles"].items()}
    if not any(roles.values()):
        raise BadSettings(f"{where} roles: Say which values of {given['claim']} may read, or nobody could sign in.")
    names = ("issuer", "client_id", "client_secret", "ca_file")
    client = Client(scopes=tuple(given["scopes"]), **{name: given[name] for name in names})
    lasts = timedelta(minutes=given["session_minutes"])
    return Oidc(client, given["label"], given["claim"], roles, given["connections_claim"], lasts)
