"""Receipts, and what becomes of those in quarantine."""

from marshmallow import Schema, fields, validate

from dialers.bodies.forgiven import FORGIVEN
from models.receipts import SHOWN_STATES
from web.schemas.described import following, members, number, our_id, spooled_bytes, text, time, yes_or_no


class Receipt(Schema):
    """Evidence, kept exactly as it came; without its body."""

    id = our_id("Ours; receipts sort by it in the order of their coming.")
    connection = text("As the URL said it; it may not exist.", "ryng-main", null=False)
    dialer = text("The connection's dialer.", "ryng")
    source = text("`callback` or `report`.", "callback", null=False)
    kind = text("The callback's kind or the report's name.", "terminal", null=False)
    received_at = time("When it came.", null=False)
    seen_at = time("When it was last news: a record that came back after another version of it.", null=False)
    state = text("What became of it.", "normalized", null=False, choices=SHOWN_STATES)
    reason = text("Why it was put aside, in a word.", None)
    detail = text("Why, in a sentence.", None)
    forgiven = fields.List(
        fields.Str(validate=validate.OneOf(sorted(FORGIVEN))),
        required=True,
        metadata={
            "description": "Slips that were passed over when it was read last, because what was meant is certain.",
            "example": ["raw_line_breaks"],
        },
    )
    stranger = yes_or_no(
        "Whether it came without a right to: an unknown connection, a wrong token, or without the `Authorization` asked for.",
        False,
    )
    body_size = number("Bytes, as sent.", 512)
    truncated = yes_or_no("Whether only the beginning was kept.", False)
    content_hash = text(
        "SHA-256 of the body; a keyed hash where a person was erased who stood in it.",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        null=False,
    )
    record_key = text("Which record of its report it is a version of.", None)
    processed_at = time("When it was last read.")
    readings = number("How often it was read.", 1)
    dismissed_at = time("When somebody said that it is garbage; replaying it takes that back.")
    dismissed_by = text("The name of the key that said so.", None)
    todo = text("What to do about it, where it is in quarantine.", None)


class Sender(Schema):
    """Who sent a receipt."""

    address = text(
        "The address that the connection came from; where that is one of `WRAPUP_TRUSTED_PROXIES`, whom it names.",
        "203.0.113.9",
        null=False,
    )
    proxy = text("The trusted proxy that passed it on; null: none did.", "127.0.0.1")
    forwarded_for = text(
        "What the request itself says of where it came from, as it stands there: anybody can write it.", None
    )
    token = text(
        "Whose the token was: tells an outdated URL of ours from a stranger's.",
        "An outdated token of ours: it was one of this connection until after 2026-11-20 08:00 UTC.",
    )


class ReceiptDetail(Receipt):
    method = text("The request's method.", "POST")
    query = text("The request's query string.", None)
    headers = members("The request's headers, from an allow-list.", {"content-type": "application/json"}, null=True)
    context = members("What the poller knew and the record does not say.", None, null=True)
    body = text("The body, where it is UTF-8; else null.", '{"callLogID": "912873-1"}')
    body_base64 = text("The body in base64, where it is not UTF-8; else null.", None)
    sender = fields.Nested(
        Sender,
        required=True,
        allow_none=True,
        metadata={"description": "Who sent it; null: it was polled, or is older than this is known.", "example": None},
    )


class ReceiptPage(Schema):
    receipts = fields.List(fields.Nested(Receipt), required=True)
    spooled_bytes = spooled_bytes("they are not in the list")
    next = following()


class Replayed(Schema):
    receipt = fields.Nested(Receipt, required=True)


class DismissedMany(Schema):
    dismissed = number("How many receipts are no trouble any more.", 12)


class Purged(Schema):
    purged = number("How many receipts are gone.", 9120)


class ReplayedMany(Schema):
    replayed = number("How many receipts will be read again.", 12)
