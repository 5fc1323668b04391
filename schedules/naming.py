"""Names that a moment gives to what is sent of it: always the same, so that whatever comes twice is known as one."""

import re
from uuid import UUID

from models import Schedule, ScheduledSend
from schedules.settings import Settings

_ODD = re.compile(r"[^A-Za-z0-9_-]+")


def _moment(send: ScheduledSend) -> str:
    return f"{send.due_at:%Y%m%dT%H%M%SZ}" + ("-tried" if send.trial else "")


def message_id(schedule: Schedule, send: ScheduledSend, settings: Settings, what: str = "") -> str:
    """``what``: of a mail about the moment, not of the one that was due."""
    domain = settings.mail.sender.rpartition("@")[2].strip("> ") if settings.mail else ""
    own = f"{send.id.hex[-16:]}-tried" if send.trial else _moment(send)
    return f"<{what}{own}.{schedule.id.hex[-16:]}@{domain or 'localhost'}>"


def file_name(schedule: Schedule, send: ScheduledSend) -> str:
    """With a piece of the schedule's id: two names may look the same without what a path cannot hold."""
    plain = _ODD.sub("-", schedule.name).strip("-")[:80] or "schedule"
    return f"{plain}-{schedule.id.hex[-6:]}-{_moment(send)}.{schedule.form}"


def link(public_url: str, view_id: UUID) -> str:
    """Where people see the view."""
    return f"{public_url}/views/{view_id}"
