"""A signed webhook by the rules of Standard Webhooks 1.0.0. docs/crms/webhook.md."""

from collections.abc import Mapping

from marshmallow import Schema, fields, validate

from crm.base import Budget, Crm, Limit
from crm.destination import Destination
from lib import secrets


class Settings(Schema):
    """What a destination of this kind may say besides."""

    url = fields.Url(required=True, require_tld=False, schemes={"http", "https"})
    secrets = fields.List(fields.Str(), required=True, validate=validate.Length(min=1))
    allow_private_addresses = fields.Bool(load_default=False, truthy={True}, falsy={False})
    requests_per_second = fields.Int(load_default=50, validate=validate.Range(1, 100_000))
    timeout_seconds = fields.Float(load_default=20.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None)


def _portal(destination: Destination) -> str:
    return "webhook " + secrets.hashed(destination.settings["url"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    return {"requests": Limit(destination.settings["requests_per_second"], 1.0)}


def _client(destination: Destination, budget: Budget) -> object:
    raise NotImplementedError


CRM = Crm(
    name="webhook",
    settings=Settings,
    client=_client,
    portal=_portal,
    limits=_limits,
    secrets=lambda destination: tuple(destination.settings["secrets"]),
)
