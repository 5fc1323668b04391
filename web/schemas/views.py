"""Saved views and their export links."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from models.views import KINDS
from queries.views.periods import PERIODS
from web.parameters import MomentField
from web.schemas.decisions import Truth
from web.schemas.described import members, our_id, text, time, yes_or_no

_EXAMPLE = {"period": ["last_week"], "flag": ["sale"], "tz": ["Asia/Kolkata"]}
_QUERY = (
    "As in the address of the report or of the list of outcomes, each parameter with its values; and `period` "
    f"({', '.join(f'`{name}`' for name in PERIODS)}) in place of `since` and `until`, for a view that moves with the day."
)


def _printed(value: str) -> None:
    if not value.strip() or not value.isprintable():
        raise ValidationError("A name has a letter, and nothing that is not printed.")


def _name(description: str, example: str, **options: Any) -> fields.Str:
    return fields.Str(
        validate=[validate.Length(1, 200), _printed],
        metadata={"description": description, "example": example},
        **options,
    )


def _query(**options: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.Str(),
        values=fields.List(fields.Str(), validate=validate.Length(max=100)),
        metadata={"description": _QUERY, "example": _EXAMPLE},
        **options,
    )


def _shared(**options: Any) -> Truth:
    description = "Whether every key may see it; else only that which has saved it, and those with the scope `admin`."
    return Truth(metadata={"description": description, "example": True}, **options)


class NewView(Schema):
    """A question under a name."""

    class Meta:
        unknown = "raise"

    name = _name("What it is called.", "Sales of last week", required=True)
    kind = fields.Str(
        required=True,
        validate=validate.OneOf(KINDS),
        metadata={"description": "What is asked.", "example": "outcomes"},
    )
    report = fields.Str(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 64),
        metadata={"description": "Of the kind `report`: which one of the catalogue.", "example": None},
    )
    query = _query(load_default=dict)
    shared = _shared(load_default=False)


class ViewChange(Schema):
    """What is to be another; the rest stays."""

    class Meta:
        unknown = "raise"

    name = _name("What it is called.", "Sales of last week")
    query = _query()
    shared = _shared()

    @validates_schema
    def _of_something(self, told: dict[str, Any], **kwargs: Any) -> None:
        if not told:
            raise ValidationError("Say what is to be another: `name`, `query` or `shared`.", "name")


class View(Schema):
    id = our_id("Its id.")
    name = text("What it is called.", "Sales of last week", null=False)
    owner = text("The name of the key whose view it is; null: every key may see it.", "anna")
    kind = text("What is asked.", "outcomes", null=False, choices=KINDS)
    report = text("Which report.", None)
    query = members(_QUERY, _EXAMPLE)
    problem = text("Why it cannot be asked any more, in a sentence; null where it can.", None)
    created_at = time("When it was saved.", null=False)
    created_by = text("The name of the key that has saved it.", "anna", null=False)
    changed_at = time("When it was changed last.", null=False)


class Views(Schema):
    views = fields.List(fields.Nested(View), required=True)


class OneView(Schema):
    view = fields.Nested(View, required=True)


class NewLink(Schema):
    """An address that answers a view without a key."""

    class Meta:
        unknown = "raise"

    view_id = fields.UUID(
        required=True,
        metadata={"description": "The view.", "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"},
    )
    name = _name("Who or what uses it.", "Power BI of the sales team", required=True)
    purpose = fields.Str(
        data_key="for",
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(("spreadsheet", None)),
        metadata={
            "description": "`spreadsheet`: CSV for people who open it with a double click; programs need it as it is, null.",
            "example": None,
        },
    )
    expires_at = MomentField(
        load_default=None,
        allow_none=True,
        metadata={"description": "From when on it answers nothing; null: until it is revoked.", "example": None},
    )


class Link(Schema):
    """`good`: whether it is in force: not when it was revoked, has expired, or the key that made it was revoked."""

    id = our_id("Its id.")
    view_id = our_id("The view that it answers.")
    name = text("Who or what uses it.", "Power BI of the sales team", null=False)
    purpose = fields.Str(
        data_key="for",
        required=True,
        allow_none=True,
        metadata={"description": "`spreadsheet`, or null.", "example": None},
    )
    good = yes_or_no("Whether it is in force; while its view has a `problem`, it answers an error all the same.", True)
    created_at = time("When it was made.", null=False)
    created_by = text("The name of the key that made it.", "anna", null=False)
    expires_at = time("From when on it answers nothing.", None)
    revoked_at = time("When it was revoked.", None)
    used_at = time("The minute in which it was last asked; null: never, or before that was kept.", None)


class Links(Schema):
    links = fields.List(fields.Nested(Link), required=True)


class OneLink(Schema):
    link = fields.Nested(Link, required=True)


class MadeLink(OneLink):
    urls = members("Its addresses, which are told this once.", {"csv": "https://wrapup.example.com/x/wx_kX3...2A.csv"})
