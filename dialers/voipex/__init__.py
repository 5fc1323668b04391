"""VoIPEX (IPEX, ipbxapi.voipex.io): posts webhooks, makes campaigns of call lists; its call statistics are not public."""

from marshmallow import Schema, ValidationError, fields, validate, validates

from dialers import giving
from dialers.base import Dialer, disposes_never
from dialers.vocabulary import ABANDONED
from dialers.voipex import leads, reports, words
from dialers.voipex.api import Client
from lib.whole_numbers import Whole


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "voipex"``."""

    api_url = fields.Url(load_default="https://ipbxapi.voipex.io", require_tld=False, schemes={"http", "https"})
    auth_url = fields.Url(load_default="https://auth.voipex.io/token", require_tld=False, schemes={"http", "https"})
    username = fields.Str(required=True)
    password = fields.Str(required=True)
    client_id = fields.Str(load_default="api")
    # Documented key -> the key that the account posts.
    webhook_fields = fields.Dict(
        keys=fields.Str(validate=validate.OneOf(words.KEYS)),
        values=fields.Str(validate=validate.Length(1, 200)),
        load_default=dict,
    )
    number_form = fields.Str(load_default=leads.NATIONAL, validate=validate.OneOf(leads.NUMBER_FORMS))
    poll_calls = fields.Bool(load_default=False)
    poll_seconds = Whole(load_default=60, validate=validate.Range(min=1, max=3600))
    timeout_seconds = Whole(load_default=30, validate=validate.Range(min=1, max=50))
    requests_per_minute = Whole(load_default=120, validate=validate.Range(min=1, max=6000))

    @validates("webhook_fields")
    def each_key_means_one_thing(self, renamed: dict[str, str], data_key: str) -> None:
        keys = [renamed.get(key, key) for key in words.KEYS]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValidationError(f"{twice[0]} would be two of the documented keys.")


DIALER = Dialer(
    name="voipex",
    settings=Settings,
    secrets=("password",),
    read=words.read,
    attempts=words.attempts,
    tells=(ABANDONED,),
    disposes=disposes_never,  # no webhook has a key for one, and no page of VoIPEX speaks of them
    arrival=words.arrival,
    callback_kinds=(words.EVENT,),
    reports=reports.REPORTS,
    client=Client,
    default_country="CZ",
    leads=leads.LEADS,
    control=leads.CONTROL,
    acts={giving.LIST_IVRS: leads.LIST_IVRS},
)
