"""Telling somebody: a mail, a signed webhook, or a call of the heartbeat. Each is bounded, and says what went wrong in an
ExchangeError, whose sentence holds no secret."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import structlog

from lib.http import signing
from lib.http.errors import Declined, ExchangeError, Unavailable
from lib.http.exchange import Http, Patience, host_of
from lib.mail import smtp
from upkeep.alerts import messages
from upkeep.alerts.settings import MAIL, Alerts
from upkeep.alerts.state import PAUSES, Note

ALERTS, DIGEST = "wrapup.alerts", "wrapup.digest"  # types of events
log = structlog.get_logger(__name__)
MOST_TRIES = 20  # of a mail that some have; four hours and a half
MOST_PUT_OFF = 100  # mails
_PATIENCE = Patience(connect=10.0, read=20.0, whole=20.0, altogether=30.0, most_bytes=64 * 1024)


@dataclass(frozen=True)
class _Mail:
    """``to``: who does not have it yet; where it was tried before, others do. ``next_at``: not before."""

    message: EmailMessage
    to: Sequence[str]
    next_at: datetime
    tries: int = 0


class Teller:
    """By one channel. A thread's own: it remembers whom the mail server has put off. ``left_out``: who did not get the last mail
    that others got, and what the server said of them."""

    def __init__(self, channel: str, settings: Alerts):
        self.channel = channel
        self._settings = settings
        self._http = Http(_PATIENCE, settings.ca_file)
        self._keys = [signing.key(one) for one in settings.secrets]
        self._put_off: list[_Mail] = []
        self.left_out: Mapping[str, str] = {}

    def notes(self, notes: Sequence[Note], now: datetime) -> None:
        """Raises ExchangeError where they were not taken, or may not have been."""
        said, words, about = messages.subject(notes), messages.body(notes, self._settings), messages.message_id(notes)
        data = {"alerts": [messages.shown(note, self._settings) for note in notes]}
        self._send(said, words, about, ALERTS, data, now)

    def digest(self, digest: Mapping[str, Any], now: datetime) -> None:
        """Raises as ``notes``."""
        about = f"digest-{digest['day']}"
        self._send(digest["subject"], digest["text"], about, DIGEST, {"day": digest["day"]}, now)

    def _send(self, said: str, words: str, about: str, kind: str, data: Mapping[str, Any], now: datetime) -> None:
        settings = self._settings
        if self.channel == MAIL:
            self._hand(_Mail(messages.mail(said, words, about, settings, now), settings.to, now), now)
            return
        assert settings.webhook is not None
        text = f"{said}\n{words}"
        told: Mapping[str, Any] = {"text": text}
        if not settings.slack:
            told = {"type": kind, "timestamp": now.isoformat(), "data": {"text": text, **data}}
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if self._keys:
            headers |= signing.headers(about, int(now.timestamp()), body, self._keys)
        answer = self._http.exchange("POST", settings.webhook, what="an alert", data=body, headers=headers)
        if not 200 <= answer.status < 300:
            raise Unavailable(f"{host_of(settings.webhook)} did not take an alert ({answer.status}).")

    def again(self, now: datetime) -> None:
        """Try mails again whose time has come with those whom the server has put off; all others have them."""
        due = [one for one in self._put_off if not now < one.next_at <= now + PAUSES[-1]]
        for one in due:
            self._put_off.remove(one)
            self._hand(one, now)

    def _hand(self, mail: _Mail, now: datetime) -> None:
        """Whom the server refuses for good is named in the log. Whom it puts off (4yz), as one does that greylists, is tried
        again alone: the others have it, and would have it twice. Raises ExchangeError where nobody has it."""
        assert self._settings.server is not None
        try:
            refused = self.left_out = smtp.send(self._settings.server, mail.message, mail.to).refused
            later = {one for one, said in refused.items() if said.startswith("4")}
        except ExchangeError as error:
            if not mail.tries:
                raise
            refused = dict.fromkeys(mail.to, str(error))
            later = set() if isinstance(error, Declined) else {*mail.to}
        if later and mail.tries < MOST_TRIES:
            pause = PAUSES[min(mail.tries, len(PAUSES) - 1)]
            again = replace(
                mail, to=[one for one in mail.to if one in later], next_at=now + pause, tries=mail.tries + 1
            )
            self._put_off = [*self._put_off, again][-MOST_PUT_OFF:]
            log.error("alert_recipients_put_off", refused={one: refused[one] for one in again.to})
            refused = {one: said for one, said in refused.items() if one not in later}
        if refused:
            log.error("alert_recipients_refused", refused=dict(refused))


class Heartbeat:
    """Calls a URL, so that somebody outside notices when nobody calls any more."""

    def __init__(self, url: str, ca_file: str | None):
        self._url = url
        self._http = Http(_PATIENCE, ca_file)

    def call(self) -> None:
        """Raises ExchangeError."""
        answer = self._http.exchange("GET", self._url, what="the heartbeat")
        if answer.status >= 300:
            raise Unavailable(f"{host_of(self._url)} did not take the heartbeat ({answer.status}).")
