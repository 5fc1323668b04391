"""API keys and sessions of the pages."""

from marshmallow import RAISE, Schema, fields, validate

from models.access import SCOPES
from web.schemas.decisions import Truth
from web.schemas.described import names, our_id, text, time, yes_or_no

KEY_STATES = ("valid", "expires_soon", "expired", "revoked")


class Key(Schema):
    id = our_id("Ours.")
    name = text("Its name.", "Power BI", null=False)
    owner = text("Whose it is: a person or a system.", "priya@example.com")
    note = text("What it is for.", "The weekly dashboard")
    scopes = names("What it may do.", ["read"])
    state = text("`expires_soon`: within 14 days.", "valid", null=False, choices=KEY_STATES)
    signed_in_by = text(
        "`provider`: no key, but a person whom the provider of the sign-in has named.",
        "key",
        null=False,
        choices=("key", "provider"),
    )
    connections = fields.List(
        fields.Str(),
        required=True,
        allow_none=True,
        metadata={"description": "Those that it may see; null: all.", "example": ["ryng-main"]},
    )
    networks = fields.List(
        fields.Str(),
        required=True,
        allow_none=True,
        metadata={"description": "From which it may be used; null: from everywhere.", "example": ["10.0.0.0/8"]},
    )
    created_at = time("When it was made.", null=False)
    created_by = text("Who made it.", "command line, root")
    expires_at = time("When it ends.")
    revoked_at = time("When it was revoked.")
    last_used_at = time("When it was last used, to a minute.")
    last_used_from = text("From which address.", "192.0.2.7")


class Keys(Schema):
    keys = fields.List(fields.Nested(Key), required=True)


class OneKey(Schema):
    key = fields.Nested(Key, required=True)


class MadeKey(OneKey):
    secret = text("The key itself, told this once.", "wk_hV3uZr0f0eL1m5T2yq8sX4bN7cJ9dK6a", null=False)


def _listed(description: str, example: str) -> fields.List:
    return fields.List(
        fields.Str(validate=validate.Length(1, 200)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": description, "example": [example]},
    )


class NewKey(Schema):
    class Meta:
        unknown = RAISE

    name = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "What it is called.", "example": "Power BI"},
    )
    scopes = fields.List(
        fields.Str(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, 3),
        metadata={"description": "What it may do; `admin` may do everything.", "example": ["read"]},
    )
    owner = fields.Str(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 200),
        metadata={"description": "Whose it is: a person or a system.", "example": "priya@example.com"},
    )
    note = fields.Str(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=2000),
        metadata={"description": "What there is to know of it.", "example": "On the report server"},
    )
    expires_at = fields.Str(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 64),
        metadata={"description": "Its end: a time, or `90d`, `12h` from now. Without it, none.", "example": "90d"},
    )
    connections = _listed("Those that it may see; without it, all.", "ryng-main")
    networks = _listed("From which it may be used: addresses and CIDR; without it, from everywhere.", "10.0.0.0/8")


class Renewal(Schema):
    class Meta:
        unknown = RAISE

    expires_at = fields.Str(
        allow_none=True,
        validate=validate.Length(1, 64),
        metadata={
            "description": "The end of the new one, as with a new key; null for none. Without it, it lasts from now for as long "
            "as the old one was to last when it was made.",
            "example": "90d",
        },
    )


class SignedIn(Schema):
    """A session of the pages."""

    id = our_id("Ours; it opens nothing.")
    key_id = our_id("With which key it began.")
    key_name = text("The key's name, or whom the provider of the sign-in has named.", "Priya, back office", null=False)
    began_at = time("When it began.", null=False)
    ends_at = time("When it ends by itself.", null=False)
    last_seen_at = time("When a page was last asked for, to a minute.")
    address = text("From where it began.", "192.0.2.7")
    browser = text("In what, as it names itself.", "Mozilla/5.0 (X11; Linux x86_64)")
    own = yes_or_no("Whether it is the one that asks; over the API never.", False)


class Sessions(Schema):
    sessions = fields.List(fields.Nested(SignedIn), required=True)


class Ended(Schema):
    ended = fields.Int(required=True, metadata={"description": "How many sessions ended.", "example": 1})


class WhichSessions(Schema):
    class Meta:
        unknown = RAISE

    key_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Those of this key; without it, one's own.",
            "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11",
        },
    )
    everybody = Truth(
        required=True,
        metadata={"description": "All sessions there are; needs the scope `admin`.", "example": False},
    )
