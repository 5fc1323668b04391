"""What every error is answered with."""

from marshmallow import Schema

from web.schemas.described import members, text


class Error(Schema):
    error_id = text("Stable, for programs.", "invalid", null=False)
    message = text("A sentence, for people.", "A parameter is unknown or has a value that cannot be used.", null=False)
    details = members("The fields at fault, each with its sentences.", {"limit": ["Not a whole number."]})
    request_id = text("Also in the header X-Request-Id and in the log.", "019a9f2e3c1d7b559f0a5d2a7e0c4b11", null=False)
