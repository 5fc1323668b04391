"""Ringostat, played locally over real HTTP: a call log, webhooks that are sent once, rows for Power Dialer campaigns.

    ringostat = Ringostat(zone="Europe/Kyiv", webhooks=[Webhook(url, "after_call")])
    ringostat.end(ringostat.begin(columns))
    with running(create_app(ringostat)) as url: ...

``api.create_app(ringostat)`` is its HTTP side; ``python -m sandbox.ringostat --port 9444`` serves it from a shell.
Documentation played here: help.ringostat.com, "Ringostat API. Export call log", "Ringostat API: Power Dialer Campaign
Content", "How to realise the Ringostat integration using Webhooks".
"""

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox import past
from sandbox.faults import COMMON, Faults
from sandbox.ringostat import calls
from sandbox.ringostat.webhooks import Delivery, Webhook, post
from sandbox.traffic import placed_until

OWN = {
    "truncates": "the call log holds value calls at most (50), and does not say so",
    "late_recording": "recordings are not there yet",
    "missed_webhook": "a webhook is not sent; its path is webhook/<event>",
    "strings": "numbers are written as texts",
    "refuses": "a row is answered with result false; value: the reason",
}
FAULTS = (*COMMON, *OWN)
MOST_CALLS = 20_000
MOST_ROWS = 20_000  # of campaigns, that are remembered


@dataclass
class Call:
    """A call, as the log shows it. ``columns`` has everything but its time."""

    uniqueid: str
    at: datetime
    columns: dict[str, Any]
    over: bool = False

    def row(self, zone: ZoneInfo) -> dict[str, Any]:
        """Its columns now; a call that is not over has neither lengths nor a recording."""
        shown = self.columns
        if not self.over:
            shown = {name: value for name, value in shown.items() if name not in calls.KNOWN_AT_THE_END}
            shown |= {"disposition": "IN PROGRESS"}
        return {"uniqueid": self.uniqueid, "calldate": wall(self.at, zone)} | shown


@dataclass
class Project:
    """What has come in and gone out, for tests and the ledger."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)


class Ringostat:
    """One project. ``limit``: how many calls the log answers at most, 6500 at Ringostat's."""

    def __init__(
        self,
        project_id: str = "123",
        auth_key: str = "demo",
        zone: str = "UTC",
        limit: int = 6500,
        webhooks: tuple[Webhook, ...] = (),
        campaigns: tuple[int, ...] = (456, 457),
        seed: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.project_id = project_id
        self.auth_key = auth_key
        self.zone = ZoneInfo(zone)
        self.limit = limit
        self.webhooks = webhooks
        self.campaigns = campaigns
        self.now = now
        self.faults = Faults(FAULTS)
        self.project = Project()
        self._dice = random.Random(seed)
        self._calls: list[Call] = []
        self._number = 0
        self._waiting: deque[dict[str, Any]] = deque()  # rows of campaigns that traffic has not called
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    # Calls ------------------------------------------------------------------------------------------------------------
    def begin(self, columns: dict[str, Any] | None = None, at: datetime | None = None, **more: Any) -> Call:
        """A call begins: it is in the log, and webhooks say so. Without columns, a call like any other."""
        at = at or self.now()
        with self._lock:
            self._number += 1
            given = {**(calls.call(self._dice) if columns is None else columns), **more}
            call = Call(str(given.pop("uniqueid", f"{int(at.timestamp())}.{self._number}")), at, given)
            self._calls.append(call)
            del self._calls[:-MOST_CALLS]
        self._tell(call, "before_call")
        return call

    def pick_up(self, call: Call) -> None:
        self._tell(call, "pick_up")

    def end(self, call: Call) -> Call:
        """The call is over: the log and webhooks say how it was."""
        call.over = True
        self._tell(call, "after_call")
        return call

    def add(self, columns: dict[str, Any] | None = None, at: datetime | None = None, **more: Any) -> Call:
        """A call that began and ended."""
        return self.end(self.begin(columns, at, **more))

    def log(self, start: str, end: str) -> list[Call]:
        """The calls between two wall clocks, both included, the earliest first."""
        with self._lock:
            found = [(wall(call.at, self.zone), call.uniqueid, call) for call in self._calls]
        return [call for _, _, call in sorted(one for one in found if start <= one[0] <= end)]

    def _tell(self, call: Call, event: str) -> None:
        for webhook in self.webhooks:
            if webhook.event == event and "missed_webhook" not in self.faults.strike(f"webhook/{event}"):
                delivery = post(webhook, call.row(self.zone) | {"project_id": self.project_id})
                with self._lock:
                    self.project.deliveries = [*self.project.deliveries[-999:], delivery]

    # Rows -------------------------------------------------------------------------------------------------------------
    def take(self, row: dict[str, Any]) -> str | None:
        """Put a row into its campaign; the reason where it is refused."""
        campaign, fio, number = (row.get(name) for name in ("campaignId", "fio", "phone_number"))
        if type(campaign) is not int or campaign not in self.campaigns:
            return "Campaign not found"
        if not isinstance(fio, str) or not isinstance(number, str) or not number.removeprefix("+").isdigit():
            return "Wrong phone_number or fio"
        with self._lock:
            self.project.rows.append(row)
            del self.project.rows[:-MOST_ROWS]
            self._waiting.append(row)
        return None

    # Traffic ----------------------------------------------------------------------------------------------------------
    def start_traffic(self, calls_per_minute: float, missed: float = 0.1, longest: float = 8.0) -> None:
        """Place calls until ``stop_traffic``: the rows of campaigns first. So many webhooks of a hundred percent are missed;
        a call lasts so many seconds at most."""
        self._stopped.clear()
        threading.Thread(
            target=self._place, args=(60 / calls_per_minute, missed, longest), name="ringostat-traffic", daemon=True
        ).start()

    def stop_traffic(self) -> None:
        self._stopped.set()

    def _place(self, pause: float, missed: float, longest: float) -> None:
        placed_until(
            self._stopped,
            lambda: self._dice.uniform(0.5, 1.5) * pause,
            lambda: threading.Thread(target=self._one, args=(missed, longest), daemon=True).start(),
        )

    def _one(self, missed: float, longest: float) -> None:
        with self._lock:
            columns = calls.call(self._dice)
            if self._waiting:
                number = self._waiting.popleft()["phone_number"].removeprefix("+")
                columns = calls.outgoing(columns, number, self._dice)
            lasts, quiet = self._dice.uniform(0.2, 1) * longest, self._dice.random() < missed
            columns = calls.lasting(columns, lasts)  # nothing lies in the future when it is told
        call = self.begin(columns)
        self._stopped.wait(lasts)
        if quiet:
            call.over = True  # its webhook never came; the log alone tells
        else:
            self.end(call)

    def furnish(self, past_calls: int = 20, past_days: int = 0, calls_a_day: int = 20) -> None:
        """Some calls of the last hours and those of earlier days, without webhooks."""
        for at, dice in past.moments(self.now(), past_days, calls_a_day):
            name = f"{int(at.timestamp())}.{dice.randrange(10**6, 10**7)}"
            self._calls.append(Call(name, at, calls.call(dice), over=True))
        for _ in range(past_calls):
            at = self.now() - timedelta(seconds=self._dice.uniform(60, 3 * 3600))
            with self._lock:
                self._number += 1
                name = f"{int(at.timestamp())}.{self._number}"
                self._calls.append(Call(name, at, calls.call(self._dice), over=True))


def wall(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
