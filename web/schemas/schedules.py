"""Schedules, and what became of each moment."""

from marshmallow import RAISE, Schema, fields, validate

from models.schedules import FORMS, SEND_STATES
from web.schemas.described import following, names, number, our_id, text, time, yes_or_no

STATES = ("running", "paused")
_TIME = validate.Regexp(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", error="Must be a time such as 07:30.")

# Without control characters, which not every language counts among blanks.
_LINE = r"^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$(?!\n)"


class Send(Schema):
    """One moment at which a schedule was due, or at which somebody had it tried."""

    id = our_id("Ours; sends sort by it in the order of their making.")
    schedule_id = our_id("The schedule.")
    due_at = time("When it was due.", null=False)
    trial = yes_or_no("Whether somebody had it tried, and it was not due.", False)
    state = text("What became of it.", "sent", null=False, choices=SEND_STATES)
    reason = text("Why, in a word.", None)
    answer = text("What the other side said, in its own words, or a sentence of ours.", None)
    rows = number("How many rows the file of a mail has; null where they were not counted.", 31, null=True)
    bytes = number("How large the file is.", 2_048, null=True)
    target = text("A mail's Message-ID, a file's path, an object's key.", "daily/renewals-0c4b11-20261118T013000Z.csv")
    missed = number("How many moments before it were missed: nobody came to send them.", 0)
    attempts = number("How often it was tried.", 1)
    next_at = time("Of a pending one: when it is taken up at the earliest.", None)
    sent_at = time("When it last left; null of what was for sure not taken.", None)
    settled_at = time("When its state became what it is.")
    told_at = time("When somebody was told what went wrong, also where nobody can tell whether that arrived.", None)


class Schedule(Schema):
    id = our_id("Ours.")
    name = text("Its name.", "Renewals, daily", null=False)
    view_id = our_id("The view that is sent.")
    view = text("The view's name; null where the key may not see the view.", "Renewals by agent")
    to = fields.List(
        fields.Str(),
        required=True,
        allow_none=True,
        metadata={"description": "Addresses; null where it is no mail.", "example": ["ops@example.com"]},
    )
    folder = text("The folder, below the one of the settings; null where it is none.", None)
    bucket = text("A bucket of the settings, and what keys begin with after a `/`; null where it is none.", None)
    format = text("Of the file.", "csv", null=False, choices=FORMS)
    at = names("When, on the clocks of `tz`.", ["07:00"])
    weekdays = fields.List(
        fields.Int(),
        required=True,
        metadata={"description": "Days of the week, 1 (Monday) to 7; none: every day.", "example": [1, 2, 3, 4, 5]},
    )
    month_day = number("The day of the month; the last one where a month has fewer.", None, null=True)
    tz = text("Whose clocks.", "Asia/Kolkata", null=False)
    tell = text("Whom failures are told; null: as the settings say.", None)
    state = text("Whether it is sent.", "running", null=False, choices=STATES)
    next_at = time("When it is due next; null while it is paused. Where that is past, no worker has taken it up.")
    last = fields.Nested(
        Send,
        required=True,
        allow_none=True,
        metadata={"description": "What came of its latest moment; null before the first.", "example": None},
    )
    created_at = time("When it was made.", null=False)
    created_by = text("By whose key.", "ops", null=False)
    changed_at = time("When it was last changed.", null=False)


class Schedules(Schema):
    schedules = fields.List(fields.Nested(Schedule), required=True)


class OneSchedule(Schema):
    schedule = fields.Nested(Schedule, required=True)


class SendPage(Schema):
    sends = fields.List(fields.Nested(Send), required=True)
    next = following()


class OneSend(Schema):
    send = fields.Nested(Send, required=True)


class Removed(Schema):
    removed = our_id("The schedule that was.")


class ScheduleOrder(Schema):
    """A schedule as it is to be. Exactly one of `to`, `folder` and `bucket`; `weekdays` or `month_day`, or neither."""

    class Meta:
        unknown = RAISE

    name = fields.Str(
        required=True,
        validate=[
            validate.Length(1, 200),
            validate.Regexp(_LINE, error="Must be one line, without blanks at its ends."),
        ],
        metadata={"description": "Its name; the subject of its mails.", "example": "Renewals, daily"},
    )
    view_id = fields.UUID(
        required=True, metadata={"description": "The view.", "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"}
    )
    to = fields.List(
        fields.Str(validate=validate.Length(3, 320)),
        validate=validate.Length(1, 50),
        metadata={"description": "Addresses that it is mailed to.", "example": ["ops@example.com"]},
    )
    folder = fields.Str(
        validate=validate.Length(0, 200),
        metadata={"description": "A folder, below the one of the settings.", "example": "daily"},
    )
    bucket = fields.Str(
        validate=validate.Length(1, 200),
        metadata={
            "description": "A bucket of the settings, and perhaps a beginning for keys.",
            "example": "lake/daily",
        },
    )
    format = fields.Str(
        load_default="csv", validate=validate.OneOf(FORMS), metadata={"description": "Of the file.", "example": "csv"}
    )
    at = fields.List(
        fields.Str(validate=_TIME),
        required=True,
        validate=validate.Length(1, 24),
        metadata={"description": "When, on the clocks of `tz`.", "example": ["07:00"]},
    )
    weekdays = fields.List(
        fields.Int(strict=True, validate=validate.Range(1, 7)),
        validate=validate.Length(0, 7),
        metadata={"description": "1 (Monday) to 7; none: every day.", "example": [1, 2, 3, 4, 5]},
    )
    month_day = fields.Int(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 31),
        metadata={"description": "A day of the month; the last one where a month has fewer.", "example": None},
    )
    tz = fields.Str(
        load_default="UTC",
        validate=validate.Length(1, 64),
        metadata={"description": "Whose clocks.", "example": "Asia/Kolkata", "format": "iana-time-zone"},
    )
    tell = fields.Str(
        allow_none=True,
        validate=validate.Length(3, 200),
        metadata={"description": "Whom failures are told.", "example": "ops@example.com"},
    )
