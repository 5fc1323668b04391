"""A signed webhook by the rules of Standard Webhooks 1.0.0. docs/crms/webhook.md."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.given import is_signing_secret
from crm.webhook.checking import check
from crm.webhook.posting import POSTS, Client
from lib import secrets
from lib.http import guarded, signing
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole


class Settings(Schema):
    """What a destination of this kind may say besides. ``largest_event_kib``: a larger event is refused before it is sent, with a
    sentence; the specification advises 20."""

    url = fields.Str(required=True)
    secrets = fields.List(fields.Str(validate=is_signing_secret), required=True, validate=validate.Length(min=1))
    allow_private_addresses = fields.Bool(load_default=False, truthy={True}, falsy={False})
    at_once = Whole(load_default=4, validate=validate.Range(1, 32))
    requests_per_second = Whole(load_default=50, validate=validate.Range(1, 100_000))
    timeout_seconds = fields.Float(load_default=20.0, validate=validate.Range(1, 300))
    largest_event_kib = Whole(load_default=256, validate=validate.Range(20, 16_384))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)

    @validates_schema
    def _leads_somewhere(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        mistake = guarded.mistake(given["url"], private=given["allow_private_addresses"])
        if mistake:
            raise ValidationError(mistake, "url")


def _portal(destination: Destination) -> str:
    return "webhook " + secrets.hashed(destination.settings["url"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    return {"requests": Limit(destination.settings["requests_per_second"], 1.0)}


CRM = Crm(
    name="webhook",
    settings=Settings,
    client=Client,
    portal=_portal,
    limits=_limits,
    events=POSTS,
    check=check,
    secrets=lambda destination: signing.parts(destination.settings["secrets"]),
)
