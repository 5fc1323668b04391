"""QVoice (docs.qvoice.net), a FonoUC white label: fills reports that are polled, takes leads; posts nothing."""

from marshmallow import Schema, fields, validate

from dialers.base import Dialer
from dialers.qvoice import legs, reports, words
from dialers.qvoice.api import Client
from dialers.qvoice.leads import ACTS, LEADS, NUMBER_FORMS
from dialers.vocabulary import ABANDONED, FINAL_OUTCOMES
from lib.http.authorities import is_certificate_file
from lib.whole_numbers import Whole


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "qvoice"``."""

    portal_url = fields.Url(required=True, require_tld=False, schemes={"http", "https"})
    username = fields.Str(required=True)
    password = fields.Str(required=True)
    domain = fields.Str(required=True)
    account_id = fields.Str(required=True, validate=validate.Regexp(r"^[!-~]+$", error="may hold no blanks or accents"))
    page_size = Whole(load_default=1000, validate=validate.Range(min=1, max=100_000))
    # Certificates are always verified; this names the authority where it is a private one.
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)
    timeout_seconds = Whole(load_default=30, validate=validate.Range(min=1, max=50))
    poll_seconds = Whole(load_default=60, validate=validate.Range(min=1, max=3600))
    report_fields = fields.List(fields.Str(validate=validate.Regexp(r"^[A-Za-z0-9_.]+$")), load_default=list)
    hangup_causes = fields.Dict(
        keys=fields.Str(), values=fields.Str(validate=validate.OneOf(FINAL_OUTCOMES)), load_default=dict
    )
    requests_per_minute = Whole(load_default=300, validate=validate.Range(min=1, max=60_000))
    lead_number_form = fields.Str(load_default="e164", validate=validate.OneOf(tuple(NUMBER_FORMS)))
    crm_reference_field = fields.Str(load_default=None)  # the column that is crm_reference, such as lead_ticket_id


DIALER = Dialer(
    name="qvoice",
    settings=Settings,
    secrets=("password",),
    read=words.read,
    attempts=legs.attempts,
    tells=(ABANDONED,),
    reports=reports.REPORTS,
    client=Client,
    leads=LEADS,
    acts=ACTS,
)
