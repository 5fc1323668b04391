"""What may be said of a lead, the one definition: checked by ``leads``, described by ``web``."""

from marshmallow import Schema, fields, validate

from lib.whole_numbers import Whole

LONGEST = 2_000  # characters of a text


def _text(description: str, example: str) -> fields.Str:
    return fields.Str(
        validate=validate.Length(max=LONGEST),
        allow_none=True,
        metadata={"description": description, "example": example},
    )


class LeadFields(Schema):
    """One lead. Which of it a dialer takes stands on the dialer's page. What is null is not given."""

    number = fields.Raw(
        required=True,
        metadata={
            "type": "string",
            "description": "International, or national to the connection.",
            "example": "+420601234567",
        },
    )
    name = _text("The customer's name.", "Jana Nová")
    first_name = _text("The customer's first name.", "Jana")
    last_name = _text("The customer's last name.", "Nová")
    reference = _text("Your own name for the lead.", "crm-88213")
    priority = Whole(
        allow_none=True,
        validate=validate.Range(-1_000_000, 1_000_000),
        metadata={"description": "As the dialer means it.", "example": 3},
    )
    timezone = _text("The customer's time zone: IANA, or an offset.", "Europe/Prague")
    agents = fields.List(
        fields.Str(validate=validate.Length(1, 200)),
        validate=validate.Length(max=1_000),
        allow_none=True,
        metadata={"description": "Who may call, by the dialer's user names.", "example": ["jana"]},
    )
    note = _text("A note for the agent.", "Prefers mornings")
    own_fields = fields.Dict(
        keys=fields.Str(validate=validate.Length(1, 200)),
        values=fields.Raw(allow_none=True, metadata={"type": "string"}),
        allow_none=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Your own fields, as text.", "example": {"Lead ID": "88213"}},
    )
    options = fields.Dict(
        keys=fields.Str(),
        allow_none=True,
        metadata={"description": "The dialer's own fields, by its names.", "example": {}},
    )
