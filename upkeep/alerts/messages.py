"""What is told: the same sentences as Prometheus's rules have, with since when, and where to read on."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from lib import clock, text
from lib.text import many
from upkeep.alerts import rules
from upkeep.alerts.conditions import NAMED
from upkeep.alerts.settings import Alerts
from upkeep.alerts.state import BEGAN, ENDED, Alert, Note

MOST = 50  # in one message; the others come with the next


def subject(notes: Sequence[Note]) -> str:
    if len(notes) == 1:
        (note,) = notes
        return f"Wrapup: {'' if note.what == BEGAN else 'over: '}{note.alert.summary}"
    began = sum(note.what == BEGAN for note in notes)
    over = len(notes) - began
    parts = [f"{many(began, 'alert')}"] if began else []
    parts += [f"{over:,} over"] if over else []
    return f"Wrapup: {', '.join(parts)}"


def body(notes: Sequence[Note], settings: Alerts) -> str:
    """In plain text."""
    found = []
    for note in notes:
        alert = note.alert
        began, ended = (clock.read(one) for one in (alert.began, alert.ended))
        assert began is not None
        lines = [alert.summary]
        if note.what == BEGAN:
            lines += [f"Since {settings.wall(began)}.", alert.todo]
        elif ended is not None:
            late = "" if note.what == ENDED else " It was not told here while it lasted."
            lines.append(f"It is over: it lasted from {settings.wall(began)} to {settings.wall(ended)}.{late}")
            lines += [settings.unwatched(gap) for gap in note.unwatched]
        if note.what == BEGAN and settings.public_url:
            lines.append(_runbook(alert, settings))
        found.append("\n".join(lines))
    return "\n\n".join(found) + "\n"


def shown(note: Note, settings: Alerts) -> dict[str, Any]:
    """As a webhook is told."""
    alert = asdict(note.alert)
    fields = ("id", "name", "severity", "summary", "todo")
    return {
        "what": note.what,
        **{name: alert[name] for name in fields},
        "began_at": note.alert.began,
        "ended_at": note.alert.ended,
        "runbook_url": _runbook(note.alert, settings),
    }


def _runbook(alert: Alert, settings: Alerts) -> str:
    # What an earlier release has begun this one may not know: its end is told all the same.
    known = NAMED.get(alert.name)
    return rules.runbook(known, settings.public_url) if known else f"{settings.public_url}{rules.PAGE}"


def message_id(notes: Sequence[Note]) -> str:
    """The same for the same notes: whoever is told twice can tell."""
    told = "\n".join(sorted(f"{note.alert.id} {note.what}" for note in notes))
    return f"alerts-{hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"


def mail(said: str, words: str, about: str, settings: Alerts, now: datetime) -> EmailMessage:
    """``said`` is its subject, ``about`` tells it from others."""
    assert settings.server is not None
    found = EmailMessage()
    found["Subject"] = " ".join(text.visible(said).split())
    found["From"] = settings.server.sender
    found["To"] = ", ".join(settings.to)
    found["Date"] = format_datetime(now)
    found["Message-ID"] = f"<{about}@{urlsplit(settings.public_url).hostname or 'wrapup'}>"
    found["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers it
    found.set_content(words)
    return found
