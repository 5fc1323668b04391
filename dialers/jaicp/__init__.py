"""JAICP Calls API (help.cloud.just-ai.com): robots call. Takes numbers, and is asked what became of them; posts nothing."""

import re

from marshmallow import Schema, ValidationError, fields, validate, validates

from dialers.base import Dialer
from dialers.jaicp import reports, words
from dialers.jaicp.api import Client
from dialers.jaicp.leads import ACTS, CONTROL, LEADS
from lib.whole_numbers import Whole

# A name of ours stands in URLs, and before a job's id.
_NAME = re.compile(r"(?!\.{1,2}\Z)[^\s/:{}?#%\\\x00-\x1f]{1,100}\Z")


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "jaicp"``."""

    api_url = fields.Url(load_default="https://app.jaicp.com", require_tld=False, schemes={"http", "https"})
    # Our names of the campaigns -> their tokens.
    campaigns = fields.Dict(
        keys=fields.Str(
            validate=validate.Regexp(
                _NAME, error="A name has 1 to 100 characters, no blanks, no braces and none of / : ? # %."
            )
        ),
        values=fields.Str(
            validate=validate.Regexp(r"[A-Za-z0-9._~-]{1,500}\Z", error="A token has letters, digits and . _ ~ - only.")
        ),
        required=True,
        validate=validate.Length(min=1, error="Name at least one campaign with its token."),
    )
    phone_as_text = fields.Bool(load_default=False)
    attempt_reports = fields.Bool(load_default=False)
    requests_per_minute = Whole(load_default=600, validate=validate.Range(1, 100_000))
    timeout_seconds = Whole(load_default=30, validate=validate.Range(1, 50))
    poll_seconds = Whole(load_default=60, validate=validate.Range(1, 3600))
    crm_reference_field = fields.Str(load_default=None)  # the header, in what the script reports, of your CRM's id

    @validates("campaigns")
    def _apart(self, campaigns: dict[str, str], **_: object) -> None:
        if len(set(campaigns.values())) < len(campaigns):
            raise ValidationError("Two names have the same token: they would be one campaign.")


DIALER = Dialer(
    name="jaicp",
    settings=Settings,
    secrets=("campaigns",),
    read=words.read,
    disposes=words.disposes,
    reports=reports.REPORTS,
    client=Client,
    leads=LEADS,
    control=CONTROL,
    acts=ACTS,
)
