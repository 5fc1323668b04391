"""VoIPEX, played locally over real HTTP: tokens, call lists, campaigns, and webhooks for the calls of campaigns that run.

    voipex = Voipex(webhook_url="http://127.0.0.1:8080/callbacks/voipex/<token>/event")
    with running(create_app(voipex)) as url: ...

``api.create_app(voipex)`` is its HTTP side; ``python -m sandbox.voipex --port 9445`` serves it from a shell.
Documentation played here: IpexCloud/voipex-docs ("Authorization", "Dialer"), IPEX Confluence ("Webhooks").
"""

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import COMMON, Faults
from sandbox.timetable import Timetable
from sandbox.traffic import placed_until
from sandbox.voipex import calls
from sandbox.voipex.calls import Courier
from sandbox.voipex.orders import CREATED, REMOVED, RUNNING, checked_campaign, checked_list, next_state

# Of VoIPEX alone; the rest is every dialer's. Those of webhooks are on or off, however many are posted.
OWN_FAULTS = {
    "expired": "every access token is forgotten before the request is looked at",
    "session_over": "every token is forgotten before the request is looked at, refresh tokens too",
    "grant_refused": "the token address answers 401",
    "refresh_refused": "the token address answers 400 to a refresh token",
    "grant_without_token": "the token address answers 200 without a token",
    "fewer_numbers": "a call list is said to hold one number less than was sent",
    "no_count": "a call list's answer has no numbersCount",
    "no_id": "what is made is answered without its id",
    "calls_in_object": "GET /calls answers an object instead of a list",
}
WEBHOOK_FAULTS = {
    "shuffled": "a call's webhooks come in any order",
    "repeated": "every webhook comes twice",
    "unquoted": "webhooks are written as in the documentation's sample, without quotation marks",
    "form": "webhooks are forms",
}
FAULTS = (*COMMON, *OWN_FAULTS, *WEBHOOK_FAULTS)
MOST_CALLS = 10_000


@dataclass
class CallList:
    id: int
    name: str
    numbers: list[str]


@dataclass
class Campaign:
    """``called`` counts the calls of each of its numbers."""

    id: int
    fields: dict[str, Any]
    numbers: list[str]
    state: str = CREATED
    called: Counter = field(default_factory=Counter)


