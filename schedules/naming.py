"""Names that a moment gives to what is sent of it: always the same, so that whatever comes twice is known as one."""

import re
from uuid import UUID

from lib import text as texts
from models import Schedule, ScheduledSend
from schedules.settings import Settings

LONGEST = 80  # characters of a schedule's name in a file's
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_NO_NAME = re.compile(r'[\s\x00-\x1f\x7f-\x9f/\\:*?"<>|,;]+')  # what no file of some system may be called


def _moment(send: ScheduledSend) -> str:
    return f"{send.due_at:%Y%m%dT%H%M%SZ}" + ("-tried" if send.trial else "")


def message_id(schedule: Schedule, send: ScheduledSend, settings: Settings, what: str = "") -> str:
    """``what``: of a mail about the moment, not of the one that was due."""
    domain = settings.mail.sender.rpartition("@")[2].strip("> ") if settings.mail else ""
    own = f"{send.id.hex[-16:]}-tried" if send.trial else _moment(send)
    return f"<{what}{own}.{schedule.id.hex[-16:]}@{domain or 'localhost'}>"


def file_name(schedule: Schedule, send: ScheduledSend) -> str:
    """In ASCII, as every path and key takes it. With a piece of the schedule's id: two names may look the same without what a
    path cannot hold. What is sent once more is called as it was, whatever the schedule is called by now."""
    if send.target and send.target.endswith(f".{schedule.form}"):
        return send.target.rpartition("/")[2]
    return _named(_ODD.sub("-", schedule.name), schedule, send)


def attachment_name(schedule: Schedule, send: ScheduledSend) -> str:
    """The same with the letters of any script: a mail can name them (RFC 2231)."""
    return _named(_NO_NAME.sub("-", texts.visible(schedule.name)), schedule, send)


def _named(name: str, schedule: Schedule, send: ScheduledSend) -> str:
    plain = name.strip("-.")[:LONGEST] or "schedule"
    return f"{plain}-{schedule.id.hex[-6:]}-{_moment(send)}.{schedule.form}"


def link(public_url: str, view_id: UUID) -> str:
    """Where people see the view."""
    return f"{public_url}/views/{view_id}"
