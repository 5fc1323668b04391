"""QVoice (docs.qvoice.net), a FonoUC white label: fills reports that are polled; posts nothing."""

from marshmallow import Schema, fields

from dialers.base import Dialer, Reading


class Settings(Schema):
    """``[connections.<name>]`` with ``dialer = "qvoice"``."""

    portal_url = fields.Url(required=True, require_tld=False)
    username = fields.Str(required=True)
    password = fields.Str(required=True)
    domain = fields.Str(required=True)
    account_id = fields.Str(required=True)
    page_size = fields.Int(load_default=1000)
    ca_file = fields.Str(load_default=None)


DIALER = Dialer(name="qvoice", settings=Settings, read=lambda evidence, connection: Reading(ignored="not_written_yet"))
