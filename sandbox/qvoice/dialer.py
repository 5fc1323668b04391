"""QVoice, played locally over real HTTP: fills its reports, page by page, takes leads, and misbehaves on request.

    qvoice = QVoice()
    qvoice.add({"timestamp": 1793000000, "campaign_name": "Renewals", "lead_number": "+15550100001"})
    with running(create_app(qvoice)) as url: ...

``api.create_app(qvoice)`` is its HTTP side; ``python -m sandbox.qvoice --port 9443`` serves it from a shell.
Documentation played here: docs.qvoice.net, "Campaigns".
"""

import json
import math
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox import past
from sandbox.faults import Faults
from sandbox.qvoice import calls
from sandbox.qvoice.calls import Campaign
from sandbox.qvoice.faults import FAULTS
from sandbox.traffic import placed_until

MOST_CALLS = 20_000  # of the report, and of leads that were taken: about 3 kB each


@dataclass
class Call:
    """A row of the activity report. ``columns`` is a dict, or a text that is put into the answer as it stands."""

    number: int
    timestamp: float
    columns: dict[str, Any] | str
    shown_from: float
    recorded: dict[str, Any] = field(default_factory=dict)
    recorded_from: float = 0.0

    def now(self, at: float) -> dict[str, Any] | str:
        """What the report shows at this moment."""
        if isinstance(self.columns, str) or at < self.recorded_from:
            return self.columns
        return self.columns | self.recorded

    @property
    def key(self) -> str:
        return f"{self.number:012x}"


@dataclass
class Request:
    """One request as it came, for tests and the ledger."""

    path: str
    query: dict[str, str]
    status: int
    at: float


