"""The mails that are sent: a view's table and its picture, with its file; and what went wrong. All that comes from calls is text,
whatever it looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import escape

from lib import text as texts
from models import Schedule, ScheduledSend
from models.schedules import FAILED, MISSED, SENT, UNKNOWN
from schedules import naming, pictures
from schedules.asking import CONTENT_TYPES, Answer
from schedules.settings import Settings

SHOWN_ROWS = 50  # in the mail itself
_LONGEST = 200  # characters of a cell there: mail programs cut off what is large
LATE = timedelta(minutes=10)
_CELL = "border:1px solid #bbb;padding:2px 8px;text-align:left"
WENT = {
    SENT: "It was sent, but not to all",
    FAILED: "It was not sent, and is given up",
    UNKNOWN: "It left, and nobody can tell whether it arrived: it is not sent again by itself",
    MISSED: "It was missed: nobody came to send it before the next one was due",
}


@dataclass(frozen=True)
class Sent:
    """What is sent: of which schedule, view and moment."""

    schedule: Schedule
    send: ScheduledSend
    view: str  # its name


def wall(at: datetime, tz: str) -> str:
    """The moment on the clocks of the schedule, with their offset from UTC: one hour of autumn is shown twice."""
    return f"{at.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M %z} ({tz})"


def of_table(sent: Sent, table: Answer, why: str | None, settings: Settings, now: datetime) -> EmailMessage:
    """``why``: why the table has no file with it; None where it has."""
    schedule, send = sent.schedule, sent.send
    due = wall(send.due_at, schedule.tz)
    notes = [f"{sent.view}, for {due}."]
    if send.trial:
        notes = [f"{sent.view}, tried at {due}: it was not due."]
    elif now - send.due_at >= LATE:
        notes.append(f"This is sent late: it was due at {due}, and it is {wall(now, schedule.tz)} now.")
    if send.missed:
        notes.append(
            f"Nothing was sent for a while: {texts.many(send.missed, 'earlier one')} {_was(send.missed)} missed."
        )
    notes.append(f"{_count(table)}{_shown(table)}.")
    notes += table.lacking
    if table.left_out:
        unknown = f"Of {texts.many(table.left_out, 'call')} it is not known what their dispositions mean, or none is ever stated"
        notes.append(
            f"{unknown}: where a figure is shown they count as no contact and no sale. The page of the report lists them."
        )
    if why:
        notes.append(why)
    if settings.public_url:
        notes.append(f"The view itself: {naming.link(settings.public_url, schedule.view_id)}")
    message = _letter(f"{schedule.name}: {due}", notes, table, settings, now)
    message["Message-ID"] = naming.message_id(schedule, send, settings)
    message["To"] = ", ".join(schedule.recipients)
    if why is None:
        kind, *params = CONTENT_TYPES[schedule.form].split("; ")
        main, sub = kind.split("/")
        about, name = dict(one.split("=") for one in params), naming.attachment_name(schedule, send)
        message.add_attachment(table.body(), maintype=main, subtype=sub, filename=name, params=about)
    return message


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _count(table: Answer) -> str:
    return f"More than {len(table.rows):,} rows" if table.count is None else texts.many(table.count, "row")


def _shown(table: Answer) -> str:
    return f"; the first {SHOWN_ROWS} are shown here" if len(table.rows) > SHOWN_ROWS else ""


def of_trouble(sent: Sent, to: str, settings: Settings, now: datetime) -> EmailMessage:
    """What became of a moment that did not end well, for whoever is told."""
    schedule, send = sent.schedule, sent.send
    was = "was tried" if send.trial else "was due"
    notes = [f"The schedule {schedule.name} ({sent.view}) {was} at {wall(send.due_at, schedule.tz)}."]
    if went := WENT.get(send.state):
        notes.append(f"{went}.")
    if send.missed:
        notes.append(f"Before it, {texts.many(send.missed, 'moment')} {_was(send.missed)} missed as well.")
    if send.answer:
        notes.append(send.answer)
    if settings.public_url:
        notes.append(f"Look, or have it sent once more: {settings.public_url}/schedules/{schedule.id}")
    became = "not sent to all" if send.state == SENT else send.state
    message = _letter(f"Wrapup: {schedule.name}: {became}", notes, None, settings, now)
    message["Message-ID"] = naming.message_id(schedule, send, settings, f"{send.state}.")
    message["To"] = to
    return message


def _letter(
    subject: str, notes: Sequence[str], table: Answer | None, settings: Settings, now: datetime
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(texts.visible(subject).split())
    message["From"] = settings.mail.sender if settings.mail else ""
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers it
    lines = [*notes, *(_lines(table) if table else [])]
    message.set_content("\n".join(lines) + "\n")
    message.add_alternative(_html(notes, table), subtype="html")
    return message


def _lines(table: Answer) -> list[str]:
    """The same in plain text: what the picture shows, and columns as wide as their widest."""
    found = [
        line for one in table.pictures for line in ("", texts.visible(one.title), texts.visible(pictures.said(one)))
    ]
    shown = [[*table.columns], *([_text(value, table.tz) for value in row] for row in _said(table))]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
    return [*found, "", *map(str.rstrip, lines)]


def _html(notes: Sequence[str], table: Answer | None) -> str:
    said = "".join(f"<p>{_linked(note)}</p>\n" for note in notes)
    shown = ""
    if table is not None:
        drawn = "".join(map(pictures.drawn, table.pictures))
        head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in table.columns)
        rows = "".join(
            f"<tr>{''.join(map(_cell, row, said_row, repeat(table.tz)))}</tr>\n"
            for row, said_row in zip(table.rows, _said(table), strict=False)
        )
        shown = f'{drawn}<table style="border-collapse:collapse;margin-top:1em"><thead><tr>{head}</tr></thead>\n'
        shown += f"<tbody>{rows}</tbody></table>\n"
    return f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"></head><body>\n{said}{shown}</body></html>\n'


def _said(table: Answer) -> Sequence[Sequence[Any]]:
    return (table.rows if table.said is None else table.said)[:SHOWN_ROWS]


def _cell(value: Any, said: Any, tz: str) -> str:
    """Of the table; numbers stand at the right, and no day is broken in two."""
    plain = isinstance(value, int | float | date) and not isinstance(value, bool)
    looks = ";white-space:nowrap" if plain else ""
    looks += ";text-align:right" if plain and not isinstance(value, date) else ""
    return f'<td style="{_CELL}{looks}"><bdi>{escape(_text(said, tz))}</bdi></td>'


def _linked(note: str) -> str:
    words, colon, url = note.partition(": http")
    if not colon or " " in url:
        return str(escape(note))
    return f'{escape(words)}: <a href="http{escape(url)}">http{escape(url)}</a>'


def _text(value: Any, tz: str) -> str:
    """A value as people read it: what is not known is a dash, never 0; a time is on the clocks of the view, with their offset."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M:%S %z}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = texts.visible(str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
