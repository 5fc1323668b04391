"""Ryng, played locally over real HTTP: takes calls, places them, posts callbacks, misbehaves on request.

    with Ryng(time_scale=0.02, seed=1) as ryng:
        ryng.start_traffic(connect_url, terminal_url, calls_per_minute=30)

``api.create_app(ryng)`` is its HTTP side; ``python -m sandbox.ryng --help`` does both from a shell. Documentation
played here: docs.ryng.in, all nine pages.
"""

import itertools
import random
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.faults import COMMON, Faults
from sandbox.ryng import plan
from sandbox.ryng.bodies import (
    AGENT_FIRST,
    APPEND,
    CALL_ENDED,
    CAMPAIGN,
    QUEUE,
    TRANSACTIONAL,
    Agent,
    Call,
    connect_body,
    terminal_body,
)
from sandbox.ryng.courier import Callback, Courier, Ledger
from sandbox.ryng.faults import checked, written
from sandbox.ryng.plan import AGENTS, Plan, Step
from sandbox.timetable import Timetable
from sandbox.traffic import placed_until

PRODUCTS = ("Life Insurance", "Motor Insurance", "Toothpaste")
MOST_CALLS = 50_000
MOST_NUMBERS = 1_000  # of customers whom traffic calls again
NAMES = ("Asha", "Benji", "Chetan", "Divya", "Emma", "Farhan", "गीता", "Zoë")
CUSTOM_FIELD_NAMES = {"customField1Name": "Name", "customField2Name": "Product", "customField3Name": "Lead ID"}


class Placed:
    """A call that was placed, and where its callbacks go. ``call.attempts`` is the truth, whatever was posted."""

    def __init__(self, plan: Plan, urls: Mapping[str, str | None], began: datetime, second: float):
        self.plan = plan
        self.call = plan.call
        self.urls = urls
        self.began = began
        self.second = second  # of ours, that one of the plan's takes
        self.cancelled = False
        self.disposed_by_hand = False
        self.posted: set[int] = set()  # steps, by number


