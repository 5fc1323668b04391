"""HubSpot: calls by batch upsert on a property of our own, contacts, their lead status. docs/crms/hubspot.md."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.given import TOKEN, check_credentials
from crm.hubspot import api, calls, contacts, erasing, oauth, refusals
from crm.hubspot.batches import MOST
from crm.hubspot.check import check
from lib import secrets
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole

API = "https://api.hubapi.com"
LOOK_UP_AFTER = 5.0  # our property is in no index that is late; but a request that was given up may still be at work
# Deliveries: statuses are among them, so that of one request's fill no request would be full. On SQLite nobody else writes while
# they are taken and settled, and that is to be soon over.
AT_ONCE = 2 * MOST
_PROPERTY = validate.Regexp(
    r"[a-z][a-z0-9_]{0,99}\Z", error="Must be the internal name of a property, such as wrapup_outcome_id."
)


class Settings(Schema):
    """What a destination of this kind may say besides."""

    access_token = fields.Str(load_default=None, validate=TOKEN)
    client_id = fields.Str(load_default=None, validate=TOKEN)
    client_secret = fields.Str(load_default=None, validate=TOKEN)
    refresh_token = fields.Str(load_default=None, validate=TOKEN)
    api_url = fields.Url(load_default=API, require_tld=False, schemes={"http", "https"})
    app_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    requests_per_ten_seconds = Whole(load_default=90, validate=validate.Range(1, 10_000))
    searches_per_second = Whole(load_default=4, validate=validate.Range(1, 1_000))
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)
    unique_property = fields.Str(load_default="wrapup_outcome_id", validate=_PROPERTY)
    reference_property = fields.Str(load_default=None, allow_none=True, validate=_PROPERTY)
    do_not_call_property = fields.Str(load_default=None, allow_none=True, validate=_PROPERTY)
    do_not_call_value = fields.Str(load_default="true", validate=validate.Length(1, 200))
    suppress_deleted = fields.Bool(load_default=False, truthy={True}, falsy={False})
    dispositions = fields.Dict(keys=fields.Str(), values=fields.Str(), load_default=dict)

    @validates_schema
    def _has_credentials(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        check_credentials(given, "access_token")


def _portal(destination: Destination) -> str:
    own = destination.settings
    return "hubspot " + secrets.hashed(own["access_token"] or own["refresh_token"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    own = destination.settings
    return {
        "requests": Limit(own["requests_per_ten_seconds"], 10.0),
        "searches": Limit(own["searches_per_second"], 1.0),
    }


CRM = Crm(
    name="hubspot",
    settings=Settings,
    client=api.Client,
    portal=_portal,
    limits=_limits,
    batch=AT_ONCE,
    look_up_after=LOOK_UP_AFTER,
    records=contacts,
    calls=calls,
    refusals=refusals,
    check=check,
    secrets=api.secrets_of,
    refresh=lambda destination: destination.settings["refresh_token"],
    renew=oauth.renew,
    erase=erasing.erase,
    account=api.Client.portal,
    place=lambda destination: str(destination.settings["unique_property"]),
)