class Voipex:
    """One account. ``time_scale`` shortens calls: 0.1 makes a minute six seconds; tokens live by our own clock."""

    def __init__(
        self,
        username: str = "demo",
        password: str = "demo",
        client_id: str = "api",
        token_seconds: float = 3000,
        refresh_seconds: float = 7200,
        webhook_url: str | None = None,
        webhook_fields: Mapping[str, str] | None = None,
        time_scale: float = 1.0,
        seed: int = 0,
        now: Callable[[], float] = time.time,
    ):
        self.credentials = {"client_id": client_id, "username": username, "password": password}
        self.token_seconds = token_seconds
        self.refresh_seconds = refresh_seconds
        self.now = now
        self.faults = Faults(FAULTS)
        self.grants: Counter = Counter()
        self.requests: list[dict[str, Any]] = []
        self.lists: dict[int, CallList] = {}
        self.campaigns: dict[int, Campaign] = {}
        self.ivrs: list[dict[str, Any]] = [{"id": "TUxw53xCBf", "name": "Welcome", "description": "", "routing": []}]
        self.calls: list[dict[str, Any]] = []
        self.timetable = Timetable(time_scale)
        self.courier = Courier(webhook_url, webhook_fields or {})
        self._access: dict[str, float] = {}
        self._refresh: dict[str, float] = {}
        self._placed = 0
        self._dice = random.Random(seed)
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    # Tokens -----------------------------------------------------------------------------------------------------------
    def grant(self, form: Mapping[str, str]) -> dict[str, Any] | None:
        """Tokens for the password, or for a refresh token; None where it is refused."""
        kind = form.get("grant_type", "")
        with self._lock:
            self.grants[kind] += 1
            if kind == "password":
                good = all(form.get(name) == value for name, value in self.credentials.items())
            else:
                known = self._refresh.pop(form.get("refresh_token", ""), 0) > self.now()
                good = kind == "refresh_token" and known and form.get("client_id") == self.credentials["client_id"]
            if not good:
                return None
            access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
            self._access[access] = self.now() + self.token_seconds
            self._refresh[refresh] = self.now() + self.refresh_seconds
        return {
            "access_token": access,
            "expires_in": self.token_seconds,
            "refresh_token": refresh,
            "refresh_expires_in": self.refresh_seconds,
            "token_type": "Bearer",
            "session_state": "sandbox",
            "scope": "profile email",
            "not-before-policy": 0,
        }

    def knows(self, token: str) -> bool:
        with self._lock:
            return self._access.get(token, 0) > self.now()

    def forget_tokens(self, refresh_tokens_too: bool = False) -> None:
        with self._lock:
            self._access.clear()
            if refresh_tokens_too:
                self._refresh.clear()

    # Campaigns --------------------------------------------------------------------------------------------------------
    def make_list(self, given: Any) -> CallList:
        """Raises Refusal."""
        name, numbers = checked_list(given)
        with self._lock:
            made = CallList(len(self.lists) + 1, name, numbers)
            self.lists[made.id] = made
        return made

    def make_campaign(self, given: Any) -> Campaign:
        """Raises Refusal."""
        with self._lock:
            fields = checked_campaign(given, self.lists, {ivr["id"] for ivr in self.ivrs})
            numbers = [number for one in fields["callLists"] for number in self.lists[one].numbers]
            made = Campaign(len(self.campaigns) + 1, fields, numbers)
            self.campaigns[made.id] = made
        return made

    def control(self, campaign_id: int, command: object) -> Campaign | None:
        """None for a campaign that does not exist. Raises Refusal."""
        with self._lock:
            campaign = self.campaigns.get(campaign_id)
            if campaign is None or campaign.state == REMOVED:
                return None
            campaign.state = next_state(campaign.state, command)
        return campaign

    # Calls ------------------------------------------------------------------------------------------------------------
    def furnish(self, numbers: int = 40) -> Campaign:
        """A campaign that runs."""
        listed = [{"number": f"601{n:06d}", "attributes": []} for n in self._dice.sample(range(10**6), numbers)]
        made = self.make_list({"name": "Renewals", "numbers": listed})
        period = {"startTime": "00:00", "endTime": "23:59", "weekDays": [1, 2, 3, 4, 5, 6, 7]}
        campaign = self.make_campaign(
            {
                "name": "Renewals",
                "callerId": "222333444",
                "activePeriod": period,
                "callLists": [made.id],
                "rescheduleRules": [],
                "ivr": self.ivrs[0]["id"],
                "endpoint": {"type": "queue", "queue": "green"},
            }
        )
        self.control(campaign.id, "start")
        return campaign

    def call(self, result: str | None = None) -> str | None:
        """Call the number that was called least of a campaign that runs, and post what comes of it; its UniqueId. None where
        no campaign runs. ``result`` is one of ``calls.RESULTS``."""
        with self._lock:
            waiting = [
                (campaign.called[number], campaign.id, place, number)
                for campaign in self.campaigns.values()
                if campaign.state == RUNNING
                for place, number in enumerate(campaign.numbers)
            ]
            if not waiting:
                return None
            _, campaign_id, _, number = min(waiting)
            campaign = self.campaigns[campaign_id]
            campaign.called[number] += 1
            self._placed += 1
            unique_id = f"{int(self.now())}.{self._placed}"
            queue = campaign.fields.get("endpoint", {}).get("queue")
            result = result or calls.result(self._dice)
            posts = calls.webhooks(unique_id, campaign.fields["callerId"], number, queue, result, self._dice)
            self.calls.append({"uniqueId": unique_id, "number": number, "result": result})
            del self.calls[:-MOST_CALLS]
            on = {fault["name"] for fault in self.faults.on()} & set(WEBHOOK_FAULTS)
            moments = [after for after, _ in posts]
            if "shuffled" in on:
                self._dice.shuffle(moments)
        for after, (_, webhook) in zip(moments, posts, strict=True):
            for _ in range(2 if "repeated" in on else 1):
                self.timetable.after(after, self.courier.post, webhook, on)
        return unique_id

    def start_traffic(self, calls_per_minute: float) -> None:
        """Place calls, one after the other, until ``stop_traffic``."""
        self._stopped.clear()
        threading.Thread(target=self._place, args=(60 / calls_per_minute,), name="voipex-traffic", daemon=True).start()

    def stop_traffic(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.stop_traffic()
        self.timetable.close()

    def _place(self, pause: float) -> None:
        placed_until(self._stopped, lambda: self._dice.uniform(0.5, 1.5) * pause, self.call)

    def noted(self, verb: str, path: str, status: int) -> None:
        with self._lock:
            self.requests = [*self.requests[-999:], {"verb": verb, "path": path, "status": status}]