class Ryng:
    """One tenant. ``epoch`` fixes the times in the bodies for tests; without it they end in the present."""

    def __init__(
        self,
        time_scale: float = 1.0,
        seed: int = 0,
        faults: Mapping[str, float] | None = None,
        access_token: str = "sandbox-ryng-token",
        rate_limit: int | None = 60,
        patience: float = 15.0,
        slow_seconds: float = 3.0,
        ssl_context: ssl.SSLContext | None = None,
        epoch: datetime | None = None,
        agents: tuple[Agent, ...] = AGENTS,
        first_call_id: int = 131,
        first_log_id: int = 894,
        keep: int = MOST_CALLS,
    ):
        self.access_token = access_token
        self.rate_limit = rate_limit  # requests per minute of Ryng's; None: none
        self.seed = seed
        self.agents = agents
        self.faults: dict[str, float] = checked(faults or {})
        self.wire = Faults(COMMON)  # of its answers to requests
        self.keep = keep  # calls, and callbacks in the ledger
        self.ledger = Ledger(keep)
        self.timetable = Timetable(time_scale)
        self._courier = Courier(self.timetable, self.ledger, patience, slow_seconds, ssl_context)
        self._epoch = epoch
        self._lock = threading.Lock()
        self._call_ids = itertools.count(first_call_id)
        self._log_ids = itertools.count(first_log_id)
        self._placed: dict[int, Placed] = {}
        self._dice = random.Random(f"{seed} traffic")
        self._numbers: list[str] = []
        self._indices = itertools.count()
        self._traffic_ends = threading.Event()
        self._traffic: threading.Thread | None = None

    def __enter__(self) -> "Ryng":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def calls(self) -> list[Call]:
        """Every call placed, with its attempts as they truly are or will be."""
        with self._lock:
            return [placed.call for placed in self._placed.values()]

    # Placing calls ---------------------------------------------------------------------------------------------------
    def place(
        self,
        number: str,
        connect_url: str | None,
        terminal_url: str | None,
        page: str = CAMPAIGN,
        custom_fields: Mapping[str, str] | None = None,
        custom_field_names: Mapping[str, str] | None = None,
        agents: Iterable[Agent] = (),
        queue_id: int | None = None,
        queue_name: str | None = None,
        leg_direction: str = AGENT_FIRST,
        max_retries: int = 2,
        retry_minutes: int = 5,
        faults: Mapping[str, float] | None = None,
        asked_for: bool = False,
        created: datetime | None = None,
        call_id: int | None = None,
        log_ids: Iterator[int] | None = None,
    ) -> Call:
        """Place one call: decide what becomes of it, and post its callbacks as that happens. A call that was ``asked_for``
        begins now; one with ``created`` is of the past, and its callbacks are posted at once."""
        with self._lock:
            call = Call(
                call_id=next(self._call_ids) if call_id is None else call_id,
                page=page,
                customer_number=number,
                created=datetime(2020, 11, 18, 7, 10, tzinfo=UTC),
                custom_fields=custom_fields or {},
                custom_field_names=custom_field_names or {},
                queue_id=queue_id,
                queue_name=queue_name,
                leg_direction=leg_direction,
            )
            dice = random.Random(f"{self.seed} {call.call_id}")
            chances = self.faults if faults is None else checked(faults)
            made = plan.plan(
                call, dice, log_ids or self._log_ids, tuple(agents) or self.agents, max_retries, retry_minutes, chances
            )
            began, second = datetime.now(UTC), self.timetable.time_scale
            if asked_for and second < 1 and self._epoch is None:
                made, second = plan.hurried(made, second), 1.0
                created = began
            made = plan.moved(made, created or self._created(made, began))
            placed = Placed(made, {"connect": connect_url, "terminal": terminal_url}, began, second)
            self._placed[call.call_id] = placed
            if len(self._placed) > self.keep:
                del self._placed[next(iter(self._placed))]
        for at, step in enumerate(placed.plan.steps):
            due = step.offset if asked_for or not created else 0.0
            self.timetable.after(due, self._post, placed, at, step)
        return call

    def cancel(self, call_id: int) -> bool:
        """Stop a call: nothing more is posted of it. False: there is no such call, or it is over."""
        with self._lock:
            placed = self._placed.get(call_id)
            if placed is None or placed.cancelled or len(placed.posted) == len(placed.plan.steps):
                return False
            placed.cancelled = True
            return True

    def dispose(self, call_id: int, log_id: int, disposition: str, notes: str) -> bool:
        """End a running call with this disposition; its terminal callback is posted now. False: there is none."""
        with self._lock:
            placed = self._placed.get(call_id)
            if placed is None or placed.cancelled or placed.disposed_by_hand:
                return False
            steps = enumerate(placed.plan.steps)
            open_steps = [
                number
                for number, step in steps
                if step.kind == "terminal" and step.attempt.log_id == log_id and number not in placed.posted
            ]
            if not open_steps:
                return False
            placed.disposed_by_hand = True
            step = placed.plan.steps[open_steps[0]]
            attempt = step.attempt
            now = min(attempt.ended, max(attempt.started, self._now(placed)))
            talked = max(0, attempt.talk_seconds - int((attempt.ended - now).total_seconds()))
            said = replace(
                attempt,
                ended=now,
                disposed=now,
                talk_seconds=talked,
                disposition=disposition,
                parent_disposition=None,
                notes=notes,
            )
            placed.call.attempts[:] = [said if known.log_id == log_id else known for known in placed.call.attempts]
        self._post(placed, open_steps[0], replace(step, attempt=said))
        return True

    # Traffic ---------------------------------------------------------------------------------------------------------
    def start_traffic(self, connect_url: str, terminal_url: str, calls_per_minute: float = 30) -> None:
        """Place calls of every kind, so many per minute of ours, until ``stop_traffic``."""
        self._traffic = threading.Thread(
            target=self._place_for_ever, args=(connect_url, terminal_url, 60 / calls_per_minute), daemon=True
        )
        self._traffic.start()

    def stop_traffic(self) -> None:
        self._traffic_ends.set()
        if self._traffic is not None:
            self._traffic.join()

    def place_some(self, count: int, connect_url: str, terminal_url: str) -> list[Call]:
        """Place so many calls of every kind at once."""
        return [self.place_any(connect_url, terminal_url) for _ in range(count)]

    def _place_for_ever(self, connect_url: str, terminal_url: str, pause: float) -> None:
        pauses = itertools.chain([0.0], itertools.repeat(pause))
        placed_until(self._traffic_ends, lambda: next(pauses), lambda: self.place_any(connect_url, terminal_url))

    def place_any(self, connect_url: str, terminal_url: str, **more: Any) -> Call:
        """Place a call of any kind; ``more`` is what ``place`` takes."""
        dice, numbers, index = self._dice, self._numbers, next(self._indices)
        page = dice.choice((CAMPAIGN, CAMPAIGN, QUEUE, APPEND, TRANSACTIONAL))
        fresh = f"+9198125{dice.randrange(10**5):05d}"
        # The same customer is called in several campaigns, and twice in one: a number is no key.
        number = dice.choice(numbers) if numbers and dice.random() < 0.15 else fresh
        numbers.append(number)
        del numbers[:-MOST_NUMBERS]
        queue: dict[str, Any] = (
            {} if page == CAMPAIGN else {"queue_id": dice.randint(1, 3), "queue_name": "Standard Queue"}
        )
        fields = {
            "customField1": dice.choice(NAMES),
            "customField2": dice.choice(PRODUCTS),
            "customField3": f"XT{1000 + index}",
        }
        return self.place(number, connect_url, terminal_url, page, fields, CUSTOM_FIELD_NAMES, **queue, **more)

    # Life ------------------------------------------------------------------------------------------------------------
    def drain(self, timeout: float = 30.0) -> None:
        """Wait, in our seconds, until every callback has been delivered or given up."""
        self.timetable.drain(timeout)

    def close(self) -> None:
        """Stop at once; what is planned is forgotten."""
        self._traffic_ends.set()
        self.timetable.close()

    def _created(self, made: Plan, began: datetime) -> datetime:
        """By the times in its bodies. One that is faster than time itself is dated back, so that durations stay true."""
        if self._epoch is not None:
            return self._epoch + timedelta(minutes=made.call.call_id)
        return began - timedelta(seconds=made.length * max(0.0, 1 - self.timetable.time_scale))

    def _now(self, placed: Placed) -> datetime:
        return placed.call.created + (datetime.now(UTC) - placed.began) / placed.second

    def _post(self, placed: Placed, number: int, step: Step) -> None:
        with self._lock:
            if placed.cancelled or number in placed.posted:
                return
            placed.posted.add(number)
        url = placed.urls[step.kind]
        if url is None:
            return
        if step.kind == "connect":
            body = connect_body(placed.call, step.attempt, step.event)
        else:
            body = terminal_body(placed.call, step.attempt)
        callback = self._open(placed.call, step, written(body, step.faults))
        if "duplicate" in step.faults:
            again = self._open(placed.call, step, callback.body, repeats=callback.id)
            self.timetable.after(20, self._courier.deliver, again, url)
        self._courier.deliver(callback, url)

    def _open(self, call: Call, step: Step, body: bytes, repeats: int | None = None) -> Callback:
        return self.ledger.open(
            page=call.page,
            family=call.family,
            kind=step.kind,
            event=step.event if step.kind == "connect" else CALL_ENDED,
            call_id=call.call_id,
            log_id=step.attempt.log_id,
            body=body,
            faults=step.faults,
            repeats=repeats,
        )
