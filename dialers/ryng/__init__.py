"""Ryng (docs.ryng.in): posts connect and terminal callbacks, takes leads and single calls; has no report to poll."""

from marshmallow import Schema, fields, validate

from dialers.base import Dialer
from dialers.ryng import words
from dialers.ryng.api import Client, configured
from dialers.ryng.calls import ACTS
from dialers.ryng.leads import LEADS
from dialers.vocabulary import ABANDONED, CONNECT_OUTCOMES
from lib.whole_numbers import Whole


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "ryng"``."""

    api_url = fields.Url(load_default=None, require_tld=False, schemes={"http", "https"})
    access_token = fields.Str(
        load_default=None, validate=validate.Regexp(r"^[!-~]+$", error="may hold no blanks or accents")
    )
    timeout_seconds = Whole(load_default=30, validate=validate.Range(min=1, max=300))
    requests_per_minute = Whole(load_default=60, validate=validate.Range(min=1, max=6_000))
    status_codes = fields.Dict(
        keys=fields.Str(), values=fields.Str(validate=validate.OneOf(CONNECT_OUTCOMES)), load_default=dict
    )
    # The custom field, by header text or key, that is crm_reference.
    crm_reference_field = fields.Str(load_default=None)


DIALER = Dialer(
    name="ryng",
    settings=Settings,
    secrets=("access_token",),
    read=words.read,
    attempts=words.attempts,
    tells=(ABANDONED,),
    callback_kinds=("connect", "terminal"),
    client=Client,
    default_country="IN",
    ready=configured,
    leads=LEADS,
    acts=ACTS,
)
