"""HubSpot: calls by batch upsert on a property of our own, contacts, their lead status. docs/crms/hubspot.md."""

from collections.abc import Mapping

from marshmallow import Schema, fields, validate

from crm.base import Budget, Crm, Limit
from crm.destination import Destination
from lib import secrets

API = "https://api.hubapi.com"


class Settings(Schema):
    """What a destination of this kind may say besides."""

    access_token = fields.Str(required=True, validate=validate.Length(min=1))
    api_url = fields.Url(load_default=API, require_tld=False, schemes={"http", "https"})
    app_url = fields.Url(load_default="https://app.hubspot.com", require_tld=False, schemes={"http", "https"})
    requests_per_ten_seconds = fields.Int(load_default=90, validate=validate.Range(1, 10_000))
    searches_per_second = fields.Int(load_default=4, validate=validate.Range(1, 1_000))
    search_delay_seconds = fields.Float(load_default=10.0, validate=validate.Range(0, 3_600))
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None)


def _portal(destination: Destination) -> str:
    return "hubspot " + secrets.hashed(destination.settings["access_token"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    own = destination.settings
    return {
        "requests": Limit(own["requests_per_ten_seconds"], 10.0),
        "searches": Limit(own["searches_per_second"], 1.0),
    }


def _client(destination: Destination, budget: Budget) -> object:
    raise NotImplementedError


CRM = Crm(
    name="hubspot",
    settings=Settings,
    client=_client,
    portal=_portal,
    limits=_limits,
    secrets=lambda destination: (destination.settings["access_token"],),
)
