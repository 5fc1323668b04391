"""Ringostat (help.ringostat.com): posts webhooks once, has a call log that is polled, and takes leads for its Power Dialer."""

import zoneinfo

from marshmallow import Schema, ValidationError, fields, validate

from dialers.base import Dialer
from dialers.ringostat import leads, legs, reports, words
from dialers.ringostat.api import Client
from dialers.ringostat.webhooks import NAMES
from dialers.vocabulary import VOICEMAIL
from lib.whole_numbers import Whole

# Of the columns that public clients have seen, those that say something of the call. One that the project does not have
# fails the whole request, so the connection can name its own.
REPORT_FIELDS = (
    "uniqueid calldate call_type caller dst disposition billsec waittime duration connected_with employee_fio "
    "employee_mark category_mark call_card department pool_name scheme_name additional_number proper_flag repeated_flag "
    "has_recording recording recording_wav client_id utm_source utm_medium utm_campaign utm_content utm_term"
).split()
NEEDED = {"uniqueid", "calldate"}

_in_a_header = validate.Regexp(r"^[!-~]+$", error="may hold no blanks or accents")


def _is_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError("is no time zone; the names are like Europe/Kyiv.") from None


def _has_needed(columns: list[str]) -> None:
    if missing := NEEDED - set(columns):
        raise ValidationError(f"must hold {' and '.join(sorted(missing))}: without it no call is told from another.")


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "ringostat"``."""

    api_url = fields.Url(load_default="https://api.ringostat.net", require_tld=False, schemes={"http", "https"})
    project_id = fields.Str(required=True, validate=_in_a_header)
    auth_key = fields.Str(required=True, validate=_in_a_header)
    timezone = fields.Str(load_default="UTC", validate=_is_zone)  # of all dates; the vendor does not state it
    day_first = fields.Bool(load_default=None)  # of webhooks' dates with slashes or dashes and the year at their end
    webhook_fields = fields.Dict(
        keys=fields.Str(validate=validate.OneOf(NAMES)),
        values=fields.Str(validate=validate.Length(1, 200)),
        load_default=dict,
    )
    report_fields = fields.List(
        fields.Str(validate=validate.Regexp(r"^[A-Za-z0-9_]+$")),
        load_default=lambda: list(REPORT_FIELDS),
        validate=_has_needed,
    )
    export_limit = Whole(load_default=6500, validate=validate.Range(min=2, max=100_000))
    timeout_seconds = Whole(load_default=30, validate=validate.Range(min=1, max=50))
    poll_seconds = Whole(load_default=60, validate=validate.Range(min=1, max=3600))
    requests_per_minute = Whole(load_default=120, validate=validate.Range(min=1, max=6000))
    phone_plus = fields.Bool(load_default=False)  # the documented sample has digits alone


DIALER = Dialer(
    name="ringostat",
    settings=Settings,
    secrets=("auth_key",),
    read=words.read,
    attempts=legs.attempts,
    tells=(VOICEMAIL,),
    callback_kinds=(words.CALL,),
    reports=reports.REPORTS,
    client=Client,
    leads=leads.LEADS,
)
