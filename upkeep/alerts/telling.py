"""Telling somebody: a mail, a signed webhook, or a call of the heartbeat. Each is bounded, and says what went wrong in an
ExchangeError, whose sentence holds no secret."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from lib.http import signing
from lib.http.errors import Unavailable
from lib.http.exchange import Http, Patience, host_of
from lib.mail import smtp
from upkeep.alerts import messages
from upkeep.alerts.settings import MAIL, Alerts
from upkeep.alerts.state import Note

ALERTS, DIGEST = "wrapup.alerts", "wrapup.digest"  # types of events
log = structlog.get_logger(__name__)
_PATIENCE = Patience(connect=10.0, read=20.0, whole=20.0, altogether=30.0, most_bytes=64 * 1024)


class Teller:
    """By one channel. Shared by threads."""

    def __init__(self, channel: str, settings: Alerts):
        self.channel = channel
        self._settings = settings
        self._http = Http(_PATIENCE, settings.ca_file)
        self._keys = [signing.key(one) for one in settings.secrets]

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
            assert settings.server is not None
            taken = smtp.send(settings.server, messages.mail(said, words, about, settings, now), settings.to)
            if taken.refused:  # the others have it, and would have it twice
                log.error("alert_recipients_refused", refused=dict(taken.refused))
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
