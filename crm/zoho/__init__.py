"""Zoho CRM: calls on leads or contacts under a unique field of our own, and fields of these. docs/crms/zoho.md."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.given import TOKEN
from crm.numbers import WAYS
from crm.zoho import api, calls, oauth, records, refusals
from crm.zoho.centers import CENTERS, US
from crm.zoho.check import check
from lib import secrets
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole

LOOK_UP_AFTER = 10.0  # with our field a late search does no harm: what is sent again is refused as a duplicate
UNIQUE = "Wrapup_Outcome_Id"
MODULES = ("leads", "contacts")
TRIGGERS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
_FIELD = validate.Regexp(
    r"[A-Za-z][A-Za-z0-9_]{0,99}\Z", error="Must be the API name of a field, such as Wrapup_Outcome_Id."
)


def _is_field_or_none(name: str) -> None:
    if name:
        _FIELD(name)


class Settings(Schema):
    """What a destination of this kind may say besides."""

    client_id = fields.Str(required=True, validate=TOKEN)
    client_secret = fields.Str(required=True, validate=TOKEN)
    refresh_token = fields.Str(required=True, validate=TOKEN)
    data_center = fields.Str(load_default=US, validate=validate.OneOf(tuple(CENTERS)))
    api_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    accounts_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    app_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    records = fields.List(
        fields.Str(validate=validate.OneOf(MODULES)), load_default=list(MODULES), validate=validate.Length(min=1)
    )
    unique_field = fields.Str(load_default=UNIQUE, validate=_is_field_or_none)
    reference_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    do_not_call_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    do_not_call_value = fields.Str(load_default="true", validate=validate.Length(1, 200))
    results = fields.Dict(keys=fields.Str(), values=fields.Str(), load_default=dict)
    unknown_direction = fields.Str(load_default="Outbound", validate=validate.OneOf(("Outbound", "Inbound")))
    duration_format = fields.Str(load_default="mm:ss", validate=validate.OneOf(("mm:ss", "hh:mm")))
    triggers = fields.List(fields.Str(validate=validate.OneOf(TRIGGERS)), load_default=list)
    number_searches = fields.List(
        fields.Str(validate=validate.OneOf(tuple(WAYS))),
        load_default=lambda: ["e164", "national", "last_digits"],
        validate=validate.Length(min=1),
    )
    look_up_pages = Whole(load_default=10, validate=validate.Range(1, 10))
    requests_per_second = Whole(load_default=10, validate=validate.Range(1, 1_000))
    keep_credits = Whole(load_default=0, validate=validate.Range(0, 10_000_000))
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)

    @validates_schema
    def _names_each_once(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        for name in ("records", "triggers", "number_searches"):
            if len(set(given[name])) < len(given[name]):
                raise ValidationError("Name each once.", name)


def _portal(destination: Destination) -> str:
    return "zoho " + secrets.hashed(destination.settings["refresh_token"])[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    return {api.REQUESTS: Limit(destination.settings["requests_per_second"], 1.0)}


CRM = Crm(
    name="zoho",
    settings=Settings,
    client=api.Client,
    portal=_portal,
    limits=_limits,
    look_up_after=LOOK_UP_AFTER,
    records=records,
    calls=calls,
    check=check,
    refusals=refusals,
    secrets=api.secrets_of,
    refresh=lambda destination: destination.settings["refresh_token"],
    renew=oauth.renew,
    account=api.Client.account,
    place=lambda destination: str(destination.settings["unique_field"]),
)
