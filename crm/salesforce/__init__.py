"""Salesforce: calls as Tasks under an external id, on contacts, leads, accounts or opportunities; fields of these.
docs/crms/salesforce.md."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.destination import Destination
from crm.given import TOKEN, is_zone
from crm.salesforce import api, calls, oauth, records, refusals, signing
from crm.salesforce.check import check
from crm.salesforce.contents import MARK, OURS
from crm.salesforce.ids import CONTACT, LEAD, PEOPLE
from crm.salesforce.searching import WAYS
from lib import secrets
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole

LOOK_UP_AFTER = 10.0  # a question in SOQL is not late; but a request that was given up may still be at work
# Deliveries: statuses are among them, so that of one request's fill no request would be full.
AT_ONCE = 2 * api.MOST
OPTIONAL = (*OURS[1:], MARK, "TaskSubtype", "Priority")  # fields of a Task that an org may do without
LOGIN = "https://login.salesforce.com"
ELSEWHERE = ("login.salesforce.com", "test.salesforce.com")
_FIELD = validate.Regexp(
    r"[A-Za-z][A-Za-z0-9_]{0,79}\Z", error="Must be the API name of a field, such as Wrapup_Outcome_Id__c."
)
_FIELD_OR_NONE = validate.Regexp(r"(?:[A-Za-z][A-Za-z0-9_]{0,79})?\Z", error=_FIELD.error)


def _is_key_file(path: str) -> None:
    try:
        signing.read(path)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _is_my_domain(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # half an IPv6 address; of what is no address the field says so
        return
    if host in ELSEWHERE or host.endswith((".lightning.force.com", ".my.salesforce-setup.com")):
        raise ValidationError("Must be the org's My Domain, such as https://acme.my.salesforce.com.")


class Settings(Schema):
    """What a destination of this kind may say besides."""

    api_url = fields.Url(required=True, require_tld=False, schemes={"http", "https"}, validate=_is_my_domain)
    client_id = fields.Str(required=True, validate=TOKEN)
    client_secret = fields.Str(load_default=None, validate=TOKEN)
    username = fields.Str(load_default=None, validate=validate.Length(1, 200))
    private_key_file = fields.Str(load_default=None, validate=_is_key_file)
    audience = fields.Str(load_default=LOGIN, validate=validate.Length(1, 200))
    api_version = fields.Str(
        load_default="68.0", validate=validate.Regexp(r"[4-9][0-9]\.0\Z", error="Must be such as 68.0; from 46.0 on.")
    )
    app_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    external_id_field = fields.Str(load_default="Wrapup_Outcome_Id__c", validate=_FIELD_OR_NONE)
    records = fields.List(
        fields.Str(validate=validate.OneOf(PEOPLE)), load_default=[CONTACT, LEAD], validate=validate.Length(min=1)
    )
    reference_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    contact_phones = fields.List(
        fields.Str(validate=_FIELD), load_default=["Phone", "MobilePhone", "HomePhone", "OtherPhone"]
    )
    lead_phones = fields.List(fields.Str(validate=_FIELD), load_default=["Phone", "MobilePhone"])
    number_searches = fields.List(
        fields.Str(validate=validate.OneOf(tuple(WAYS))), load_default=list(WAYS), validate=validate.Length(min=1)
    )
    dispositions = fields.Dict(
        keys=fields.Str(), values=fields.Str(validate=validate.Length(1, 255)), load_default=dict
    )
    task_status = fields.Str(load_default="Completed", validate=validate.Length(1, 40))
    task_priority = fields.Str(load_default="Normal", validate=validate.Length(1, 40))
    leave_out = fields.List(fields.Str(validate=validate.OneOf(OPTIONAL)), load_default=list)
    time_zone = fields.Str(load_default=None, allow_none=True, validate=is_zone)
    do_not_call = fields.Bool(load_default=False, truthy={True}, falsy={False})
    requests_per_second = Whole(load_default=10, validate=validate.Range(1, 1_000))
    keep_requests_percent = Whole(load_default=10, validate=validate.Range(0, 99))
    timeout_seconds = fields.Float(load_default=60.0, validate=validate.Range(1, 600))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)

    @validates_schema
    def _has_credentials(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        if given["client_secret"] is not None and given["private_key_file"] is not None:
            raise ValidationError("Either a secret or a key: leave one of them out.", "private_key_file")
        if given["client_secret"] is None and given["private_key_file"] is None:
            raise ValidationError("Needed; or, of an app with a certificate, private_key_file.", "client_secret")
        if (given["private_key_file"] is None) != (given["username"] is None):
            raise ValidationError("Needed with private_key_file, and with nothing else.", "username")

    @validates_schema
    def _keeps_its_mark(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        if not given["external_id_field"] and MARK in given["leave_out"]:
            raise ValidationError("Without external_id_field our mark stands in CallObject.", "leave_out")


def _portal(destination: Destination) -> str:
    own = destination.settings
    return "salesforce " + secrets.hashed(str(own["api_url"]).rstrip("/").casefold())[:16]


def _limits(destination: Destination) -> Mapping[str, Limit]:
    return {api.REQUESTS: Limit(destination.settings["requests_per_second"], 1.0)}


CRM = Crm(
    name="salesforce",
    settings=Settings,
    client=api.Client,
    portal=_portal,
    limits=_limits,
    batch=AT_ONCE,
    look_up_after=LOOK_UP_AFTER,
    records=records,
    calls=calls,
    refusals=refusals,
    check=check,
    secrets=api.secrets_of,
    refresh=oauth.given,
    renew=oauth.renew,
    account=lambda client: client.organization().id,
    place=lambda destination: str(destination.settings["external_id_field"] or MARK),
)
