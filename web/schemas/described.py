"""Fields of answers, each with its description and an example."""

from typing import Any

from marshmallow import fields, validate


def text(description: str, example: str | None = None, null: bool = True, choices: tuple[str, ...] = ()) -> fields.Str:
    check = validate.OneOf([*choices, None] if null else choices) if choices else None
    return fields.Str(
        required=True, allow_none=null, validate=check, metadata={"description": description, "example": example}
    )


def time(description: str, example: str | None = "2026-11-18T10:12:52Z", null: bool = True) -> fields.Str:
    return fields.Str(
        required=True,
        allow_none=null,
        metadata={"description": description, "example": example, "format": "date-time"},
    )


def number(description: str, example: int | None = None, null: bool = False) -> fields.Int:
    return fields.Int(
        required=True, allow_none=null, metadata={"description": description, "example": example, "format": "int64"}
    )


def spooled_bytes(meaning: str) -> fields.Int:
    return number(
        "Callbacks that wait in this machine's spool, in bytes, where the oldest waits for a second or longer: the database has "
        f"not taken them yet, and {meaning}. Null where the spool cannot be read.",
        0,
        null=True,
    )


def rate(description: str, example: float) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": description, "example": example})


def yes_or_no(description: str, example: bool, null: bool = False) -> fields.Bool:
    return fields.Bool(required=True, allow_none=null, metadata={"description": description, "example": example})


def names(description: str, example: list[str]) -> fields.List:
    return fields.List(fields.Str(), required=True, metadata={"description": description, "example": example})


def our_id(description: str) -> fields.Str:
    return fields.Str(
        required=True,
        metadata={"description": description, "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11", "format": "uuid"},
    )


def members(description: str, example: dict[str, Any] | None, null: bool = False) -> fields.Dict:
    return fields.Dict(
        required=True, allow_none=null, metadata={"description": description, "example": example}, keys=fields.Str()
    )


def following(description: str = "The cursor of the next page; null on the last.") -> fields.Str:
    return text(description, "WyItc3RhcnRlZF9hdCIsIjIwMjYi")
