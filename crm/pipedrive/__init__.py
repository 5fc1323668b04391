"""Pipedrive: call logs with our mark in their notes, on persons, leads or deals, and fields of these. docs/crms/pipedrive.md."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.given import TOKEN, check_credentials, is_zone
from crm.numbers import WAYS
from crm.pipedrive import api, calls, oauth, records, refusals
from crm.pipedrive.check import check
from crm.pipedrive.contents import WORDS
from crm.pipedrive.kinds import DEALS, KINDS, LEADS, PERSONS
from lib import secrets
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole

API, OAUTH = "https://api.pipedrive.com", "https://oauth.pipedrive.com"
LOOK_UP_AFTER = 10.0  # nobody says that activities are found late; but a request that was given up may still be at work
AT_ONCE = 50  # deliveries: each takes requests of its own
WINDOW = 2.0  # seconds, over which Pipedrive counts requests
_FIELD = validate.Regexp(r"[a-z0-9_]{2,64}\Z", error="Must be the key of a field, such as one of forty characters.")


class Settings(Schema):
    """What a destination of this kind may say besides."""

    api_token = fields.Str(load_default=None, validate=TOKEN)
    client_id = fields.Str(load_default=None, validate=TOKEN)
    client_secret = fields.Str(load_default=None, validate=TOKEN)
    refresh_token = fields.Str(load_default=None, validate=TOKEN)
    api_url = fields.Url(load_default=API, require_tld=False, schemes={"http", "https"})
    oauth_url = fields.Url(load_default=OAUTH, require_tld=False, schemes={"http", "https"})
    app_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    records = fields.Str(load_default=PERSONS, validate=validate.OneOf(tuple(KINDS)))
    pipeline_id = Whole(load_default=None, allow_none=True, validate=validate.Range(1))
    reference_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    do_not_call_filter = Whole(load_default=None, allow_none=True, validate=validate.Range(1))
    outcomes = fields.Dict(keys=fields.Str(), values=fields.Str(validate=validate.OneOf(WORDS)), load_default=dict)
    number_searches = fields.List(
        fields.Str(validate=validate.OneOf(tuple(WAYS))), load_default=list(WAYS), validate=validate.Length(min=1)
    )
    look_up_pages = Whole(load_default=4, validate=validate.Range(0, 200))
    requests_per_two_seconds = Whole(load_default=18, validate=validate.Range(1, 10_000))
    searches_per_two_seconds = Whole(load_default=9, validate=validate.Range(1, 1_000))
    keep_tokens_percent = Whole(load_default=10, validate=validate.Range(0, 99))
    day_ends_in = fields.Str(load_default="UTC", validate=is_zone)
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)

    @validates_schema
    def _has_credentials(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        check_credentials(given, "api_token")

    @validates_schema
    def _fits_the_records(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        if given["reference_field"] is not None and given["records"] == LEADS:
            raise ValidationError("Leads are found by their own ids only; leave it out.", "reference_field")
        if given["pipeline_id"] is not None and given["records"] != DEALS:
            raise ValidationError(
                'Only deals stand in a pipeline; leave it out, or set records = "deals".', "pipeline_id"
            )


def _portal(destination: Destination) -> str:
    own = destination.settings
    return "pipedrive " + secrets.hashed(own["api_token"] or own["refresh_token"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    own = destination.settings
    return {
        api.REQUESTS: Limit(own["requests_per_two_seconds"], WINDOW),
        api.SEARCHES: Limit(own["searches_per_two_seconds"], WINDOW),
    }


CRM = Crm(
    name="pipedrive",
    settings=Settings,
    client=api.Client,
    portal=_portal,
    limits=_limits,
    batch=AT_ONCE,
    look_up_after=LOOK_UP_AFTER,
    records=records,
    calls=calls,
    check=check,
    refusals=refusals,
    secrets=api.secrets_of,
    refresh=lambda destination: destination.settings["refresh_token"],
    renew=oauth.renew,
    account=api.Client.company,
    place=lambda destination: str(destination.settings["records"]),
)