class QVoice:
    """One tenant. ``time_scale`` shortens what takes time after a call: 0.1 makes a minute of wrap-up six seconds."""

    def __init__(
        self,
        username: str = "demo",
        password: str = "demo",
        domain: str = "demo",
        account_id: str = "demo",
        token_seconds: float = 3600,
        most_per_page: int = 1000,
        time_scale: float = 1.0,
        seed: int = 0,
        now: Callable[[], float] = time.time,
    ):
        self.login = {"username": username, "password": password, "domain": domain}
        self.account_id = account_id
        self.token_seconds = token_seconds
        self.most_per_page = most_per_page
        self.time_scale = time_scale
        self.now = now
        self.faults = Faults(FAULTS)
        self.requests: list[Request] = []
        self.logins = 0
        self.campaigns: dict[str, Campaign] = {}
        self.queues: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []  # every lead that was ever added over HTTP, in order
        self.voicemails: list[str] = []  # calls that were marked as answered by a voicemail
        self._dice = random.Random(seed)
        self._tokens: dict[str, float] = {}
        self._calls: list[Call] = []
        self._number = 0
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    # Logins -----------------------------------------------------------------------------------------------------------
    def log_in(self, given: object) -> str | None:
        """A new token; None for wrong credentials."""
        with self._lock:
            self.logins += 1
            if given != self.login:
                return None
            token = secrets.token_urlsafe(24)
            self._tokens[token] = self.now() + self.token_seconds
            return token

    def knows(self, token: str) -> bool:
        with self._lock:
            return self._tokens.get(token, 0) > self.now()

    def forget_tokens(self) -> None:
        with self._lock:
            self._tokens.clear()

    # Calls ------------------------------------------------------------------------------------------------------------
    def add(
        self,
        columns: dict[str, Any] | str,
        timestamp: float | None = None,
        after: float = 0.0,
        recorded: dict[str, Any] | None = None,
        recorded_after: float = 0.0,
    ) -> Call:
        """A row that is shown ``after`` seconds from now, and whose ``recorded`` columns are filled so many seconds later.

        ``timestamp`` is what the window looks at; the row's own, or now, where it is not given.
        """
        with self._lock:
            if timestamp is None:
                stated = columns.get("timestamp") if isinstance(columns, dict) else None
                timestamp = stated if isinstance(stated, int | float) else self.now()
            shown = self.now() + after
            self._number += 1
            call = Call(self._number, timestamp, columns, shown, recorded or {}, shown + recorded_after)
            self._calls.append(call)
            del self._calls[:-MOST_CALLS]
            return call

    def change(self, call_id: str, **columns: Any) -> None:
        """Change columns of a call, as an agent or a supervisor does later."""
        with self._lock:
            for call in self._calls:
                if isinstance(call.columns, dict) and call.columns.get("call_id") == call_id:
                    call.columns = call.columns | columns
                    call.recorded = {name: value for name, value in call.recorded.items() if name not in columns}

    def calls(self, start: float | None, end: float | None) -> list[Call]:
        """The calls that the window shows now, the latest first, as Kazoo orders them."""
        now = self.now()
        with self._lock:
            found = [call for call in self._calls if call.shown_from <= now]
        inside = [c for c in found if (start is None or c.timestamp >= start) and (end is None or c.timestamp <= end)]
        return sorted(inside, key=lambda call: (call.timestamp, call.number), reverse=True)

    # Leads ------------------------------------------------------------------------------------------------------------
    def add_lead(self, campaign_id: str, given: dict[str, Any]) -> bool:
        """Add a new lead; False where there is no such campaign."""
        with self._lock:
            campaign = self.campaigns.get(campaign_id)
            if campaign is None:
                return False
            lead_id = f"{self._dice.getrandbits(128):032x}"
            own = {"created": math.ceil(self.now()), "campaign_id": campaign_id, "id": lead_id}
            lead = {"status": "new", **given, **own}
            campaign.leads = {**campaign.leads, lead_id: lead}
            self.taken.append(lead)
            del self.taken[:-MOST_CALLS]
            return True

    def set_lead_status(self, lead_id: str, status: str) -> bool:
        """False where there is no such lead."""
        with self._lock:
            campaign = self._of_lead(lead_id)
            if campaign is not None:
                campaign.leads = {**campaign.leads, lead_id: {**campaign.leads[lead_id], "status": status}}
            return campaign is not None

    def delete_lead(self, lead_id: str) -> bool:
        """False where there is no such lead."""
        with self._lock:
            campaign = self._of_lead(lead_id)
            if campaign is not None:
                campaign.leads = {key: lead for key, lead in campaign.leads.items() if key != lead_id}
            return campaign is not None

    def mark_voicemail(self, call_id: str) -> bool:
        """False where there is no such call. No page says how the call reads back, so its row stays as it is."""
        with self._lock:
            known = any(isinstance(c.columns, dict) and c.columns.get("call_id") == call_id for c in self._calls)
            if known:
                self.voicemails.append(call_id)
                del self.voicemails[:-MOST_CALLS]
            return known

    def _of_lead(self, lead_id: str) -> Campaign | None:
        return next((campaign for campaign in self.campaigns.values() if lead_id in campaign.leads), None)

    # Traffic ----------------------------------------------------------------------------------------------------------
    def furnish(self, leads: int = 40, past_calls: int = 20, past_days: int = 0, calls_a_day: int = 20) -> None:
        """Two campaigns with leads and two queues, the same in every tenant; some calls of the last hours, and those of
        earlier days."""
        now, dice = self.now(), random.Random("a tenant")
        for name in ("Renewals", "Winback 2026"):
            campaign = calls.campaign(name, dice, leads, int(now) - 86_400 * (past_days + 1))
            self.campaigns[campaign.id] = campaign
            self.queues.append(calls.queue(f"{name} desk", dice))
        campaigns = list(self.campaigns.values())
        for at, dice in past.moments(datetime.fromtimestamp(now, UTC), past_days, calls_a_day):
            row, recorded = calls.call(dice.choice(campaigns), dice, at.timestamp())
            self.add(row | recorded)
        for _ in range(past_calls):
            self._call(now - self._dice.uniform(60, 3 * 3600), 0)

    def start_traffic(self, calls_per_minute: float) -> None:
        """Let calls end, one after the other, until ``stop_traffic``."""
        self._stopped.clear()
        threading.Thread(target=self._place, args=(60 / calls_per_minute,), name="qvoice-traffic", daemon=True).start()

    def stop_traffic(self) -> None:
        self._stopped.set()

    def _place(self, pause: float) -> None:
        placed_until(
            self._stopped,
            lambda: self._dice.uniform(0.5, 1.5) * pause,
            lambda: self._call(self.now(), self._dice.uniform(5, 40) * self.time_scale),
        )

    def _call(self, ended: float, recorded_after: float) -> None:
        with self._lock:
            with_leads = [campaign for campaign in self.campaigns.values() if campaign.callable(ended)]
            if not with_leads:
                return
            row, recorded = calls.call(self._dice.choice(with_leads), self._dice, ended)
            self.add(row, recorded=recorded, recorded_after=recorded_after)

    def noted(self, request: Request) -> None:
        with self._lock:
            self.requests = [*self.requests[-999:], request]


def as_json(value: dict[str, Any] | str) -> str:
    """A record as it stands in an answer."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
