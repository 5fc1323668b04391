"""Bitrix24: calls of the telephony, or comments, on leads, deals, contacts or companies, and fields of these, such as stages.
docs/crms/bitrix24.md."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crm.base import Crm, Limit
from crm.bitrix24 import api, calls, oauth, records, refusals
from crm.bitrix24.check import check
from crm.bitrix24.contents import CODES
from crm.bitrix24.kinds import DEALS, KINDS, LEADS
from crm.destination import Destination
from crm.given import TOKEN, check_credentials
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole

OAUTH = "https://oauth.bitrix24.tech"
LOOK_UP_AFTER = 30.0  # a request may take a minute, and the timeout gives it up after half of that
AT_ONCE = 50  # deliveries
_FIELD = validate.Regexp(
    r"[A-Za-z][A-Za-z0-9_]{1,63}\Z", error="Must be the name of a field, such as ufCrm_1720019876534."
)
_WEBHOOK = validate.Regexp(
    r"https?://[^/?#@]+/rest/[0-9]+/[0-9A-Za-z]+/?\Z",
    error="Must be the address of an inbound webhook: https://acme.bitrix24.com/rest/1/secret/.",
)
_LINE = validate.Regexp(r"[0-9A-Za-z+._-]{1,50}\Z", error="Must be the number of a line: letters, digits and dashes.")


class Settings(Schema):
    """What a destination of this kind may say besides."""

    webhook_url = fields.Str(load_default=None, validate=_WEBHOOK)
    client_id = fields.Str(load_default=None, validate=TOKEN)
    client_secret = fields.Str(load_default=None, validate=TOKEN)
    refresh_token = fields.Str(load_default=None, validate=TOKEN)
    portal_url = fields.Url(load_default=None, allow_none=True, require_tld=False, schemes={"http", "https"})
    oauth_url = fields.Url(load_default=OAUTH, require_tld=False, schemes={"http", "https"})
    calls = fields.Str(load_default=None, allow_none=True, validate=validate.OneOf((calls.TELEPHONY, calls.COMMENT)))
    records = fields.Str(load_default=LEADS, validate=validate.OneOf(tuple(KINDS)))
    category_id = Whole(load_default=None, allow_none=True, validate=validate.Range(0))
    reference_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    do_not_call_field = fields.Str(load_default=None, allow_none=True, validate=_FIELD)
    do_not_call_value = fields.Str(load_default="Y", validate=validate.Length(1, 200))
    line_number = fields.Str(load_default="wrapup", validate=_LINE)
    user_id = Whole(load_default=None, allow_none=True, validate=validate.Range(1))
    status_codes = fields.Dict(keys=fields.Str(), values=fields.Str(validate=validate.OneOf(CODES)), load_default=dict)
    look_up_pages = Whole(load_default=4, validate=validate.Range(1, 200))
    calls_per_batch = Whole(load_default=5, validate=validate.Range(1, 16))
    requests_per_second = Whole(load_default=2, validate=validate.Range(1, 10_000))
    timeout_seconds = fields.Float(load_default=30.0, validate=validate.Range(1, 300))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)

    @validates_schema
    def _has_credentials(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        check_credentials(given, "webhook_url")
        if given["webhook_url"] is None and given["portal_url"] is None:
            raise ValidationError(
                "Needed of an app: the address of the account, https://acme.bitrix24.com.", "portal_url"
            )
        if given["webhook_url"] is not None and given["portal_url"] is not None:
            if urlsplit(given["webhook_url"]).netloc != urlsplit(given["portal_url"]).netloc:
                raise ValidationError("It is another one than the webhook's: leave it out.", "portal_url")
        if given["webhook_url"] is not None and given["calls"] == calls.TELEPHONY:
            raise ValidationError(
                'Bitrix24 takes calls of its telephony from an app alone, and not by a webhook: connect one, or set "comment".',
                "calls",
            )

    @validates_schema
    def _fits_the_records(self, given: Mapping[str, Any], **kwargs: Any) -> None:
        if given["category_id"] is not None and given["records"] != DEALS:
            raise ValidationError(
                'Only deals stand in a pipeline; leave it out, or set records = "deals".', "category_id"
            )
        if given["do_not_call_field"] is not None and given["records"] == DEALS:
            raise ValidationError("Deals have no numbers; leave it out, or name other records.", "do_not_call_field")


def _limits(destination: Destination) -> Mapping[str, Limit]:
    return {api.REQUESTS: Limit(destination.settings["requests_per_second"], 1.0)}


def _account(client: api.Client) -> str:
    """The portal's own address, by which Bitrix24 itself calls it."""
    return client.host


CRM = Crm(
    name="bitrix24",
    settings=Settings,
    client=api.Client,
    portal=lambda destination: "bitrix24 " + urlsplit(api.portal_of(destination)).netloc.lower(),
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
    account=_account,
    place=lambda destination: f"{destination.settings['records']} {calls.way(destination.settings)}",
)
